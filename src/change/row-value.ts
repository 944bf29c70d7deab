import { ObslabError } from '../errors.js'
import type { Value } from './column-type.js'
import { msOfIso } from './temporal.js'

/**
 * The value that a DATETIME or TIMESTAMP column has at a moment: `at('2026-03-01')`, `at('2026-03-01T10:00:00.123456')`,
 * `at('2026-03-01T10:00:00+03:00')`. Milliseconds since the epoch, microseconds in the fraction. Without a zone it is
 * what a DATETIME column shows as local time, and UTC for a TIMESTAMP. Other text is an `option-invalid` error.
 */
export function at(text: string): number {
  const [, date, time, seconds, zone] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? []
  const ms =
    date === undefined ? null : msOfIso(`${date}T${time ?? '00:00'}${seconds ?? ':00'}${zone ?? 'Z'}`)
  if (ms !== null) return ms
  throw new ObslabError('option-invalid', `at() takes a time such as 2026-03-01T10:00:00; found '${text}'.`)
}

/**
 * The time of a DATETIME or TIMESTAMP value as ISO text, `2026-03-01T10:00:00.123456`, with no, three or six digits
 * behind the second. It names no zone, because the value does not: a DATETIME is local time, a TIMESTAMP is UTC.
 * Null stays null.
 */
export function iso(ms: number): string
export function iso(ms: number | null): string | null
export function iso(ms: number | null): string | null {
  if (ms === null) return null
  let whole = Math.floor(ms)
  let fine = Math.round((ms - whole) * 1000)
  if (fine === 1000) {
    whole++
    fine = 0
  }
  const text = new Date(whole).toISOString().slice(0, -1)
  if (fine > 0) return text + String(fine).padStart(3, '0')
  return text.endsWith('.000') ? text.slice(0, -4) : text
}

/**
 * A decimal, integer or double as a number to compute with: `num('7.90')` is 7.9. A decimal or bigint with more digits
 * than a number has is rounded to the nearest; null stays null. Text that is no number is a `value-invalid` error.
 */
export function num(value: string | number | bigint): number
export function num(value: string | number | bigint | null): number | null
export function num(value: Value): number | null {
  if (value === null || typeof value === 'number') return value
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
  if (!Number.isNaN(number)) return number
  throw new ObslabError(
    'value-invalid',
    'num() takes a decimal, an integer or a double; found something else.',
  )
}
