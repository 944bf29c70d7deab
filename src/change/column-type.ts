import type { JsonValue } from './json.js'

/**
 * What a column holds, and so which JavaScript value stands for it in a row:
 *
 * | kind | value |
 * | --- | --- |
 * | `int` | number: TINYINT to INT, signed or not, YEAR |
 * | `bigint` | bigint: BIGINT, always, whatever its size |
 * | `double` | number: FLOAT, DOUBLE |
 * | `decimal` | exact text, `'7.90'`: DECIMAL. `num()` to compute |
 * | `datetime` | number, milliseconds since the epoch as if the local time were UTC; the fraction keeps microseconds |
 * | `timestamp` | number, milliseconds since the epoch in UTC; the fraction keeps microseconds |
 * | `date` | ISO text, `'2026-03-01'` |
 * | `time` | ISO-like text, `'-12:34:56'`, `'838:59:59.000001'` |
 * | `boolean` | boolean: BIT(1) |
 * | `bytes` | Uint8Array: BLOB, BINARY, BIT(n), geometry |
 * | `json` | the document's text |
 * | `text` | string: CHAR, VARCHAR, TEXT, ENUM, SET, and whatever else is written as text |
 *
 * Every kind may be null, never undefined. The fraction of `datetime` and `timestamp` holds microseconds exactly
 * from 1691 to 2248 (see microsOfMs); outside, where a number has no room for them, they are cut to milliseconds.
 */
export type ColumnKind =
  | 'int'
  | 'bigint'
  | 'double'
  | 'decimal'
  | 'datetime'
  | 'timestamp'
  | 'date'
  | 'time'
  | 'boolean'
  | 'bytes'
  | 'json'
  | 'text'

/** One value of a row. See {@link ColumnKind} for which kind of column gives which. */
export type Value = null | number | bigint | boolean | string | Uint8Array

/** A decoded row: column name to value, in the order of the table's columns. */
export type Row = Readonly<Record<string, Value>>

/**
 * How Debezium's JSON writes a column's values:
 *
 * | encoding | JSON | written for |
 * | --- | --- | --- |
 * | `number` | number | int8 to int32, float, double; DECIMAL under `decimal.handling.mode=double` |
 * | `int64` | integer of any size | BIGINT, INT UNSIGNED |
 * | `boolean` | true, false | BIT(1) |
 * | `text` | text | CHAR to TEXT, ENUM, SET, JSON |
 * | `base64`, `base64url`, `hex` | text | binary columns, by `binary.handling.mode` |
 * | `bits` | base64, the last byte first | BIT(n); its row value has the first byte first, as MySQL does |
 * | `decimal-base64` | base64 of the unscaled integer, two's complement, big-endian | DECIMAL; the scale is in the type |
 * | `decimal-text` | `"7.90"` | DECIMAL under `decimal.handling.mode=string` |
 * | `decimal-struct` | `{"scale": 2, "value": base64}` | VariableScaleDecimal |
 * | `epoch-days` | days since 1970-01-01 | DATE |
 * | `epoch-ms`, `epoch-us`, `epoch-ns` | integer since the epoch | DATETIME, by its precision |
 * | `time-ms`, `time-us`, `time-ns` | integer since midnight, may be negative | TIME |
 * | `iso-date`, `iso-time`, `iso-datetime` | ISO 8601 text | TIMESTAMP; all of them under `time.precision.mode=isostring` |
 * | `geometry` | `{"wkb": base64, "srid": …}` | spatial columns |
 * | `struct` | any object or array | whatever else is not a scalar |
 */
export type Encoding =
  | 'number'
  | 'int64'
  | 'boolean'
  | 'text'
  | 'base64'
  | 'base64url'
  | 'hex'
  | 'bits'
  | 'decimal-base64'
  | 'decimal-text'
  | 'decimal-struct'
  | 'epoch-days'
  | 'epoch-ms'
  | 'epoch-us'
  | 'epoch-ns'
  | 'time-ms'
  | 'time-us'
  | 'time-ns'
  | 'iso-date'
  | 'iso-time'
  | 'iso-datetime'
  | 'geometry'
  | 'struct'

/** How a column's type came to be known, from the strongest claim about its kind to the weakest. */
export type ColumnOrigin = 'declared' | 'schema-change' | 'connect-schema' | 'inferred'

/** The type of one column: what it holds and how Debezium's JSON writes it. */
export interface ColumnType {
  name: string
  kind: ColumnKind
  encoding: Encoding
  nullable: boolean
  /** Digits behind the point of a DECIMAL. */
  scale?: number
  /** As MySQL writes it, `DECIMAL(10,2)`, `INT UNSIGNED`, where it is known. */
  mysqlType?: string
  /** The values of an ENUM or SET, in their order, where they are known. */
  enumValues?: readonly string[]
  /**
   * The default that the database gives the column, where it has one: as its DDL writes it, `'7.90'`, or in a record's
   * schema as a value is written.
   */
  defaultValue?: JsonValue
  /** The column's comment in the database, where it is known. */
  comment?: string
  origin: ColumnOrigin
}

