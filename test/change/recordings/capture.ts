/**
 * Makes the recordings of this folder: `npx tsx test/change/recordings/capture.ts`. It starts a stack of its own, plays
 * `scenario.ts` into MySQL under four Debezium connectors with different settings, stops the stack, and copies the
 * broker's own log segments. `expected.json` holds the final rows as MySQL prints them.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { waitUntilCaptured } from '../../stack/captured.js'
import { registerConnector, waitForSnapshot } from '../../stack/connector.js'
import { mysqlUsers } from '../../stack/mysql.js'
import { isolatedStack } from '../../stack/stack.js'
import { copySegments } from './copy-segments.js'
import { createTables, snapshotRows, streamed, tables, typeRows } from './scenario.js'

const folder = import.meta.dirname
const database = 'obslab_capture'

const unwrap = {
  transforms: 'unwrap',
  'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
  'transforms.unwrap.delete.tombstone.handling.mode': 'rewrite-with-tombstone',
  'transforms.unwrap.add.fields':
    'op,db,table,source.file,source.pos,source.row,source.server_id,source.gtid,source.snapshot,source.ts_ms',
}
const otherModes = {
  'time.precision.mode': 'connect',
  'decimal.handling.mode': 'string',
  'binary.handling.mode': 'hex',
  'bigint.unsigned.handling.mode': 'precise',
}
const connectors = [
  { prefix: 'plain', schemas: false, config: {} },
  { prefix: 'schema', schemas: true, config: {} },
  { prefix: 'modes', schemas: true, config: otherModes },
  { prefix: 'unwrapped', schemas: false, config: unwrap },
].map((connector, i) => ({ ...connector, database, serverId: 5400 + i }))

const common = {
  'skipped.operations': 'none',
  'include.schema.comments': 'true',
  'producer.override.compression.type': 'gzip',
  'producer.override.linger.ms': '100',
}

const stack = await isolatedStack('capture')
await stack.up()
try {
  const { hostname: host, port } = new URL(stack.addresses.mysql)
  const connection = await createConnection({
    host,
    port: Number(port),
    ...mysqlUsers.openmrs,
    charset: 'utf8mb4',
  })
  await connection.query(`CREATE DATABASE ${database} DEFAULT CHARSET utf8mb4`)
  await connection.query(`USE ${database}`)
  await connection.query("SET time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION'")
  await play(connection, [
    ...createTables,
    ...typeRows.map(row => `INSERT INTO types SET ${row}`),
    ...snapshotRows,
  ])
  for (const { config, ...connector } of connectors) {
    await registerConnector(stack.addresses, { ...connector, config: { ...common, ...config } })
  }
  for (const { prefix } of connectors) await waitForSnapshot(stack.addresses, prefix)
  await play(connection, [...typeRows.map(row => `INSERT INTO types SET ${row}`), ...streamed])
  const collections = JSON.stringify({ 'data-collections': [`${database}.moved`], type: 'incremental' })
  await connection.query('INSERT INTO debezium_signal VALUES (?, ?, ?)', [
    'again',
    'execute-snapshot',
    collections,
  ])
  for (const { prefix } of connectors.slice(0, 3))
    await waitUntilCaptured(stack.addresses, { prefix, database })
  await sleep(10_000)
  await writeFile(
    path.join(folder, 'expected.json'),
    `${JSON.stringify(await finalRows(connection), null, 1)}\n`,
  )
  await connection.end()
  await stack.down()
  for (const { prefix } of connectors)
    await copySegments(path.join(stack.folder, 'kafka/data'), prefix, database)
} finally {
  await stack.remove()
}

async function play(connection: Connection, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await connection.query(statement)
}

/** Every value as MySQL prints it: binary ones as hex, geometry as hex of its WKB, null as null. */
async function finalRows(connection: Connection): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {}
  for (const table of tables) {
    const [columns] = await connection.query(`SHOW COLUMNS FROM ${table}`)
    const list = (columns as { Field: string; Type: string }[]).map(({ Field, Type }) => {
      if (/point|geometry/i.test(Type)) return `HEX(ST_AsBinary(${Field})) AS ${Field}`
      return /blob|binary|bit/i.test(Type)
        ? `HEX(${Field}) AS ${Field}`
        : `CAST(${Field} AS CHAR) AS ${Field}`
    })
    const [rows] = await connection.query(`SELECT ${list.join(', ')} FROM ${table} ORDER BY 1, 2`)
    all[table] = rows
  }
  return all
}
