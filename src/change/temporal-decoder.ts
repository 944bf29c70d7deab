import type { ColumnType, Encoding } from './column-type.js'
import type { JsonValue } from './json.js'
import {
  dateOfDays,
  dateOfIso,
  instantWithin,
  microsOfNanos,
  msOfIso,
  msOfMicros,
  timeOfIso,
  timeWithin,
} from './temporal.js'

/**
 * Reads a present JSON value of a DATETIME or TIMESTAMP as milliseconds; null when it is not one of the years 0 to 9999.
 * ISO text is told from a number by itself, whatever `time.precision.mode` is thought to be; so it is for the others.
 */
export function instantDecoder({ encoding }: ColumnType): (raw: JsonValue) => number | null {
  const ms = instantUnits[encoding] ?? Number
  return raw => {
    if (typeof raw === 'string') return msOfIso(raw)
    return isInteger(raw) ? instantWithin(ms(raw)) : null
  }
}

/** Reads a present JSON value of a DATE as ISO text; null when it is not a day of the years 0 to 9999. */
export function dateDecoder({ encoding }: ColumnType): (raw: JsonValue) => string | null {
  const unit = encoding === 'epoch-ms' ? 86_400_000 : 1
  return raw => {
    if (typeof raw === 'string') return dateOfIso(raw)
    return typeof raw === 'number' ? dateOfDays(raw / unit) : null
  }
}

/** Reads a present JSON value of a TIME as ISO-like text; null when no TIME is that long. */
export function timeDecoder({ encoding }: ColumnType): (raw: JsonValue) => string | null {
  const micros = timeUnits[encoding] ?? Number
  return raw => {
    if (typeof raw === 'string') return timeOfIso(raw)
    return isInteger(raw) ? timeWithin(micros(raw)) : null
  }
}

type Units = Partial<Record<Encoding, (raw: number | bigint) => number>>

const instantUnits: Units = {
  'epoch-us': msOfMicros,
  'epoch-ns': raw => msOfMicros(microsOfNanos(raw)),
}

const timeUnits: Units = {
  'time-ms': raw => Number(raw) * 1000,
  'time-ns': raw => Number(microsOfNanos(raw)),
}

function isInteger(raw: JsonValue): raw is number | bigint {
  return typeof raw === 'bigint' || Number.isSafeInteger(raw)
}
