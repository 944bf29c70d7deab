import type { Value } from '../change/column-type.js'
import { type CellRow, compareAny } from './cell.js'

/**
 * Which row a row is, whatever else it holds, as something to look it up by: the integer of its key where the key is one
 * integer, and else one text that names the type and the value of each part, so that `1` and `'1'` are two rows. An
 * integer is one identity as number and as bigint: a key column that was widened to BIGINT still names the same rows.
 */
export type RowId = number | string

/** A row and which one it is. */
export interface IdentifiedRow {
  id: RowId
  row: CellRow
}

/** Takes the rows that one step passes on to the next: for each identity its newest version, or that it is gone. */
export interface RowSink {
  /** The row `id` is now `row`, whether it was there before or not. */
  put(id: RowId, row: CellRow): void
  /** There is no row `id` any more, if there was one. */
  remove(id: RowId): void
  /** There is no row any more whose identity, as text, begins with `prefix`. */
  clear(prefix: string): void
}

/** The identity that a row has by its key columns. */
export function rowId(row: CellRow, columns: readonly string[]): RowId {
  if (columns.length === 1) return valueId((row[columns[0]!] ?? null) as Value)
  let text = ''
  for (let i = 0; i < columns.length; i++) text += partOf((row[columns[i]!] ?? null) as Value)
  return text
}

/** The identity of a key that is one value. */
export function valueId(value: Value): RowId {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : partOf(value)
  if (typeof value !== 'bigint') return partOf(value)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : partOf(value)
}

/** One part of an identity, as text that tells where it ends. */
export function partOf(value: Value): string {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? `#${value}|` : `n${value}|`
    case 'bigint':
      return `#${value}|`
    case 'string':
      return `s${value.length}:${value}|`
    case 'boolean':
      return value ? 't|' : 'f|'
    default:
      return value === null ? '~|' : `b${Buffer.from(value).toString('hex')}|`
  }
}

/** An identity as text, which what it is part of begins with. */
export function idText(id: RowId): string {
  return typeof id === 'number' ? `#${id}|` : id
}

/** The identity of a joined row; `other` is null where there was none to join. */
export function pairId(id: RowId, other: RowId | null): RowId {
  return idText(id) + (other === null ? noRow : idText(other))
}

const noRow = '!|'

/** The identity of row `i` of those that a row became. */
export function childId(id: RowId, i: number): RowId {
  return `${idText(id)}#${i}|`
}

/** The identity of a row of input `i` of a union. */
export function memberId(i: number, id: RowId): RowId {
  return `#${i}|${idText(id)}`
}

/** Whether an identity, as text, begins with `prefix`. */
export function hasPrefix(id: RowId, prefix: string): boolean {
  return prefix === '' || idText(id).startsWith(prefix)
}

/** Total order of the identities of one step's rows: part by part, as the database would order its primary key. */
export function compareIds(a: RowId, b: RowId): number {
  if (a === b) return 0
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : 1
  const [left, right] = [idText(a), idText(b)]
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const [one, other] = [partAt(left, i), partAt(right, j)]
    const order = compareParts(one, other)
    if (order !== 0) return order
    i = one.end
    j = other.end
  }
  // The same values in other types, 2 ** 60 and 2n ** 60n: two rows all the same.
  return left < right ? -1 : 1
}

/** The values of the parts of an identity; an integer is a number as far as numbers go, and else a bigint. */
export function idValues(id: RowId): Value[] {
  if (typeof id === 'number') return [id]
  const values: Value[] = []
  for (let at = 0; at < id.length; ) {
    const part = partAt(id, at)
    values.push(part.value)
    at = part.end
  }
  return values
}

interface Part {
  /** False for the row that there was none of. */
  there: boolean
  value: Value
  /** Where the next part begins. */
  end: number
}

function compareParts(a: Part, b: Part): number {
  if (a.there !== b.there) return a.there ? 1 : -1
  return compareAny(a.value, b.value)
}

function partAt(text: string, at: number): Part {
  const type = text[at]
  if (type === 's') {
    const colon = text.indexOf(':', at)
    const end = colon + 1 + Number(text.slice(at + 1, colon))
    return { there: true, value: text.slice(colon + 1, end), end: end + 1 }
  }
  const bar = text.indexOf('|', at)
  return { there: type !== '!', value: scalar(type, text.slice(at + 1, bar)), end: bar + 1 }
}

function scalar(type: string | undefined, text: string): Value {
  switch (type) {
    case '#':
      return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)
    case 'n':
      return Number(text)
    case 't':
    case 'f':
      return type === 't'
    case 'b':
      return new Uint8Array(Buffer.from(text, 'hex'))
    default:
      return null
  }
}
