import { ObslabError } from '../errors.js'
import type { ColumnType, Row, Value } from './column-type.js'
import { decimalOfNumber, decimalText, integerOfBytes } from './decimal.js'
import { inferColumn } from './inference.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'
import {
  dateOfDays,
  dateOfIso,
  microsOfNanos,
  msOfIso,
  msOfMicros,
  timeOfIso,
  timeOfMicros,
} from './temporal.js'

/**
 * Reads one JSON object as a row. It may keep and change the object given to it. A value that does not fit its column
 * is a `value-invalid` error that names the column and its type and never the value.
 */
export type RowDecoder = (raw: JsonObject) => Row

/**
 * A decoder of rows of the given columns. A column that the JSON does not have (an older schema) is null. One that the
 * columns do not have is decoded by inference, comes last, and is handed to `onUnknown` each time.
 */
export function rowDecoder(
  columns: readonly ColumnType[],
  onUnknown: (column: ColumnType) => void = () => {},
): RowDecoder {
  const names = columns.map(column => column.name)
  const known = new Set(names)
  const decoders = columns.map(valueDecoder)
  const changing = columns.flatMap((column, i) => (staysAsIs(column) ? [] : [i]))
  const checked = columns.flatMap((column, i) => (staysAsIs(column) ? [i] : []))

  const inOrder = (raw: JsonObject): boolean => {
    let i = 0
    for (const name in raw) if (names[i++] !== name) return false
    return i === names.length
  }
  // Overwriting the parsed object keeps its hidden class: half the time and memory of building a second one.
  const inPlace = (raw: JsonObject): Row => {
    for (const i of checked) decoders[i]!(raw[names[i]!]!)
    for (const i of changing) raw[names[i]!] = decoders[i]!(raw[names[i]!]!) as JsonValue
    return raw as unknown as Row
  }
  const rebuilt = (raw: JsonObject): Row => {
    const entries: [string, Value][] = names.map((name, i) => [name, decoders[i]!(raw[name] ?? null)])
    for (const [name, value] of Object.entries(raw)) {
      if (known.has(name)) continue
      const column = inferColumn(name, value)
      onUnknown(column)
      entries.push([name, valueDecoder(column)(value)])
    }
    return Object.fromEntries(entries)
  }
  return raw => (inOrder(raw) ? inPlace(raw) : rebuilt(raw))
}

/** Reads one JSON value as its column says; null stays null. */
export type ValueDecoder = (raw: JsonValue) => Value

/** A decoder of the values of one column. */
export function valueDecoder(column: ColumnType): ValueDecoder {
  const decode = decoders[column.kind](column)
  return raw => {
    if (raw === null) return null
    const value = decode(raw)
    if (value === null) throw invalid(column, raw)
    return value
  }
}

function staysAsIs(column: ColumnType): boolean {
  const { kind, encoding } = column
  if (kind === 'int' || kind === 'double') return encoding === 'number'
  return (
    (kind === 'text' || kind === 'json' || kind === 'boolean') &&
    (encoding === 'text' || encoding === 'boolean')
  )
}

function invalid(column: ColumnType, raw: JsonValue): ObslabError {
  const found = Array.isArray(raw) ? 'an array' : describe(raw)
  const type = column.mysqlType ?? column.kind
  return new ObslabError(
    'value-invalid',
    `Expected column ${column.name} (${type}) written as ${column.encoding}, found ${found} that is not one. ` +
      'Declare the column’s MySQL type in the topic, or read the schema-change topic too.',
  )
}

function describe(raw: JsonValue): string {
  const names: Partial<Record<string, string>> = {
    bigint: 'an integer beyond 2^53',
    object: 'an object',
    string: 'text',
  }
  return names[typeof raw] ?? `a ${typeof raw}`
}

/** A present JSON value as the column's value, or null when it does not fit. */
type Decode = (raw: Exclude<JsonValue, null>) => Value

const decoders: Readonly<Record<ColumnType['kind'], (column: ColumnType) => Decode>> = {
  int: column => {
    const integer = integerDecoder(column)
    return raw => {
      const value = integer(raw)
      const number = typeof value === 'bigint' ? Number(value) : value
      return Number.isSafeInteger(number) ? number : null
    }
  },
  bigint: column => {
    const integer = integerDecoder(column)
    const unsigned = column.encoding === 'int64' && column.mysqlType?.endsWith('UNSIGNED') === true
    return raw => {
      const value = integer(raw)
      if (value === null) return null
      const exact = BigInt(value)
      return unsigned ? BigInt.asUintN(64, exact) : exact
    }
  },
  double: column => {
    if (column.encoding === 'number' || column.encoding === 'int64') {
      return raw => (typeof raw === 'number' || typeof raw === 'bigint' ? Number(raw) : null)
    }
    const decimal = decimalDecoder(column)
    return raw => {
      const text = decimal(raw)
      return text === null ? null : Number(text)
    }
  },
  decimal: column => decimalDecoder(column),
  datetime: column => instantDecoder(column),
  timestamp: column => instantDecoder(column),
  date: column => {
    if (column.encoding === 'iso-date') return raw => (typeof raw === 'string' ? dateOfIso(raw) : null)
    const unit = column.encoding === 'epoch-ms' ? 86_400_000 : 1
    return raw => (typeof raw === 'number' ? dateOfDays(raw / unit) : null)
  },
  time: column => timeDecoder(column),
  boolean: () => raw => {
    if (typeof raw === 'boolean') return raw
    return typeof raw === 'number' || typeof raw === 'bigint' ? Boolean(raw) : null
  },
  bytes: column => bytesDecoder(column),
  json: column => {
    if (column.encoding === 'text') return raw => (typeof raw === 'string' ? raw : null)
    return raw => jsonText(raw)
  },
  text: () => raw => (typeof raw === 'string' ? raw : null),
}

