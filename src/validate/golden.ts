import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ColumnKind, Value } from '../change/column-type.js'
import { parseJson } from '../change/json.js'
import { ObslabError } from '../errors.js'
import type { Finding } from '../finding.js'
import type { Column } from '../frame/column.js'
import { columnOf } from '../frame/column-builder.js'
import { groupDigits } from '../frame/format.js'
import { Frame } from '../frame/frame.js'
import { writeFileWhole } from '../frame/write-file.js'
import { type CellRow, isValue } from '../pipeline/cell.js'
import { cellText, rowText, type Upsert } from '../pipeline/output.js'
import type { TopicOffsets } from '../source/source.js'

/** An output as it is accepted and compared: its rows in key order. */
export interface GoldenOutput {
  pipeline: string
  rows: readonly Upsert[]
  /** The columns of the row, with their kinds and which are sensitive. */
  columns: readonly Column[]
  /** The columns of the key that may tell something of a sensitive one. */
  sensitiveKeys: ReadonlySet<string>
  /** What it was computed of. */
  inputs: readonly TopicOffsets[]
}

/** How an output differs from the one accepted last. */
export interface GoldenDifference {
  added: number
  removed: number
  changed: number
  /** Whether the accepted output was computed of the same records. */
  sameInputs: boolean
  /** The rows that differ: `_difference` is `added`, `removed`, or, in two rows, `was` and `is`. Sensitive columns masked. */
  rows: Frame
}

interface Header {
  format: 1
  pipeline: string
  /** What sensitive values were digested with. */
  salt: string
  inputs: string
}

interface GoldenLine {
  key: string
  row: string
}

/** The file that holds the accepted output of a pipeline. */
export function goldenFile(folder: string, pipeline: string): string {
  return join(folder, `${pipeline}.jsonl`)
}

/**
 * Writes an output as the accepted one: a line for each row, in key order, behind one that says what it is of. Values of
 * sensitive columns are digests with a salt of the file's own, from which they cannot be read, though who has the file
 * can try values one by one: it is for its owner alone (mode 0600).
 */
export async function writeGolden(folder: string, output: GoldenOutput): Promise<string> {
  const file = goldenFile(folder, output.pipeline)
  const salt = randomBytes(16).toString('hex')
  const header: Header = { format: 1, pipeline: output.pipeline, salt, inputs: inputsText(output.inputs) }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const lines = linesOf(output, salt).map(({ key, row }) => `{"key":${key},"row":${row}}\n`)
  await writeFileWhole(file, [`${JSON.stringify(header)}\n`, ...lines], 0o600)
  return file
}

/** How an output differs from the accepted one; null when none was accepted yet. */
export async function compareGolden(folder: string, output: GoldenOutput): Promise<GoldenDifference | null> {
  const file = goldenFile(folder, output.pipeline)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new ObslabError('disk-failed', `${file} cannot be read: ${error.code}.`, { cause: error })
  })
  if (text === null) return null
  const [first = '', ...rest] = text.trimEnd().split('\n')
  const header = headerOf(first, file)
  const accepted = new Map(rest.map(line => lineOf(line, file)))
  const differing: { what: string; row: string }[] = []
  const counts = { added: 0, removed: 0, changed: 0 }
  for (const { key, row } of linesOf(output, header.salt)) {
    const was = accepted.get(key)
    accepted.delete(key)
    if (was === row) continue
    counts[was === undefined ? 'added' : 'changed']++
    if (was !== undefined) differing.push({ what: 'was', row: was })
    differing.push({ what: was === undefined ? 'added' : 'is', row })
  }
  for (const row of accepted.values()) differing.push({ what: 'removed', row })
  counts.removed = accepted.size
  const sameInputs = header.inputs === inputsText(output.inputs)
  return { ...counts, sameInputs, rows: frameOf(differing, output.columns) }
}

