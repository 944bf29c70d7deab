import type { Column } from './column.js'
import { formatKind, formatValue, groupDigits, isNumeric } from './format.js'
import { elide, textWidth } from './text-width.js'

/** How a frame is written as text. */
export interface TextOptions {
  /** Rows shown. Default 20. */
  limit?: number | undefined
  /** Characters a line may take. Default: the terminal's width, or 120 where there is none. */
  width?: number | undefined
  /** Show the values of sensitive columns. Default false: they are masked. */
  unmask?: boolean | undefined
}

/** Characters a cell may take. */
const cellWidth = 40
const gap = '  '

/**
 * Columns as an aligned table: names, kinds, the first rows, and what was left out. Numbers are flush right. Columns
 * that do not fit in the width are named below instead.
 */
export function frameText(columns: readonly Column[], length: number, options: TextOptions = {}): string {
  if (columns.length === 0) return 'a frame without columns'
  const width = options.width ?? process.stdout.columns ?? 120
  const shown = Math.min(length, options.limit ?? 20)
  const { blocks, rest } = fitColumns(columns, shown, width, options.unmask ?? false)
  const lines = [0, 1].map(line => joinCells(blocks.map(block => block.cells[line]!)))
  lines.push(blocks.map(block => '─'.repeat(block.width)).join(gap))
  for (let row = 0; row < shown; row++) lines.push(joinCells(blocks.map(block => block.cells[row + 2]!)))
  return [...lines, ...remarks(length, shown, rest, width)].join('\n')
}

interface Block {
  /** Name, kind, then one cell a row, padded to `width`. */
  cells: string[]
  width: number
}

function fitColumns(
  columns: readonly Column[],
  rows: number,
  width: number,
  unmask: boolean,
): { blocks: Block[]; rest: readonly Column[] } {
  const blocks: Block[] = []
  let used = 0
  for (const column of columns) {
    const block = layOut(column, rows, unmask)
    used += block.width + (blocks.length === 0 ? 0 : gap.length)
    if (used > width && blocks.length > 0) return { blocks, rest: columns.slice(blocks.length) }
    blocks.push(block)
  }
  return { blocks, rest: [] }
}

function layOut(column: Column, rows: number, unmask: boolean): Block {
  const masked = column.sensitive && !unmask
  const kind = formatKind(column.kind) + (masked ? ', masked' : '')
  const cells = [elide(formatValue('text', column.name, { masked: false }), cellWidth), kind]
  for (let row = 0; row < rows; row++) {
    cells.push(elide(formatValue(column.kind, column.at(row), { masked }), cellWidth))
  }
  const widths = cells.map(textWidth)
  const width = Math.max(...widths)
  const pad = (cell: string, i: number): string => {
    const blank = ' '.repeat(width - widths[i]!)
    return isNumeric(column.kind) ? blank + cell : cell + blank
  }
  return { cells: cells.map(pad), width }
}

function joinCells(cells: readonly string[]): string {
  return cells.join(gap).trimEnd()
}

function remarks(length: number, shown: number, rest: readonly Column[], width: number): string[] {
  const lines: string[] = []
  if (length === 0) lines.push('no rows')
  else if (length > shown)
    lines.push(`… and ${groupDigits(length - shown)} more ${plural(length - shown, 'row')}`)
  if (rest.length > 0) {
    const names = rest.map(column => column.name).join(', ')
    lines.push(
      elide(`… and ${rest.length} more ${plural(rest.length, 'column')}: ${names}`, Math.max(width, 40)),
    )
  }
  return lines
}

/** `noun` with an s unless there is one. */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}
