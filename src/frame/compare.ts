import type { ColumnKind, Value } from '../change/column-type.js'
import { decimalText } from '../change/decimal.js'
import { compareValues } from '../change/row-key.js'

type Present = Exclude<Value, null>

/** Orders two values of one kind that are not null: negative, 0 or positive. */
export type Compare = (a: Present, b: Present) => number

/**
 * How values of a kind are ordered: numbers by value with NaN above all, decimals and times by what they mean and not
 * by their text, false before true, bytes byte by byte, other text by UTF-16 code units.
 */
export function comparatorOf(kind: ColumnKind): Compare {
  switch (kind) {
    case 'decimal':
      return (a, b) => compareDecimals(a as string, b as string)
    case 'time':
      return (a, b) => compareTimes(a as string, b as string)
    default:
      return compareValues
  }
}

/** A decimal's text as an integer and the number of digits after the point; null when it is not a decimal. */
export function parseDecimal(text: string): { digits: bigint; scale: number } | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text.trim())
  if (match === null) return null
  const [, sign, whole = '', fraction = ''] = match
  if (whole === '' && fraction === '') return null
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, scale: fraction.length }
}

function compareDecimals(a: string, b: string): number {
  const x = parseDecimal(a)
  const y = parseDecimal(b)
  if (x === null || y === null) return Number(x !== null) - Number(y !== null) || compareValues(a, b)
  const scale = Math.max(x.scale, y.scale)
  const difference = x.digits * 10n ** BigInt(scale - x.scale) - y.digits * 10n ** BigInt(scale - y.scale)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function compareTimes(a: string, b: string): number {
  const x = microsecondsOf(a)
  const y = microsecondsOf(b)
  return x === null || y === null ? Number(x !== null) - Number(y !== null) || compareValues(a, b) : x - y
}

function microsecondsOf(text: string): number | null {
  const match = /^(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/.exec(text)
  if (match === null) return null
  const [, sign, hours, minutes, seconds, fraction = ''] = match
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return (sign === '-' ? -1 : 1) * (whole * 1e6 + Number(fraction.padEnd(6, '0')))
}

/** What can be compared with `===` and stand as a key of a Map. */
export type Identity = string | number | bigint | boolean

/**
 * A stand-in for a value: two values of kinds that {@link comparable} allows are equal, as SQL means it, exactly
 * when their stand-ins are the same key of a Map.
 */
export function identityOf(kind: ColumnKind, value: Present): Identity {
  if (typeof value === 'number') {
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value
  }
  if (typeof value === 'bigint') return toNumberIfSafe(value)
  if (typeof value === 'object') return Buffer.from(value).toString('latin1')
  if (kind === 'decimal') return decimalIdentity(value as string)
  if (kind === 'time') return microsecondsOf(value as string) ?? value
  return value
}

function toNumberIfSafe(value: bigint): Identity {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function decimalIdentity(text: string): Identity {
  const parsed = parseDecimal(text)
  if (parsed === null) return text
  let { digits, scale } = parsed
  while (scale > 0 && digits % 10n === 0n) {
    digits /= 10n
    scale--
  }
  return scale === 0 ? toNumberIfSafe(digits) : decimalText(digits, scale)
}

/**
 * Whether values of two kinds can be joined on: of one kind, or both numbers. A datetime (local time) is not
 * compared with a timestamp (UTC), nor a decimal with a double.
 */
export function comparable(a: ColumnKind, b: ColumnKind): boolean {
  if (a === b) return true
  const integers = ['int', 'bigint']
  const pair = [a, b]
  return (
    pair.every(kind => ['double', ...integers].includes(kind)) ||
    pair.every(kind => ['decimal', ...integers].includes(kind))
  )
}