/** The finding that an output differs from the one accepted last; none when it does not. */
export function goldenFindings(folder: string, pipeline: string, difference: GoldenDifference): Finding[] {
  const { added, removed, changed, sameInputs } = difference
  if (added + removed + changed === 0) return []
  const sentence =
    `${pipeline}: compared with the output accepted last (${goldenFile(folder, pipeline)}), ${groupDigits(added)} rows are ` +
    `added, ${groupDigits(removed)} removed and ${groupDigits(changed)} changed` +
    `${sameInputs ? '' : ', though it was computed of other records'}. If that is meant, accept it: accept(), --accept.`
  return [{ code: 'golden-different', severity: sameInputs ? 'error' : 'warning', sentence }]
}

/** The rows as a golden file has them. */
function linesOf({ rows, columns, sensitiveKeys }: GoldenOutput, salt: string): GoldenLine[] {
  const sensitive = new Set(columns.filter(column => column.sensitive).map(({ name }) => name))
  return rows.map(({ key, row }) => ({
    key: digested(key, sensitiveKeys, salt),
    row: digested(row!, sensitive, salt),
  }))
}

function digested(row: CellRow, sensitive: ReadonlySet<string>, salt: string): string {
  if (sensitive.size === 0) return rowText(row)
  return rowText(
    Object.fromEntries(
      Object.entries(row).map(([name, cell]) => {
        if (!sensitive.has(name) || cell === null) return [name, cell]
        const digest = createHmac('sha256', salt)
          .update(`${name}:${cellText(cell)}`)
          .digest('base64url')
        return [name, `#${digest.slice(0, 22)}`]
      }),
    ),
  )
}

function headerOf(line: string, file: string): Header {
  const header = parsed(line, file) as Partial<Header> | null
  if (header?.format === 1 && typeof header.salt === 'string') return header as Header
  throw notGolden(file)
}

function lineOf(line: string, file: string): [string, string] {
  const cut = line.indexOf(',"row":')
  const text = line.endsWith('}') ? line.slice(0, -1) : ''
  // A key could hold this text in a value: then a later one ends the key.
  for (let at = cut; at !== -1; at = line.indexOf(',"row":', at + 1)) {
    const key = line.slice('{"key":'.length, at)
    if (isJson(key)) return [key, text.slice(at + ',"row":'.length)]
  }
  throw notGolden(file)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function parsed(line: string, file: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw notGolden(file)
  }
}

function notGolden(file: string): ObslabError {
  return new ObslabError(
    'option-invalid',
    `Expected ${file} to hold an accepted output, as accept() writes it, found something else. Remove it and accept anew.`,
  )
}

function inputsText(inputs: readonly TopicOffsets[]): string {
  return inputs
    .map(({ topic, partitions }) =>
      [topic, ...partitions.map(({ partition, start, stable }) => `${partition}:${start}-${stable}`)].join(
        ' ',
      ),
    )
    .join(', ')
}

function frameOf(lines: readonly { what: string; row: string }[], columns: readonly Column[]): Frame {
  const rows = lines.map(({ row }) => parseJson(row) as unknown as CellRow)
  const names = new Set([...columns.map(({ name }) => name), ...rows.flatMap(row => Object.keys(row))])
  const about = new Map(columns.map(column => [column.name, column]))
  return Frame.fromColumns([
    columnOf(
      '_difference',
      lines.map(({ what }) => what),
      { kind: 'text' },
    ),
    ...Array.from(names, name => {
      const column = about.get(name)
      const sensitive = column?.sensitive ?? false
      const kind = sensitive || column === undefined ? 'text' : column.kind
      const values = rows.map(row => cellValue(row[name] ?? null, kind))
      return columnOf(name, values, { kind, sensitive, lenient: true })
    }),
  ])
}

/** A value that was written as JSON as its column holds it; as text where it is of another kind by now. */
function cellValue(cell: CellRow[string], kind: ColumnKind): Value {
  if (cell === null) return null
  switch (kind) {
    case 'bigint':
      return typeof cell === 'number' ? BigInt(cell) : isValue(cell) ? cell : cellText(cell)
    case 'bytes':
      return typeof cell === 'string' ? new Uint8Array(Buffer.from(cell, 'base64')) : null
    case 'text':
      return typeof cell === 'string' ? cell : cellText(cell)
    case 'json':
      return typeof cell === 'string' ? cell : cellText(cell)
    default:
      return isValue(cell) ? cell : cellText(cell)
  }
}
