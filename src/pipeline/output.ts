import type { Row, Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { type Cell, type CellRow, isValue } from './cell.js'

/** One record of a pipeline's output topic: the row of `key` is now `row`, or is gone when `row` is null. */
export interface Upsert {
  key: Row
  row: CellRow | null
}

/**
 * The bytes of an output key: a compact JSON object in the declared order, UTF-8, the very bytes of Debezium's
 * schemaless key, so that an output topic is partitioned as its input is. A null or NaN part is refused; `given` says of
 * which input column a key's column is given, where the key is one of `groupBy`.
 */
export function encodeKey(key: Row, given: ReadonlyMap<string, string> | null = null): Buffer {
  return Buffer.from(keyText(key, given))
}

/** {@link encodeKey} as text. */
export function keyText(key: Row, given: ReadonlyMap<string, string> | null = null): string {
  let columns = 0
  for (const column in key) {
    const value = key[column]!
    if (value === null || Number.isNaN(value)) throw keyMissing(column, value, given)
    columns++
  }
  if (columns > 0) return rowText(key)
  throw new ObslabError('key-missing', 'An output key needs a column, but .groupBy(…) gives none: name one.')
}

function keyMissing(column: string, value: Value, given: ReadonlyMap<string, string> | null): ObslabError {
  return new ObslabError(
    'key-missing',
    `An output key needs a value in every column, but ${column} is ${value === null ? 'null' : 'NaN'}. ` +
      missingAdvice(column, value, given),
  )
}

function missingAdvice(column: string, value: Value, given: ReadonlyMap<string, string> | null): string {
  const input = given === null ? column : given.get(column)
  if (input === undefined) {
    return `Leave out, in a .filter(…) before .groupBy(…), the rows whose key has no ${column}.`
  }
  const row = /^[A-Za-z_$][\w$]*$/.test(input) ? `row.${input}` : `row[${JSON.stringify(input)}]`
  const test = value === null ? `${row} !== null` : `!Number.isNaN(${row})`
  return `Leave such rows out${given === null ? '' : ' before .groupBy(…)'}: .filter(row => ${test}).`
}

/**
 * The bytes of an output value: JSON in the declared order, nulls present, a bigint as a JSON integer, a decimal as text,
 * times as milliseconds, bytes as base64, collected values as arrays and objects. NaN and the infinities, which JSON has
 * no form for, are null.
 */
export function encodeRow(row: CellRow): Buffer {
  return Buffer.from(rowText(row))
}

/** {@link encodeRow} as text. */
export function rowText(row: CellRow): string {
  return cellText(row)
}

/** A cell as JSON: what an output row has for it. */
export function cellText(cell: Cell): string {
  return isJson(cell) ? JSON.stringify(cell) : writtenCell(cell)
}

/** {@link cellText} of any cell, written part by part. Where `JSON.stringify` would do, it takes twice as long. */
export function writtenCell(cell: Cell): string {
  const parts: string[] = []
  write(cell, parts)
  return parts.join('')
}

/** Whether `JSON.stringify` writes a cell as it is to be written: it throws on bigints, and leaves undefined columns out. */
function isJson(cell: Cell | undefined): boolean {
  switch (typeof cell) {
    case 'bigint':
    case 'undefined':
      return false
    case 'object':
      if (cell === null) return true
      if (cell instanceof Uint8Array) return false
      if (Array.isArray(cell)) return cell.every(isJson)
      for (const name in cell) if (!isJson((cell as CellRow)[name])) return false
      return true
    default:
      return true
  }
}

/** Whether two cells are the same as JSON, found out without writing them. */
export function sameText(a: Cell, b: Cell): boolean {
  if (a === b) return true
  if (isValue(a) || isValue(b)) return isValue(a) && isValue(b) && cellText(a) === cellText(b)
  const [parts, others] = [Object.entries(a), Object.entries(b)]
  return (
    Array.isArray(a) === Array.isArray(b) &&
    parts.length === others.length &&
    parts.every(([name, one], i) => name === others[i]![0] && sameText(one ?? null, others[i]![1] ?? null))
  )
}

/** One list of parts for the whole text: adding texts up leaves trees of pieces, which take several times the memory. */
function write(cell: Cell, parts: string[]): void {
  if (typeof cell !== 'object' || cell === null) parts.push(scalarText(cell))
  else if (cell instanceof Uint8Array) parts.push(JSON.stringify(Buffer.from(cell).toString('base64')))
  else if (Array.isArray(cell)) writeList(cell, parts)
  else writeRow(cell as CellRow, parts)
}

function scalarText(value: Exclude<Value, Uint8Array>): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'bigint':
      return value.toString()
    default:
      return JSON.stringify(value)
  }
}

function writeList(cells: readonly Cell[], parts: string[]): void {
  parts.push('[')
  for (let i = 0; i < cells.length; i++) {
    if (i > 0) parts.push(',')
    write(cells[i] ?? null, parts)
  }
  parts.push(']')
}

function writeRow(row: CellRow, parts: string[]): void {
  parts.push('{')
  let i = 0
  for (const column of Object.keys(row)) {
    if (i++ > 0) parts.push(',')
    parts.push(nameText(column))
    write(row[column] ?? null, parts)
  }
  parts.push('}')
}

const nameTexts = new Map<string, string>()

/** A column's name as JSON with its colon. The same few come again with every row. */
function nameText(column: string): string {
  let text = nameTexts.get(column)
  if (text === undefined) {
    text = `${JSON.stringify(column)}:`
    if (nameTexts.size < 1000) nameTexts.set(column, text)
  }
  return text
}
