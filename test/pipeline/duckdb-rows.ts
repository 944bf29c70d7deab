import * as duckdb from '@duckdb/node-api'
import type { ColumnKind, Value } from '../../src/change/column-type.js'

/** A row to be loaded. */
export type DuckRow = Readonly<Record<string, Value>>

function typeOf(kind: ColumnKind): duckdb.DuckDBType {
  switch (kind) {
    case 'int':
    case 'double':
    case 'datetime':
    case 'timestamp':
      return duckdb.DOUBLE
    case 'bigint':
      return duckdb.HUGEINT
    case 'boolean':
      return duckdb.BOOLEAN
    case 'bytes':
      return duckdb.BLOB
    default:
      return duckdb.VARCHAR
  }
}

/** Makes a table of rows, stored as a pipeline has their values. */
export async function loadRows(
  connection: duckdb.DuckDBConnection,
  table: string,
  columns: readonly { name: string; kind: ColumnKind }[],
  rows: readonly DuckRow[],
): Promise<void> {
  const types = columns.map(({ kind }) => typeOf(kind))
  const declared = columns.map(({ name }, i) => `"${name}" ${types[i]!.toString()}`)
  await connection.run(`CREATE TABLE ${table} (${declared.join(', ')})`)
  const appender = await connection.createAppender(table)
  for (let from = 0; from < rows.length; from += 2048) {
    const some = rows.slice(from, from + 2048)
    const chunk = duckdb.DuckDBDataChunk.create(types, some.length)
    columns.forEach(({ name }, i) => {
      chunk.setColumnValues(
        i,
        some.map(row => {
          const value = row[name] ?? null
          return value instanceof Uint8Array ? duckdb.blobValue(value) : value
        }),
      )
    })
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
}
