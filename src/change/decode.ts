import { ObslabError } from '../errors.js'
import { bytesOfBase64, bytesOfBase64url, bytesOfHex, isBase64 } from './binary.js'
import type { ColumnType, Row, Value } from './column-type.js'
import { decimalOfNumber, decimalText, integerOfBytes } from './decimal.js'
import { inferColumn } from './inference.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'
import { dateDecoder, instantDecoder, timeDecoder } from './temporal-decoder.js'
import { type ValueDoubt, valueDoubts } from './value-doubt.js'

/**
 * Reads one JSON object as a row. It may keep and change the object given to it. A value that does not fit its column
 * is a `value-invalid` error that names the column and its type and never the value.
 */
export type RowDecoder = (raw: JsonObject) => Row

/**
 * A decoder of rows of the given columns. A column that the JSON does not have (an older schema) is null. One that the
 * columns do not have is decoded by inference, comes last, and is handed to `onUnknown` each time. `onDoubt` is told of
 * columns and values that may not be what the database holds; only columns of types that can be so are looked at.
 */
export function rowDecoder(
  columns: readonly ColumnType[],
  onUnknown: (column: ColumnType) => void = () => {},
  onDoubt: ((doubt: ValueDoubt, column: string) => void) | null = null,
): RowDecoder {
  const names = columns.map(column => column.name)
  const known = new Set(names)
  const decoders = columns.map(column =>
    onDoubt === null ? valueDecoder(column) : doubtingDecoder(column, onDoubt),
  )
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

function doubtingDecoder(
  column: ColumnType,
  onDoubt: (doubt: ValueDoubt, column: string) => void,
): ValueDecoder {
  const decode = valueDecoder(column)
  const doubts = valueDoubts(column)
  for (const doubt of doubts.always) onDoubt(doubt, column.name)
  const { of } = doubts
  if (of === null) return decode
  return raw => {
    const value = decode(raw)
    const doubt = of(raw, value)
    if (doubt !== null) onDoubt(doubt, column.name)
    return value
  }
}

function staysAsIs(column: ColumnType): boolean {
  const { kind, encoding } = column
  if (isYear(column) || floatPlaces(column) !== null) return false
  if (kind === 'text' && escapedValues(column).size > 0) return false
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
      'Declare the column’s MySQL type in the topic, or read the schema-change topic too. If the connector has other ' +
      'than the default settings for decimals, times and binary columns, name them in the topic: connector: { … }.',
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
    const year = isYear(column)
    return raw => {
      if (year && raw === 1900) return 0
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
    const places = floatPlaces(column)
    if (places !== null) return raw => (typeof raw === 'number' ? Number(raw.toFixed(places)) : null)
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
  date: column => dateDecoder(column),
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
  text: column => {
    const escaped = escapedValues(column)
    if (escaped.size === 0) return raw => (typeof raw === 'string' ? raw : null)
    return raw => (typeof raw === 'string' ? (escaped.get(raw) ?? raw) : null)
  },
}

/** The digits behind the point of a FLOAT(7,3), which Debezium writes as the double nearest to the stored float. */
function floatPlaces({ kind, encoding, mysqlType = '' }: ColumnType): number | null {
  if (kind !== 'double' || encoding !== 'number') return null
  const places = /^FLOAT\(\d+,(\d+)\)/.exec(mysqlType)?.[1]
  return places === undefined ? null : Number(places)
}

/** A YEAR is 0 or 1901 to 2155, and Debezium streams the 0 as 1900. */
function isYear(column: ColumnType): boolean {
  return column.mysqlType?.startsWith('YEAR') === true
}

/** The values of an ENUM that Debezium streams with a backslash before each comma, by how it writes them. */
function escapedValues({ enumValues = [] }: ColumnType): ReadonlyMap<string, string> {
  const known = new Set(enumValues)
  const escaped = enumValues.map(value => [value.replaceAll(',', '\\,'), value] as const)
  return new Map(escaped.filter(([written]) => !known.has(written)))
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
  const isBigint = column.kind === 'bigint'
  return raw => {
    if (typeof raw === 'number') return Number.isSafeInteger(raw) ? raw : null
    if (typeof raw === 'bigint') return raw
    if (isBigint && typeof raw === 'string') return unscaledOf(raw)
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
        if (typeof raw === 'string') return plainDecimal.test(raw) ? raw : unscaledText(raw, scale)
        return typeof raw === 'number' || typeof raw === 'bigint' ? decimalOfNumber(raw, scale) : null
      }
    default:
      return raw => {
        if (typeof raw !== 'number' && typeof raw !== 'bigint') return null
        return decimalOfNumber(raw, column.scale) ?? decimalOfNumber(raw, undefined)
      }
  }
}

/** Decimal text that base64 cannot be: with a point or a sign. */
const plainDecimal = /^(-\d+|-?\d+\.\d+)$/

function unscaledText(text: string, scale: number): string | null {
  const unscaled = unscaledOf(text)
  return unscaled === null ? null : decimalText(unscaled, scale)
}

function unscaledOf(text: string): bigint | null {
  return text === '' || !isBase64(text) ? null : integerOfBytes(Buffer.from(text, 'base64'))
}

function bytesDecoder(column: ColumnType): Decode {
  switch (column.encoding) {
    case 'hex':
      return raw => (typeof raw === 'string' ? bytesOfHex(raw) : null)
    case 'base64url':
      return raw => (typeof raw === 'string' ? bytesOfBase64url(raw) : null)
    case 'bits':
      return raw => (typeof raw === 'string' ? (bytesOfBase64(raw)?.reverse() ?? null) : null)
    case 'geometry':
      return raw => (isJsonObject(raw) && typeof raw.wkb === 'string' ? bytesOfBase64(raw.wkb) : null)
    default:
      return raw => (typeof raw === 'string' ? bytesOfBase64(raw) : null)
  }
}

function jsonText(raw: JsonValue): string {
  if (typeof raw === 'bigint') return raw.toString()
  if (Array.isArray(raw)) return `[${raw.map(jsonText).join(',')}]`
  if (!isJsonObject(raw)) return JSON.stringify(raw)
  return `{${Object.entries(raw)
    .map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`)
    .join(',')}}`
}