/** Which encodings a value of each kind can be read from. */
const readable: Readonly<Record<ColumnKind, readonly Encoding[]>> = {
  int: ['number', 'int64', 'boolean', 'decimal-base64', 'decimal-text'],
  bigint: ['int64', 'number', 'boolean', 'decimal-base64', 'decimal-text', 'decimal-struct'],
  double: ['number', 'int64', 'decimal-base64', 'decimal-text', 'decimal-struct'],
  decimal: ['decimal-base64', 'decimal-text', 'decimal-struct', 'number', 'int64'],
  datetime: ['epoch-ms', 'epoch-us', 'epoch-ns', 'iso-datetime'],
  timestamp: ['iso-datetime', 'epoch-ms', 'epoch-us', 'epoch-ns'],
  date: ['epoch-days', 'iso-date', 'epoch-ms'],
  time: ['time-us', 'time-ms', 'time-ns', 'iso-time'],
  boolean: ['boolean', 'number', 'int64'],
  bytes: ['base64', 'base64url', 'hex', 'bits', 'geometry'],
  json: ['text', 'struct'],
  text: ['text'],
}

/** Whether values of `kind` can be read from JSON written as `encoding`. */
export function canRead(kind: ColumnKind, encoding: Encoding): boolean {
  return readable[kind].includes(encoding)
}

/** What is known about a column, each from another place. At least one that names an encoding must be there. */
export interface ColumnClaims {
  declared?: DeclaredColumn | undefined
  schemaChange?: ColumnType | undefined
  recordSchema?: ColumnType | undefined
  inferred?: ColumnType | undefined
  /** Whether the connector is known to write binary columns as text, the way the DDL's column says. Default: not. */
  binaryAsText?: boolean
}

/**
 * One column's type from all that is known about it. The kind is the strongest claim (declared, then the DDL, then the
 * record's own schema, then inference) that can be read from the encoding; the encoding is what the record's own
 * schema says, else the DDL, else the declaration.
 */
export function resolveColumn(claims: ColumnClaims): ColumnType {
  const { declared, schemaChange, recordSchema, inferred, binaryAsText = false } = claims
  const declaredType = declared?.type
  const writer = (recordSchema ?? schemaChange ?? declaredType ?? inferred) as ColumnType
  const ddl = recordSchema === undefined ? undefined : (schemaChange ?? declaredType)
  const encoding = writtenAs(writer, ddl, binaryAsText)
  const kinds = [declared, schemaChange, recordSchema, inferred]
  const chosen = kinds.find(claim => claim?.kind !== undefined && canRead(claim.kind, encoding))
  const scale = writer.scale ?? schemaChange?.scale ?? declaredType?.scale
  const mysqlType = recordSchema?.mysqlType ?? schemaChange?.mysqlType ?? declaredType?.mysqlType
  const enumValues = schemaChange?.enumValues ?? recordSchema?.enumValues ?? declaredType?.enumValues
  const defaultValue = recordSchema?.defaultValue ?? schemaChange?.defaultValue
  const comment = recordSchema?.comment ?? schemaChange?.comment
  return {
    name: writer.name,
    kind: chosen?.kind ?? writer.kind,
    encoding,
    nullable: writer.nullable,
    ...(scale === undefined ? {} : { scale }),
    ...(mysqlType === undefined ? {} : { mysqlType }),
    ...(enumValues === undefined ? {} : { enumValues }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
    ...(comment === undefined ? {} : { comment }),
    origin:
      chosen === undefined ? writer.origin : chosen === declared ? 'declared' : (chosen as ColumnType).origin,
  }
}

/**
 * The encoding a schema names; where it says no more than text, what the DDL says is in the text. Binary columns come as
 * text in three modes, which no schema tells apart: only the connector's settings do.
 */
function writtenAs(writer: ColumnType, ddl: ColumnType | undefined, binaryAsText: boolean): Encoding {
  if (writer.encoding !== 'text' || ddl === undefined) return writer.encoding
  if (ddl.kind === 'bytes') return binaryAsText || inText.has(ddl.encoding) ? ddl.encoding : 'text'
  if (ddl.kind === 'decimal' || ddl.kind === 'bigint') return 'decimal-text'
  return inText.has(ddl.encoding) ? ddl.encoding : 'text'
}

const inText: ReadonlySet<Encoding> = new Set(['hex', 'base64url', 'iso-date', 'iso-time', 'iso-datetime'])

/** What a typed topic declares about one column. */
export interface DeclaredColumn {
  name: string
  nullable: boolean
  /** The kind, where the declaration fixes it. */
  kind?: ColumnKind
  /** The whole type, where the declaration names the MySQL type. */
  type?: ColumnType
}
