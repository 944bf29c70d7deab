import { type Connection, createConnection, type TypeCastField } from 'mysql2/promise'
import { mysqlUsers } from './mysql.js'

/** What a table of MySQL holds, in a canonical text form. */
export interface FinalTable {
  table: string
  /** Its columns in order, each with MySQL's own name of its type, for example `tinyint(1)`. */
  columns: { name: string; type: string }[]
  /** The columns of the primary key. */
  key: string[]
  /**
   * Its rows in key order. Numbers, decimals and JSON are MySQL's text; DATETIME and TIMESTAMP are
   * `YYYY-MM-DD hh:mm:ss.ffffff`, TIMESTAMP in UTC; TIME is `[-]hh:mm:ss.ffffff`; BLOB, BINARY and BIT are hex.
   */
  rows: (string | null)[][]
}

/** Every table of a database with all its rows, tables and rows in order. */
export async function finalTables(mysqlUrl: string, database: string): Promise<FinalTable[]> {
  const { hostname: host, port } = new URL(mysqlUrl)
  const connection = await createConnection({
    host,
    port: Number(port),
    database,
    charset: 'utf8mb4',
    ...mysqlUsers.openmrs,
  })
  try {
    await connection.query("SET time_zone='+00:00'")
    const [tables] = await connection.query({
      sql: 'SELECT table_name FROM information_schema.tables WHERE table_schema=? ORDER BY table_name',
      values: [database],
      rowsAsArray: true,
    })
    const names = (tables as string[][]).map(([name]) => name!)
    const found: FinalTable[] = []
    for (const table of names) found.push(await finalTable(connection, database, table))
    return found
  } finally {
    await connection.end()
  }
}

async function finalTable(connection: Connection, database: string, table: string): Promise<FinalTable> {
  const [described] = await connection.query({
    sql: `SELECT column_name, column_type, column_key FROM information_schema.columns
      WHERE table_schema=? AND table_name=? ORDER BY ordinal_position`,
    values: [database, table],
    rowsAsArray: true,
  })
  const columns = (described as [string, Buffer | string, string][]).map(([name, type, key]) => ({
    name,
    type: String(type),
    key,
  }))
  const key = columns.filter(column => column.key === 'PRI').map(column => column.name)
  const [rows] = await connection.query({
    sql: `SELECT * FROM ${table} ORDER BY ${key.join(',')}`,
    rowsAsArray: true,
    typeCast: canonicalText(
      new Set(columns.filter(({ type }) => /blob|binary/.test(type)).map(({ name }) => name)),
    ),
  })
  return {
    table,
    columns: columns.map(({ name, type }) => ({ name, type })),
    key,
    rows: rows as unknown as (string | null)[][],
  }
}

/** mysql2 does not say of a field whether it is binary: its column's type does. */
function canonicalText(binary: ReadonlySet<string>): (field: TypeCastField) => string | null {
  return field => (binary.has(field.name) ? (field.buffer()?.toString('hex') ?? null) : textOf(field))
}

function textOf(field: TypeCastField): string | null {
  switch (field.type) {
    case 'DATETIME':
    case 'TIMESTAMP':
    case 'TIME':
      return withMicroseconds(field.string('utf8'))
    case 'BIT':
      return field.buffer()?.toString('hex') ?? null
    default:
      return field.string('utf8')
  }
}

function withMicroseconds(text: string | null): string | null {
  if (text === null) return null
  const [seconds, fraction = ''] = text.split('.')
  return `${seconds}.${fraction.padEnd(6, '0')}`
}
