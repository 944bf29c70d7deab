/** The largest number of milliseconds, either way from the epoch, whose fraction holds every microsecond. */
const exactMilliseconds = 2 ** 43
const usPerMs = 1000
const msPerDay = 86_400_000

/**
 * Milliseconds since the epoch of a number of microseconds. The fraction keeps them from 1691 to 2248:
 * {@link microsOfMs} gives them back exactly. Outside, where a number has no room for them, they are cut (towards the
 * past) to whole milliseconds, so that 9999-12-31 23:59:59.999999 stays in its year.
 */
export function msOfMicros(us: number | bigint): number {
  if (typeof us === 'number') {
    const ms = us / usPerMs
    return Math.abs(ms) < exactMilliseconds ? ms : Math.floor(ms)
  }
  const whole = us >= 0n || us % 1000n === 0n ? us / 1000n : us / 1000n - 1n
  const ms = Number(whole)
  return Math.abs(ms) < exactMilliseconds ? Number(us) / usPerMs : ms
}

/**
 * Microseconds since the epoch of milliseconds whose fraction holds them. `Math.round(ms * 1000)` is the same but for
 * dates around 1828 and 2110, where the product is rounded before the round.
 */
export function microsOfMs(ms: number): number {
  const whole = Math.floor(ms)
  return whole * usPerMs + Math.round((ms - whole) * usPerMs)
}

/** Microseconds of a number of nanoseconds; what is finer is cut towards the past. */
export function microsOfNanos(ns: number | bigint): number | bigint {
  if (typeof ns === 'number') return Math.floor(ns / 1000)
  return ns >= 0n || ns % 1000n === 0n ? ns / 1000n : ns / 1000n - 1n
}

/** ISO text of a number of days since 1970-01-01, or null when that is not a day of the years 0 to 9999. */
export function dateOfDays(days: number): string | null {
  if (!Number.isInteger(days) || days < -719_528 || days > 2_932_896) return null
  return new Date(days * msPerDay).toISOString().slice(0, 10)
}

/** The milliseconds themselves, or null when they are not of the years 0 to 9999: in another unit, most likely. */
export function instantWithin(ms: number): number | null {
  return ms >= -62_167_219_200_000 && ms < 253_402_300_800_000 ? ms : null
}

/** {@link timeOfMicros}, or null when it is no less than 839 hours, as every TIME is: in another unit, most likely. */
export function timeWithin(us: number): string | null {
  return Math.abs(us) < 839 * 3_600_000_000 ? timeOfMicros(us) : null
}

/** `[-]hh:mm:ss` of a number of microseconds, with six digits behind the second when there is a fraction. */
export function timeOfMicros(us: number): string {
  const size = Math.abs(us)
  const seconds = Math.floor(size / 1e6)
  const fraction = size % 1e6
  const hours = two(Math.floor(seconds / 3600))
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  const behind = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`
  return `${us < 0 ? '-' : ''}${hours}:${rest}${behind}`
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

const isoDateTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/

/**
 * Milliseconds since the epoch of ISO 8601 text such as `2026-03-01T12:34:56.654321Z`, its microseconds in the
 * fraction; UTC when it names no zone. Null when it is not such text.
 */
export function msOfIso(text: string): number | null {
  const match = isoDateTime.exec(text)
  if (match === null) return null
  const [, date, time, fraction = '', zone = 'Z'] = match
  const ms = Date.parse(`${date}T${time}${zone}`)
  if (Number.isNaN(ms)) return null
  if (fraction === '') return ms
  const us = Number(fraction.padEnd(6, '0').slice(0, 6))
  // Beyond the exact years the product would be rounded, and the last moment of 9999 be one of 10000.
  return Math.abs(ms) < exactMilliseconds ? msOfMicros(ms * usPerMs + us) : ms + Math.floor(us / usPerMs)
}

/** The date in ISO text that may carry a zone, or null when it is not a date. */
export function dateOfIso(text: string): string | null {
  return /^(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:?\d\d)?$/.exec(text)?.[1] ?? null
}

/** The time of day in ISO text that may carry a zone, or null when it is not a time. */
export function timeOfIso(text: string): string | null {
  const match = /^(-?\d{2,3}:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:?\d\d)?$/.exec(text)
  if (match === null) return null
  const fraction = (match[2] ?? '').padEnd(6, '0').slice(0, 6)
  return Number(fraction) === 0 ? (match[1] as string) : `${match[1]}.${fraction}`
}