function integerDecoder(column: ColumnType): (raw: JsonValue) => number | bigint | null {
  const { encoding } = column
  if (encoding === 'decimal-base64' || encoding === 'decimal-text' || encoding === 'decimal-struct') {
    const decimal = decimalDecoder(column)
    return raw => {
      const whole = /^(-?\d+)(?:\.0*)?$/.exec(String(decimal(raw as Exclude<JsonValue, null>)))
      return whole === null ? null : BigInt(whole[1] as string)
    }
  }
  return raw => {
    if (typeof raw === 'number') return Number.isSafeInteger(raw) ? raw : null
    if (typeof raw === 'bigint') return raw
    return typeof raw === 'boolean' ? Number(raw) : null
  }
}

function decimalDecoder(column: ColumnType): (raw: JsonValue) => string | null {
  const scale = column.scale ?? 0
  switch (column.encoding) {
    case 'decimal-text':
      return raw => (typeof raw === 'string' && /^-?\d+(\.\d+)?$/.test(raw) ? raw : null)
    case 'decimal-struct':
      return raw => {
        if (!isJsonObject(raw) || typeof raw.value !== 'string' || typeof raw.scale !== 'number') return null
        return unscaledText(raw.value, raw.scale)
      }
    case 'decimal-base64':
      return raw => {
        if (typeof raw === 'string') return unscaledText(raw, scale)
        return typeof raw === 'number' || typeof raw === 'bigint' ? decimalOfNumber(raw, scale) : null
      }
    default:
      return raw =>
        typeof raw === 'number' || typeof raw === 'bigint' ? decimalOfNumber(raw, undefined) : null
  }
}

function unscaledText(text: string, scale: number): string | null {
  if (text === '' || !isBase64(text)) return null
  return decimalText(integerOfBytes(Buffer.from(text, 'base64')), scale)
}

function instantDecoder(column: ColumnType): Decode {
  switch (column.encoding) {
    case 'epoch-us':
      return raw => (isInteger(raw) ? msOfMicros(raw) : null)
    case 'epoch-ns':
      return raw => (isInteger(raw) ? msOfMicros(microsOfNanos(raw)) : null)
    case 'iso-datetime':
      return raw => (typeof raw === 'string' ? msOfIso(raw) : null)
    default:
      return raw => (Number.isSafeInteger(raw) ? (raw as number) : null)
  }
}

function timeDecoder(column: ColumnType): Decode {
  switch (column.encoding) {
    case 'iso-time':
      return raw => (typeof raw === 'string' ? timeOfIso(raw) : null)
    case 'time-ms':
      return raw => (Number.isSafeInteger(raw) ? timeOfMicros((raw as number) * 1000) : null)
    case 'time-ns':
      return raw => (isInteger(raw) ? timeOfMicros(Number(microsOfNanos(raw))) : null)
    default:
      return raw => (Number.isSafeInteger(raw) ? timeOfMicros(raw as number) : null)
  }
}

function isInteger(raw: JsonValue): raw is number | bigint {
  return typeof raw === 'bigint' || Number.isSafeInteger(raw)
}

function bytesDecoder(column: ColumnType): Decode {
  switch (column.encoding) {
    case 'hex':
      return raw => (typeof raw === 'string' && /^([0-9a-f]{2})*$/i.test(raw) ? bytesOf(raw, 'hex') : null)
    case 'base64url':
      return raw => (typeof raw === 'string' && /^[\w-]*={0,2}$/.test(raw) ? bytesOf(raw, 'base64url') : null)
    case 'bits':
      return raw => (typeof raw === 'string' ? (bytesOfBase64(raw)?.reverse() ?? null) : null)
    case 'geometry':
      return raw => (isJsonObject(raw) && typeof raw.wkb === 'string' ? bytesOfBase64(raw.wkb) : null)
    default:
      return raw => (typeof raw === 'string' ? bytesOfBase64(raw) : null)
  }
}

function bytesOfBase64(text: string): Uint8Array | null {
  return isBase64(text) ? bytesOf(text, 'base64') : null
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

/** Bytes of their own memory: small buffers share a pool that a kept row would keep alive. */
function bytesOf(text: string, encoding: BufferEncoding): Uint8Array {
  return new Uint8Array(Buffer.from(text, encoding))
}

function jsonText(raw: JsonValue): string {
  if (typeof raw === 'bigint') return raw.toString()
  if (Array.isArray(raw)) return `[${raw.map(jsonText).join(',')}]`
  if (!isJsonObject(raw)) return JSON.stringify(raw)
  return `{${Object.entries(raw)
    .map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`)
    .join(',')}}`
}
