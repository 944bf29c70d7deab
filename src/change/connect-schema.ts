import type { ColumnKind, ColumnType, Encoding } from './column-type.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'
import { columnOfMysqlType, parseMysqlType } from './mysql-type.js'

/** A Connect schema as JsonConverter writes it: a struct has fields, a field has its name in `field`. */
export interface ConnectSchema {
  type: string
  optional?: boolean
  /** The logical type, `io.debezium.time.Date`. */
  name?: string
  field?: string
  fields?: readonly ConnectSchema[]
  parameters?: Readonly<Record<string, string>>
  doc?: string
  /** The default, written as a value is. */
  default?: JsonValue
}

/** Whether a JSON value is a Connect schema: an object whose `type` is text. */
export function isConnectSchema(value: JsonValue | undefined): value is JsonObject & ConnectSchema {
  return isJsonObject(value) && typeof value.type === 'string'
}

/**
 * The columns of a Connect struct, in its order. An `int64` without a name is BIGINT or INT UNSIGNED: the schema does
 * not tell them apart, so it is a `bigint` here unless the connector propagates the source type
 * (`column.propagate.source.type`); a declaration or the DDL overrides the kind.
 */
export function columnsOfSchema(schema: ConnectSchema): readonly ColumnType[] {
  return (schema.fields ?? []).map(columnOfField)
}

/** The schema of the row inside a schema: of an envelope its `after`, else the schema itself. */
export function rowSchemaOf(schema: ConnectSchema): ConnectSchema {
  const after = schema.fields?.find(field => field.field === 'after')
  const isEnvelope = schema.fields?.some(field => field.field === 'op') === true && after?.type === 'struct'
  return isEnvelope ? after : schema
}

function columnOfField(field: ConnectSchema): ColumnType {
  const [kind, encoding] = logicalTypes[field.name ?? ''] ?? plainTypes[field.type] ?? ['text', 'text']
  const parameters = field.parameters ?? {}
  const scale = scaleOf(parameters)
  const source = sourceType(field.field ?? '', parameters)
  const comment = parameters['__debezium.source.column.comment'] ?? field.doc
  const enumValues = parameters.allowed === undefined ? undefined : allowedValues(parameters.allowed)
  const mysqlType = source?.mysqlType ?? mysqlTypes[field.name ?? '']
  return {
    name: field.field ?? '',
    kind: source?.kind ?? kind,
    encoding,
    nullable: field.optional === true,
    ...(scale === undefined ? {} : { scale }),
    ...(mysqlType === undefined ? {} : { mysqlType }),
    ...(enumValues === undefined ? {} : { enumValues }),
    ...(field.default === undefined || field.default === null ? {} : { defaultValue: field.default }),
    ...(comment === undefined ? {} : { comment }),
    origin: 'connect-schema',
  }
}

/** The values of an ENUM or SET: with commas between them, and a backslash before a comma within one. */
function allowedValues(allowed: string): readonly string[] {
  return allowed.split(/(?<!\\),/).map(value => value.replaceAll('\\,', ','))
}

function scaleOf(parameters: Readonly<Record<string, string>>): number | undefined {
  const scale = parameters.scale === undefined ? Number.NaN : Number(parameters.scale)
  return Number.isInteger(scale) ? scale : undefined
}

/** The column as the database declares it, where the connector propagates it in the schema's parameters. */
function sourceType(name: string, parameters: Readonly<Record<string, string>>): ColumnType | undefined {
  const type = parameters['__debezium.source.column.type']
  if (type === undefined) return undefined
  const size = [parameters['__debezium.source.column.length'], parameters['__debezium.source.column.scale']]
  const parsed = parseMysqlType(type)
  const sized = {
    ...parsed,
    length: numberOr(size[0], parsed.length),
    scale: numberOr(size[1], parsed.scale),
  }
  return columnOfMysqlType(name, sized, { nullable: true, origin: 'connect-schema' })
}

function numberOr(text: string | undefined, other: number | null): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : other
}

const plainTypes: Readonly<Record<string, [ColumnKind, Encoding]>> = {
  int8: ['int', 'number'],
  int16: ['int', 'number'],
  int32: ['int', 'number'],
  int64: ['bigint', 'int64'],
  float: ['double', 'number'],
  float32: ['double', 'number'],
  float64: ['double', 'number'],
  double: ['double', 'number'],
  boolean: ['boolean', 'boolean'],
  string: ['text', 'text'],
  bytes: ['bytes', 'base64'],
  struct: ['json', 'struct'],
  array: ['json', 'struct'],
  map: ['json', 'struct'],
}

/** The MySQL types that a logical type stands for alone. */
const mysqlTypes: Readonly<Record<string, string>> = {
  'io.debezium.time.Year': 'YEAR',
  'io.debezium.data.Uuid': 'UUID',
}

const logicalTypes: Readonly<Record<string, [ColumnKind, Encoding]>> = {
  'io.debezium.time.Date': ['date', 'epoch-days'],
  'io.debezium.time.Time': ['time', 'time-ms'],
  'io.debezium.time.MicroTime': ['time', 'time-us'],
  'io.debezium.time.NanoTime': ['time', 'time-ns'],
  'io.debezium.time.Timestamp': ['datetime', 'epoch-ms'],
  'io.debezium.time.MicroTimestamp': ['datetime', 'epoch-us'],
  'io.debezium.time.NanoTimestamp': ['datetime', 'epoch-ns'],
  'io.debezium.time.ZonedTimestamp': ['timestamp', 'iso-datetime'],
  'io.debezium.time.ZonedTime': ['time', 'iso-time'],
  'io.debezium.time.IsoDate': ['date', 'iso-date'],
  'io.debezium.time.IsoTime': ['time', 'iso-time'],
  'io.debezium.time.IsoTimestamp': ['datetime', 'iso-datetime'],
  'io.debezium.time.Year': ['int', 'number'],
  'io.debezium.data.Bits': ['bytes', 'bits'],
  'io.debezium.data.Json': ['json', 'text'],
  'io.debezium.data.VariableScaleDecimal': ['decimal', 'decimal-struct'],
  'io.debezium.data.geometry.Geometry': ['bytes', 'geometry'],
  'io.debezium.data.geometry.Geography': ['bytes', 'geometry'],
  'io.debezium.data.geometry.Point': ['bytes', 'geometry'],
  'org.apache.kafka.connect.data.Date': ['date', 'epoch-days'],
  'org.apache.kafka.connect.data.Time': ['time', 'time-ms'],
  'org.apache.kafka.connect.data.Timestamp': ['datetime', 'epoch-ms'],
  'org.apache.kafka.connect.data.Decimal': ['decimal', 'decimal-base64'],
}
