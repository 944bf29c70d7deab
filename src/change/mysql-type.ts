import { ObslabError } from '../errors.js'
import type { ColumnKind, ColumnType, Encoding } from './column-type.js'

/**
 * The connector settings that decide how values are written when no schema block says so. Left out, each is what
 * Debezium's MySQL and MariaDB connectors do by default.
 */
export interface ConnectorSettings {
  /** `decimal.handling.mode`. Default `precise`. */
  decimal?: 'precise' | 'string' | 'double'
  /** `time.precision.mode`. Default `adaptive_time_microseconds`. */
  time?: 'adaptive_time_microseconds' | 'connect' | 'isostring' | 'microseconds' | 'nanoseconds'
  /** `binary.handling.mode`. Default `bytes`, which JSON writes like `base64`. */
  binary?: 'bytes' | 'base64' | 'base64-url-safe' | 'hex'
  /** `bigint.unsigned.handling.mode`. Default `long`. */
  bigintUnsigned?: 'long' | 'precise'
}

const settingNames = {
  decimal: 'decimal.handling.mode',
  time: 'time.precision.mode',
  binary: 'binary.handling.mode',
  bigintUnsigned: 'bigint.unsigned.handling.mode',
} as const satisfies Record<keyof ConnectorSettings, string>

const settingValues: Readonly<Record<keyof ConnectorSettings, readonly string[]>> = {
  decimal: ['precise', 'string', 'double'],
  time: ['adaptive_time_microseconds', 'connect', 'isostring', 'microseconds', 'nanoseconds'],
  binary: ['bytes', 'base64', 'base64-url-safe', 'hex'],
  bigintUnsigned: ['long', 'precise'],
}

/**
 * The settings in a connector's configuration, by the names Debezium has for them: `decimal.handling.mode`,
 * `time.precision.mode`, `binary.handling.mode`, `bigint.unsigned.handling.mode`. Others are passed over; a value that
 * Debezium does not have is an `option-invalid` error.
 */
export function connectorSettings(config: Readonly<Record<string, string>>): ConnectorSettings {
  const settings: Partial<Record<keyof ConnectorSettings, string>> = {}
  for (const key of Object.keys(settingNames) as (keyof ConnectorSettings)[]) {
    const value = config[settingNames[key]]
    if (value === undefined) continue
    if (!settingValues[key].includes(value)) {
      throw new ObslabError(
        'option-invalid',
        `Expected ${settingNames[key]} to be ${settingValues[key].join(', ')}, found '${value}'.`,
      )
    }
    settings[key] = value
  }
  return settings as ConnectorSettings
}

/** A MySQL type taken apart: `DECIMAL(10,2) UNSIGNED` is name `DECIMAL`, length 10, scale 2, unsigned. */
export interface MysqlType {
  /** Upper case, one space between words, without UNSIGNED and ZEROFILL. */
  name: string
  length: number | null
  scale: number | null
  unsigned: boolean
  /** The values of an ENUM or SET, where the text has them. */
  values?: readonly string[]
}

/** Reads a MySQL type as DDL writes it. Text that does not begin with a word is an `option-invalid` error. */
export function parseMysqlType(text: string): MysqlType {
  const match = /^\s*([a-z][a-z0-9 ]*)(?:\((.*)\))?([\w\s]*)$/i.exec(text)
  if (match === null) {
    throw new ObslabError(
      'option-invalid',
      `Expected a MySQL type such as 'DECIMAL(10,2)' or 'DATETIME(6)', found '${text}'.`,
    )
  }
  const words = (match[1] as string).toUpperCase().trim().split(/\s+/)
  const name = words.filter(word => !modifiers.has(word)).join(' ')
  const unsigned = words.includes('UNSIGNED') || /\bUNSIGNED\b/i.test(match[3] as string)
  if ((name === 'ENUM' || name === 'SET') && match[2] !== undefined) {
    const values = enumValuesOf(match[2].match(/'(?:[^']|'')*'/g) ?? [])
    return { name, length: null, scale: null, unsigned, values }
  }
  const [length, scale] = (match[2] ?? '')
    .split(',')
    .map(part => (/^\s*\d+\s*$/.test(part) ? Number(part) : null))
  return { name, length: length ?? null, scale: scale ?? null, unsigned }
}

const modifiers: ReadonlySet<string> = new Set(['UNSIGNED', 'SIGNED', 'ZEROFILL', 'NOT', 'NULL'])

/** What is known about a column besides its name and MySQL type. */
export type ColumnFacts = Pick<ColumnType, 'nullable' | 'origin' | 'enumValues' | 'defaultValue'> & {
  comment?: string | undefined
}

