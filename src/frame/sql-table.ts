import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import type { Value } from '../change/column-type.js'
import { microsOfMs } from '../change/temporal.js'
import type { Column } from './column.js'
import { columnOf } from './column-builder.js'

/** The DuckDB package, loaded at its first use. */
export type DuckDB = typeof import('@duckdb/node-api')

/** How one column goes into DuckDB. */
export interface SqlColumn {
  column: Column
  type: DuckDBType
  /** A value that is not null, as DuckDB takes it. */
  convert: (value: Exclude<Value, null>) => DuckDBValue
}

/** Rows of a DuckDB data chunk. */
const chunkRows = 2048

/**
 * The DuckDB type of a column and how its values are converted:
 *
 * - `int` is INTEGER, UINTEGER where that holds all values, else BIGINT; `bigint` is BIGINT, UBIGINT, HUGEINT or
 *   BIGNUM, the first that holds all values; `double` is DOUBLE, `boolean` BOOLEAN, `bytes` BLOB, `json` JSON.
 * - `decimal` is DECIMAL with the most digits found, or VARCHAR beyond 38 digits.
 * - `datetime` is TIMESTAMP, `timestamp` TIMESTAMPTZ, both in microseconds; `date` is DATE.
 * - `time` is TIME where all values are times of day, else INTERVAL.
 * - `text` is VARCHAR. A lone surrogate becomes U+FFFD.
 */
export function sqlColumn(duckdb: DuckDB, column: Column): SqlColumn {
  const asIs = (type: DuckDBType): SqlColumn => ({ column, type, convert: value => value as DuckDBValue })
  switch (column.kind) {
    case 'int':
      return wholeNumbers(duckdb, column)
    case 'bigint':
      return asIs(bigintType(duckdb, column))
    case 'double':
      return asIs(duckdb.DOUBLE)
    case 'boolean':
      return asIs(duckdb.BOOLEAN)
    case 'bytes':
      return { column, type: duckdb.BLOB, convert: value => duckdb.blobValue(value as Uint8Array) }
    case 'decimal':
      return decimals(duckdb, column)
    case 'datetime':
      return { column, type: duckdb.TIMESTAMP, convert: ms => duckdb.timestampValue(micros(ms as number)) }
    case 'timestamp':
      return {
        column,
        type: duckdb.TIMESTAMPTZ,
        convert: ms => duckdb.timestampTZValue(micros(ms as number)),
      }
    case 'date':
      return dates(duckdb, column)
    case 'time':
      return times(duckdb, column)
    case 'json':
      return asIs(duckdb.DuckDBVarCharType.create('JSON'))
    case 'text':
      return asIs(duckdb.VARCHAR)
  }
}

/** Appends the columns, all of `length` rows, to an empty table whose columns are of these types. */
export async function appendColumns(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  table: string,
  columns: readonly SqlColumn[],
  length: number,
): Promise<void> {
  const appender = await connection.createAppender(table)
  for (let from = 0; from < length; from += chunkRows) {
    const rows = Math.min(chunkRows, length - from)
    const chunk = duckdb.DuckDBDataChunk.create(
      columns.map(({ type }) => type),
      rows,
    )
    columns.forEach(({ column, convert }, c) => {
      const values = Array.from({ length: rows }, (_, i) => {
        const value = column.at(from + i)
        return value === null ? null : convert(value)
      })
      chunk.setColumnValues(c, values)
    })
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
}

function wholeNumbers(duckdb: DuckDB, column: Column): SqlColumn {
  const range = rangeOf(column, 0)
  if (range.min >= -(2 ** 31) && range.max < 2 ** 31) {
    return { column, type: duckdb.INTEGER, convert: value => value as number }
  }
  if (range.min >= 0 && range.max < 2 ** 32) {
    return { column, type: duckdb.UINTEGER, convert: value => value as number }
  }
  return { column, type: duckdb.BIGINT, convert: value => BigInt(value as number) }
}

function bigintType(duckdb: DuckDB, column: Column): DuckDBType {
  const { min, max } = rangeOf(column, 0n)
  if (min >= -(2n ** 63n) && max < 2n ** 63n) return duckdb.BIGINT
  if (min >= 0n && max < 2n ** 64n) return duckdb.UBIGINT
  return min >= -(2n ** 127n) && max < 2n ** 127n ? duckdb.HUGEINT : duckdb.BIGNUM
}

/** The smallest and largest of `zero` and the values. */
function rangeOf<T extends number | bigint>(column: Column, zero: T): { min: T; max: T } {
  let min = zero
  let max = zero
  for (const value of column) {
    if (value === null) continue
    if ((value as T) < min) min = value as T
    if ((value as T) > max) max = value as T
  }
  return { min, max }
}

/** The most digits a DECIMAL of DuckDB's has. */
const decimalDigits = 38

function decimals(duckdb: DuckDB, column: Column): SqlColumn {
  let scale = 0
  let whole = 1
  for (const text of column) {
    if (text === null) continue
    const [before = '', behind = ''] = (text as string).replace('-', '').split('.')
    scale = Math.max(scale, behind.length)
    whole = Math.max(whole, before.replace(/^0+/, '').length)
  }
  const width = whole + scale
  if (width > decimalDigits) return { column, type: duckdb.VARCHAR, convert: text => text as string }
  return {
    column,
    type: duckdb.DECIMAL(width, scale),
    convert: text => duckdb.decimalValue(unscaled(text as string, scale), width, scale),
  }
}

/** `'7.9'` at scale 2 is 790n. */
function unscaled(text: string, scale: number): bigint {
  const [before = '', behind = ''] = text.split('.')
  return BigInt(before + behind.padEnd(scale, '0'))
}

/** Microseconds of milliseconds; a year in which a number has no room for them has none. */
function micros(ms: number): bigint {
  return Number.isInteger(ms) ? BigInt(ms) * 1000n : BigInt(microsOfMs(ms))
}

function dates(duckdb: DuckDB, column: Column): SqlColumn {
  const days = (text: string): number => Date.parse(text) / 86_400_000
  const all = every(column, text => /^\d{4}-\d\d-\d\d$/.test(text) && Number.isInteger(days(text)))
  if (!all) return { column, type: duckdb.VARCHAR, convert: text => text as string }
  return { column, type: duckdb.DATE, convert: text => duckdb.dateValue(days(text as string)) }
}

function times(duckdb: DuckDB, column: Column): SqlColumn {
  if (every(column, text => /^([01]\d|2[0-3]):/.test(text))) {
    return { column, type: duckdb.TIME, convert: text => duckdb.timeValue(microsOfTime(text as string)) }
  }
  return {
    column,
    type: duckdb.INTERVAL,
    convert: text => duckdb.intervalValue(0, 0, microsOfTime(text as string)),
  }
}

function microsOfTime(text: string): bigint {
  const [clock = '', fraction = ''] = text.replace('-', '').split('.')
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number)
  const size = BigInt((hours * 60 + minutes) * 60 + seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
  return text.startsWith('-') ? -size : size
}

function every(column: Column, test: (text: string) => boolean): boolean {
  for (const text of column) if (text !== null && !test(text as string)) return false
  return true
}

/** A column of as many true values as there are rows, so that a table whose columns nobody reads has its rows. */
export function presence(length: number): Column {
  return columnOf('present', Array<boolean>(length).fill(true), { kind: 'boolean' })
}
