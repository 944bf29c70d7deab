import type ts from 'typescript'
import type { JobSpecifier } from './beside-files.js'
import type { FoundPipeline } from './find-pipeline.js'
import type { NeededImport } from './needed-parts.js'
import type { SliceOrigin } from './pipeline-slice.js'
import { lineOf, type SliceSource, type SourceCell } from './slice-source.js'
import type { TopStatement } from './top-statements.js'
import type { TypeScript } from './typescript.js'

/** The parts of a slice. */
export interface SliceParts {
  source: SliceSource
  /** All statements of the source, in their order. */
  statements: readonly TopStatement[]
  kept: ReadonlySet<TopStatement>
  imports: readonly NeededImport[]
  /** By the specifier as written. */
  specifiers: ReadonlyMap<string, JobSpecifier>
  /** The pipeline to export. */
  found: FoundPipeline
}

/** The text of a slice, with where its lines come from. */
export interface SliceText {
  text: string
  origins: (SliceOrigin | null)[]
}

/** A piece of a slice: consecutive statements of a cell, or one import. */
interface Piece {
  cell: SourceCell
  text: string
  /** For each line of the text the line in the cell, from 1. */
  lines: readonly number[]
}

/** Puts a slice together: header, imports, then the statements of each cell, with the author's text between them. */
export function sliceText(ts: TypeScript, parts: SliceParts): SliceText {
  const { source, found } = parts
  const lines: string[] = []
  const origins: (SliceOrigin | null)[] = []
  const own = (text: string): void => {
    lines.push(text)
    origins.push(null)
  }
  const from = source.name.replace(/[^\x20-\x7e\xa0-\uffff]/g, '?')
  own(`// The pipeline ${found.name} of ${from}, exported by obslab.`)
  own(`// Exporting it again overwrites this file: change it in ${from}.`)
  const write = (pieces: readonly Piece[], between: 'blank line' | 'nothing'): void => {
    let last: SourceCell | null = null
    for (const piece of pieces) {
      const { cell } = piece
      if (last !== cell || between === 'blank line') own('')
      if (last !== cell && cell.number !== null) own(cellComment(cell))
      last = cell
      lines.push(...piece.text.split('\n'))
      const at = piece.lines
      origins.push(...at.map(line => ({ place: `${cell.name}, line ${line}`, cell: cell.number, line })))
    }
  }
  write(importPieces(ts, parts), 'nothing')
  write(stretches(ts, parts), 'blank line')
  return { text: `${lines.join('\n')}\n`, origins }
}

function cellComment({ number, id }: SourceCell): string {
  return id === null ? `// cell ${number}` : `// cell ${number} (id ${id})`
}

/** For each statement that imports something needed, one that imports that much. */
function importPieces(ts: TypeScript, { statements, imports, specifiers, found }: SliceParts): Piece[] {
  return statements.flatMap(statement => {
    // In the author's order.
    const needed = statement.imports.flatMap(given => imports.filter(one => one.given === given))
    if (needed.length === 0) return []
    const { cell, node } = statement
    const { moduleSpecifier, attributes } = node as ts.ImportDeclaration
    const { specifier, isJson } = specifiers.get(needed[0]!.given.specifier)!
    // A pipeline that is imported is handed on.
    const verb = found.imported === null ? 'import' : 'export'
    const quote = moduleSpecifier.getText()[0]!
    const added = isJson ? ` with { type: ${quote}json${quote} }` : ''
    const rest = `${attributes ? ` ${attributes.getText()}` : added}${node.getText().endsWith(';') ? ';' : ''}`
    const text = clausesOf(needed, verb).map(
      clause => `${verb} ${clause} from ${quote}${specifier}${quote}${rest}`,
    )
    const start = startOf(ts, statement)
    const before = cell.code.slice(start, node.getStart())
    const comments = before.split('\n').slice(1)
    const written = text.join('\n')
    const lines = [
      ...comments.map((_, i) => lineOf(cell, start) + i),
      ...written.split('\n').map(() => lineOf(cell, node.getStart())),
    ]
    return [{ cell, text: `${before}${written}`, lines }]
  })
}

/** What stands between `import` and `from`: twice where a default is a type, which goes with no names. */
function clausesOf(needed: readonly NeededImport[], verb: 'import' | 'export'): string[] {
  const isType = needed.every(one => one.isType)
  const marked = (one: NeededImport): string => (one.isType && !isType ? 'type ' : '')
  const whole = needed.filter(
    ({ given }) => verb === 'import' && (given.imported === 'default' || given.imported === '*'),
  )
  const named = needed.filter(one => !whole.includes(one))
  const names = named.map(one => {
    const { imported, local } = one.given
    return `${marked(one)}${imported === local ? local : `${imported} as ${local}`}`
  })
  const list = `{ ${names.join(', ')} }`
  const inBraces = list.length > 90 ? `{\n${names.map(name => `  ${name},\n`).join('')}}` : list
  const clauses = whole.map(one => {
    const { imported, local } = one.given
    return `${one.isType ? 'type ' : ''}${imported === '*' ? `* as ${local}` : local}`
  })
  return [...clauses, ...(names.length > 0 ? [`${isType ? 'type ' : ''}${inBraces}`] : [])]
}

/** The runs of statements that are kept together, byte for byte, `export` put before the pipeline. */
function stretches(ts: TypeScript, parts: SliceParts): Piece[] {
  const { statements, kept, found } = parts
  const pieces: Piece[] = []
  for (let i = 0; i < statements.length; i++) {
    const first = statements[i]!
    if (!kept.has(first)) continue
    let last = i
    while (kept.has(statements[last + 1]!) && isNext(statements[last]!, statements[last + 1]!)) last++
    const run = statements.slice(i, last + 1)
    const { cell } = first
    const start = startOf(ts, first)
    const exported = run.find(({ node, declares }) => declares.includes(found.name) && !isExported(ts, node))
    const end = endOf(ts, run.at(-1)!)
    const cut = exported?.node.getStart() ?? end
    const text = `${cell.code.slice(start, cut)}${exported ? 'export ' : ''}${cell.code.slice(cut, end)}`
    pieces.push({ cell, text, lines: text.split('\n').map((_, line) => lineOf(cell, start) + line) })
    i = last
  }
  return pieces
}

function isNext(one: TopStatement, next: TopStatement): boolean {
  if (one.cell !== next.cell) return false
  return !one.cell.magics.some(at => at > one.node.end - 1 && at < next.node.getStart())
}

function isExported(ts: TypeScript, node: ts.Statement): boolean {
  const { modifiers } = node as ts.Statement & { modifiers?: ts.NodeArray<ts.ModifierLike> }
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
}

/** Where a statement begins with the comments that belong to it: those right before it, in a cell's beginning all. */
function startOf(ts: TypeScript, { cell, node, index }: TopStatement): number {
  const { code } = cell
  const comments = ts.getLeadingCommentRanges(code, node.getFullStart()) ?? []
  let start = node.getStart()
  for (const { pos, end } of [...comments].reverse()) {
    const gap = code.slice(end, start).split('\n').length - 1
    if (gap > 1 && index > 0) break
    start = pos
  }
  return start
}

/** Where a statement ends with the comments that follow it on its line. */
function endOf(ts: TypeScript, { cell, node }: TopStatement): number {
  return ts.getTrailingCommentRanges(cell.code, node.end)?.at(-1)?.end ?? node.end
}
