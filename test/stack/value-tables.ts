import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { type JsonValue, parseJson } from '../../src/change/json.js'
import { iso } from '../../src/change/row-value.js'
import { mysqlUsers } from './mysql.js'
import type { ValueColumn } from './value-columns.js'

/** A connection to `mysql://openmrs@host:port`, in UTC, that lets zero dates and values beyond a type's limit in. */
export async function valueConnection(address: string, database: string): Promise<Connection> {
  const { hostname: host, port } = new URL(address)
  const connection = await createConnection({
    host,
    port: Number(port),
    ...mysqlUsers.openmrs,
    charset: 'utf8mb4',
  })
  await connection.query(`CREATE DATABASE IF NOT EXISTS ${database} DEFAULT CHARSET utf8mb4`)
  await connection.query(`USE ${database}`)
  await connection.query("SET time_zone='+00:00', sql_mode='NO_ENGINE_SUBSTITUTION'")
  await connection.query(
    'CREATE TABLE IF NOT EXISTS debezium_signal (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048))',
  )
  return connection
}

/** A stored row: its columns' values as text, by name. */
export type StoredRow = Readonly<Record<string, string | null>>

/** The rows of a table in key order, each value as text: see {@link storedExpression}. */
export async function storedRows(
  connection: Connection,
  table: string,
  columns: readonly Pick<ValueColumn, 'name' | 'type'>[],
  key: readonly string[] = ['id'],
): Promise<readonly StoredRow[]> {
  const list = columns.map(({ name, type }) => `${storedExpression(name, type)} AS \`${name}\``)
  const order = key.map(name => `${table}.\`${name}\``).join(', ')
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT ${list.join(', ')} FROM ${table} ORDER BY ${order}`,
  )
  return rows as StoredRow[]
}

/** SQL that gives a column's value as exact text: bytes, bits and a geometry's WKB as hexadecimal. */
function storedExpression(name: string, type: string): string {
  const column = `\`${name}\``
  const bits = /^BIT\((\d+)\)/.exec(type)?.[1]
  if (bits !== undefined) return `LPAD(HEX(${column}), ${Math.ceil(Number(bits) / 8) * 2}, '0')`
  if (/BLOB|BINARY/.test(type)) return `HEX(${column})`
  if (/POINT|LINE|POLYGON|GEOM/.test(type)) return `SUBSTR(HEX(${column}), 9)`
  if (/^FLOAT/.test(type)) return `CAST(${column} * 1e0 AS CHAR)`
  if (/ZEROFILL/.test(type)) return `CAST(${column} + 0 AS CHAR)`
  return `CAST(${column} AS CHAR)`
}

/** What MySQL stores, in the form that {@link shownForm} gives what a frame shows. */
export function storedForm(text: string | null, type: string): string | null {
  if (text === null) return null
  if (/^FLOAT/.test(type)) return String(Math.fround(Number(text)))
  if (/^DOUBLE/.test(type)) return String(Number(text))
  if (/^YEAR/.test(type)) return String(Number(text))
  if (/^JSON/.test(type)) return jsonForm(text)
  if (/^BIT\(1\)/.test(type)) return String(text === '01')
  return /^(DATETIME|TIME)/.test(type) ? withMicroseconds(text) : text
}

/** A value of a frame as MySQL prints it: times with six digits, bytes as hexadecimal, JSON without blanks. */
export function shownForm(value: Value, kind: ColumnKind, type: string): string | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex').toUpperCase()
  if (kind === 'datetime' || kind === 'timestamp')
    return withMicroseconds(iso(value as number).replace('T', ' '))
  if (kind === 'time') return withMicroseconds(value as string)
  if (/^FLOAT/.test(type)) return String(Math.fround(value as number))
  return /^JSON/.test(type) ? jsonForm(value as string) : String(value)
}

/** Microseconds of years that a number has no room for are cut to milliseconds. */
export function cutBeyondExact(text: string | null): string | null {
  const year = Number(text?.slice(0, 4))
  return text !== null && (year < 1691 || year > 2247) ? `${text.slice(0, -3)}000` : text
}

function withMicroseconds(text: string): string {
  const [whole, fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(6, '0')}`
}

/** The database and the connector order the members of a JSON object differently, and write 1e100 differently. */
function jsonForm(text: string): string {
  return JSON.stringify(ordered(parseJson(text)))
}

function ordered(value: JsonValue): unknown {
  if (typeof value === 'bigint') return BigInt.asIntN(65, value) === value ? `${value}` : Number(value)
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => [name, ordered(member)])
}
