import type { Row, Value } from './column-type.js'

/**
 * The identity of a row as one string: the values of the key columns in the order given, each with its type, so that
 * `1` and `'1'` are two keys and no two different keys share a string. An integer is one identity as number and as
 * bigint: a key column that was widened to BIGINT still names the same rows.
 */
export function rowKey(row: Row, columns: readonly string[]): string {
  let key = ''
  for (const column of columns) key += part(row[column] ?? null)
  return key
}

function part(value: Value): string {
  if (value === null) return '~|'
  if (typeof value === 'number' || typeof value === 'bigint') return `#${value}|`
  if (typeof value === 'boolean') return value ? 't|' : 'f|'
  if (typeof value === 'string') return `s${value.length}:${value}|`
  return `b${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}|`
}

/**
 * Total order of two values of one column: nulls first, then numbers and bigints by size, text by code point, false
 * before true, bytes lexicographically.
 */
export function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : -1
  return a < b ? -1 : a > b ? 1 : 0
}

/** UTF-16 order differs from code point order only where a surrogate meets a unit above the surrogates. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    const lift = (unit: number): number =>
      unit >= 0xd800 && unit <= 0xdfff ? unit + 0x2000 : unit >= 0xe000 ? unit - 0x800 : unit
    return lift(x) - lift(y)
  }
  return a.length - b.length
}

/** Compares two rows by the key columns in order; the order in which tables show their rows. */
export function compareKeys(a: Row, b: Row, columns: readonly string[]): number {
  for (const column of columns) {
    const order = compareValues(a[column] ?? null, b[column] ?? null)
    if (order !== 0) return order
  }
  return 0
}
