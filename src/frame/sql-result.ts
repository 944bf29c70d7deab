import type { DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import type { ColumnKind, Value } from '../change/column-type.js'
import { decimalText } from '../change/decimal.js'
import { dateOfDays, msOfMicros, timeOfMicros } from '../change/temporal.js'
import type { Column } from './column.js'
import { ColumnBuilder } from './column-builder.js'
import { isoTime } from './format.js'
import type { DuckDB } from './sql-table.js'

/** What a column of a result becomes. */
interface ResultColumn {
  kind: ColumnKind
  /** A value that is not null, as the column holds it. */
  convert: (value: Exclude<DuckDBValue, null>) => Value
}

/**
 * The columns of a result. Integers of up to 32 bits are `int`, wider ones `bigint`; FLOAT and DOUBLE `double`;
 * DECIMAL `decimal`; TIMESTAMP `datetime`, with a time zone `timestamp`, both cut to microseconds; INTERVAL without
 * months or days `time`; DATE, TIME, BOOLEAN, BLOB and JSON what they are; lists, structs, maps, arrays and unions
 * `json`; anything else `text` as DuckDB writes it.
 */
export async function resultColumns(
  duckdb: DuckDB,
  result: DuckDBResult,
  sensitive: ReadonlySet<number>,
): Promise<Column[]> {
  const chunks = await result.fetchAllChunks()
  return result.columnNames().map((name, c) => {
    const values = chunks.flatMap(chunk => chunk.getColumnValues(c))
    const { kind, convert } = resultColumn(duckdb, result.columnType(c), values)
    const builder = new ColumnBuilder(name, { kind, sensitive: sensitive.has(c) })
    for (const value of values) builder.append(value === null ? null : convert(value))
    return builder.finish()
  })
}

function resultColumn(duckdb: DuckDB, type: DuckDBType, values: readonly DuckDBValue[]): ResultColumn {
  const { DuckDBTypeId: id } = duckdb
  switch (type.typeId) {
    case id.TINYINT:
    case id.SMALLINT:
    case id.INTEGER:
    case id.UTINYINT:
    case id.USMALLINT:
    case id.UINTEGER:
      return { kind: 'int', convert: value => value as number }
    case id.BIGINT:
    case id.UBIGINT:
    case id.HUGEINT:
    case id.UHUGEINT:
    case id.BIGNUM:
      return { kind: 'bigint', convert: value => value as bigint }
    case id.FLOAT:
    case id.DOUBLE:
      return { kind: 'double', convert: value => value as number }
    case id.BOOLEAN:
      return { kind: 'boolean', convert: value => value as boolean }
    case id.VARCHAR:
      return { kind: type.alias === 'JSON' ? 'json' : 'text', convert: value => value as string }
    case id.LIST:
    case id.STRUCT:
    case id.MAP:
    case id.ARRAY:
    case id.UNION:
      return { kind: 'json', convert: value => jsonText(duckdb, value) }
    case id.INTERVAL:
      return intervals(duckdb, values)
    default:
      return { kind: scalarKinds(duckdb)[type.typeId] ?? 'text', convert: value => scalar(duckdb, value) }
  }
}

function scalarKinds({ DuckDBTypeId: id }: DuckDB): Partial<Record<number, ColumnKind>> {
  return {
    [id.DECIMAL]: 'decimal',
    [id.DATE]: 'date',
    [id.TIME]: 'time',
    [id.TIME_NS]: 'time',
    [id.TIMESTAMP]: 'datetime',
    [id.TIMESTAMP_S]: 'datetime',
    [id.TIMESTAMP_MS]: 'datetime',
    [id.TIMESTAMP_NS]: 'datetime',
    [id.TIMESTAMP_TZ]: 'timestamp',
    [id.BLOB]: 'bytes',
  }
}

/** One value of DuckDB's as a value of a frame; what a frame has no kind for as DuckDB writes it. */
function scalar(duckdb: DuckDB, value: Exclude<DuckDBValue, null>): Value {
  if (typeof value !== 'object') return value
  if (value instanceof duckdb.DuckDBDecimalValue) return decimalText(value.value, value.scale)
  if (value instanceof duckdb.DuckDBDateValue) return dateOfDays(value.days) ?? value.toString()
  if (value instanceof duckdb.DuckDBTimeValue) return timeOfMicros(Number(value.micros))
  if (value instanceof duckdb.DuckDBTimeNSValue) return timeOfMicros(Number(value.nanos / 1000n))
  if (value instanceof duckdb.DuckDBBlobValue) return new Uint8Array(value.bytes)
  const time = microsOf(duckdb, value)
  return time === null ? value.toString() : time
}

/** Milliseconds of one of DuckDB's five timestamps, infinite ones included; null when it is none. */
function microsOf(duckdb: DuckDB, value: Exclude<DuckDBValue, null>): number | null {
  const ofMicros = (micros: bigint, { isFinite: finite }: { isFinite: boolean }): number =>
    finite ? msOfMicros(micros) : micros < 0n ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (value instanceof duckdb.DuckDBTimestampValue) return ofMicros(value.micros, value)
  if (value instanceof duckdb.DuckDBTimestampTZValue) return ofMicros(value.micros, value)
  if (value instanceof duckdb.DuckDBTimestampSecondsValue) return ofMicros(value.seconds * 1_000_000n, value)
  if (value instanceof duckdb.DuckDBTimestampMillisecondsValue) return ofMicros(value.millis * 1000n, value)
  if (value instanceof duckdb.DuckDBTimestampNanosecondsValue) {
    const { nanos } = value
    return ofMicros(nanos >= 0n || nanos % 1000n === 0n ? nanos / 1000n : nanos / 1000n - 1n, value)
  }
  return null
}

function intervals(duckdb: DuckDB, values: readonly DuckDBValue[]): ResultColumn {
  const clocks = values.every(
    value => !(value instanceof duckdb.DuckDBIntervalValue) || (value.months === 0 && value.days === 0),
  )
  if (!clocks) return { kind: 'text', convert: value => String(value) }
  return {
    kind: 'time',
    convert: value =>
      value instanceof duckdb.DuckDBIntervalValue ? timeOfMicros(Number(value.micros)) : String(value),
  }
}

/** A nested value as JSON text: integers with all digits, decimals and times as text, bytes as base64. */
function jsonText(duckdb: DuckDB, value: DuckDBValue): string {
  if (value === null) return 'null'
  if (value instanceof duckdb.DuckDBListValue || value instanceof duckdb.DuckDBArrayValue) {
    return `[${value.items.map(item => jsonText(duckdb, item)).join(',')}]`
  }
  if (value instanceof duckdb.DuckDBStructValue) {
    return jsonObject(
      duckdb,
      Object.entries(value.entries).map(([key, member]) => ({ key, value: member })),
    )
  }
  if (value instanceof duckdb.DuckDBMapValue) return jsonObject(duckdb, value.entries)
  if (value instanceof duckdb.DuckDBUnionValue) return jsonText(duckdb, value.value)
  const time = microsOf(duckdb, value)
  if (time !== null) {
    return JSON.stringify(isoTime(time, value instanceof duckdb.DuckDBTimestampTZValue ? 'Z' : ''))
  }
  const plain = scalar(duckdb, value)
  if (plain instanceof Uint8Array) return JSON.stringify(Buffer.from(plain).toString('base64'))
  return typeof plain === 'bigint' ? String(plain) : JSON.stringify(plain)
}

function jsonObject(duckdb: DuckDB, entries: readonly { key: DuckDBValue; value: DuckDBValue }[]): string {
  const members = entries.map(({ key, value }) => {
    const name = typeof key === 'string' ? key : key === null ? 'null' : String(key)
    return `${JSON.stringify(name)}:${jsonText(duckdb, value)}`
  })
  return `{${members.join(',')}}`
}
