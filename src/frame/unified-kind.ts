import type { ColumnKind, Value } from '../change/column-type.js'
import { decimalOfNumber } from '../change/decimal.js'
import { plainText } from './format.js'

const numbers: readonly ColumnKind[] = ['boolean', 'int', 'bigint', 'double', 'decimal']

/**
 * The kind of a column whose type was altered between the two: the narrowest that holds every value of both exactly.
 * BIGINT and DOUBLE meet in `decimal`, DATE and DATETIME in `datetime`. A DATETIME is local time and a TIMESTAMP is not,
 * so they meet in `text` only, as all else does.
 */
export function unifiedKind(a: ColumnKind, b: ColumnKind): ColumnKind {
  if (a === b) return a
  const [narrow, wide] = [numbers.indexOf(a), numbers.indexOf(b)].sort((x, y) => x - y) as [number, number]
  if (narrow >= 0)
    return numbers[narrow] === 'bigint' && numbers[wide] === 'double' ? 'decimal' : numbers[wide]!
  const kinds = [a, b]
  return kinds.includes('date') && kinds.includes('datetime') ? 'datetime' : 'text'
}

/** A value of one kind as a value of the kind it was unified to. */
export function convertValue(
  value: Exclude<Value, null>,
  from: ColumnKind,
  to: ColumnKind,
): Exclude<Value, null> {
  if (from === to) return value
  switch (to) {
    case 'int':
    case 'double':
      return Number(value)
    case 'bigint':
      return BigInt(value as number | boolean | bigint)
    case 'decimal':
      return decimalText(value)
    case 'datetime':
      return typeof value === 'string' ? Date.parse(`${value}T00:00:00Z`) : value
    default:
      return plainText(from, value)
  }
}

function decimalText(value: Exclude<Value, null>): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value !== 'number' && typeof value !== 'bigint') return String(value)
  return decimalOfNumber(value, undefined) ?? String(value)
}