/** The column type of a MySQL type, written as the connector's settings say. */
export function columnOfMysqlType(
  name: string,
  type: MysqlType,
  about: ColumnFacts,
  settings: ConnectorSettings = {},
): ColumnType {
  const [kind, encoding] = kindAndEncoding(type, settings)
  const enumValues = about.enumValues ?? type.values
  const decimal = kind === 'decimal' || encoding === 'decimal-base64'
  return {
    name,
    kind,
    encoding,
    nullable: about.nullable,
    ...(decimal ? { scale: type.scale ?? 0 } : {}),
    mysqlType: formatMysqlType(type),
    ...(enumValues === undefined ? {} : { enumValues }),
    ...(about.defaultValue === undefined ? {} : { defaultValue: about.defaultValue }),
    ...(about.comment === undefined ? {} : { comment: about.comment }),
    origin: about.origin,
  }
}

/** The column as connectors with these settings write it, whatever settings it was thought to be written with. */
export function columnUnder(settings: ConnectorSettings, column: ColumnType): ColumnType {
  if (column.mysqlType === undefined || column.origin === 'connect-schema') return column
  return columnOfMysqlType(column.name, parseMysqlType(column.mysqlType), column, settings)
}

/** The values of an ENUM or SET in the quotes that DDL has them in, `'d''q'`, as they are, `d'q`. */
export function enumValuesOf(quoted: readonly string[]): readonly string[] {
  return quoted.map(value => value.replace(/^'(.*)'$/s, '$1').replaceAll("''", "'"))
}

/** The type as DDL writes it: `DECIMAL(10,2)`, `INT UNSIGNED`. */
export function formatMysqlType(type: MysqlType): string {
  const size = type.length === null ? '' : `(${type.length}${type.scale === null ? '' : `,${type.scale}`})`
  return `${type.name}${size}${type.unsigned ? ' UNSIGNED' : ''}`
}

const intNames = /^(TINYINT|SMALLINT|MEDIUMINT|INT|INTEGER|INT[1-4]|MIDDLEINT|YEAR)$/
const bigintNames = /^(BIGINT|INT8|SERIAL)$/
const doubleNames = /^(FLOAT[48]?|DOUBLE( PRECISION)?|REAL)$/
const decimalNames = /^(DECIMAL|NUMERIC|DEC|FIXED)$/
const binaryNames = /^((TINY|MEDIUM|LONG)?BLOB|(VAR)?BINARY|LONG VARBINARY|CHAR BYTE)$/
const geometryNames =
  /^(GEOMETRY|POINT|LINESTRING|POLYGON|MULTI(POINT|LINESTRING|POLYGON)|GEOM(ETRY)?COLLECTION)$/

function kindAndEncoding(type: MysqlType, settings: ConnectorSettings): [ColumnKind, Encoding] {
  const name = type.name
  if (intNames.test(name)) return ['int', 'number']
  if (bigintNames.test(name)) {
    const precise = settings.bigintUnsigned === 'precise' && (type.unsigned || name === 'SERIAL')
    return ['bigint', precise ? 'decimal-base64' : 'int64']
  }
  if (doubleNames.test(name)) return ['double', 'number']
  if (decimalNames.test(name)) return decimalEncoding(settings)
  if (name === 'BIT') return (type.length ?? 1) === 1 ? ['boolean', 'boolean'] : ['bytes', 'bits']
  if (name === 'BOOL' || name === 'BOOLEAN') return ['boolean', 'boolean']
  if (binaryNames.test(name)) return ['bytes', binaryEncoding(settings)]
  if (geometryNames.test(name)) return ['bytes', 'geometry']
  if (name === 'JSON') return ['json', 'text']
  if (name === 'VECTOR') return ['json', 'struct']
  return timeEncoding(type, settings) ?? ['text', 'text']
}

function decimalEncoding(settings: ConnectorSettings): [ColumnKind, Encoding] {
  if (settings.decimal === 'string') return ['decimal', 'decimal-text']
  return ['decimal', settings.decimal === 'double' ? 'number' : 'decimal-base64']
}

function binaryEncoding(settings: ConnectorSettings): Encoding {
  if (settings.binary === 'hex') return 'hex'
  return settings.binary === 'base64-url-safe' ? 'base64url' : 'base64'
}

function timeEncoding(type: MysqlType, settings: ConnectorSettings): [ColumnKind, Encoding] | null {
  const mode = settings.time ?? 'adaptive_time_microseconds'
  const iso = mode === 'isostring'
  switch (type.name) {
    case 'DATE':
      return ['date', iso ? 'iso-date' : 'epoch-days']
    case 'TIMESTAMP':
      return ['timestamp', 'iso-datetime']
    case 'DATETIME': {
      if (iso) return ['datetime', 'iso-datetime']
      if (mode === 'connect') return ['datetime', 'epoch-ms']
      if (mode === 'microseconds') return ['datetime', 'epoch-us']
      if (mode === 'nanoseconds') return ['datetime', 'epoch-ns']
      return ['datetime', (type.length ?? 0) > 3 ? 'epoch-us' : 'epoch-ms']
    }
    case 'TIME': {
      if (iso) return ['time', 'iso-time']
      if (mode === 'connect') return ['time', 'time-ms']
      return ['time', mode === 'nanoseconds' ? 'time-ns' : 'time-us']
    }
    default:
      return null
  }
}
