/**
 * Makes the recordings `bare`, `rewritten`, `whole`, `partial` and `maria` of this folder:
 * `npx tsx test/change/recordings/capture-surprises.ts`. It starts a stack of its own with a MariaDB beside it, plays
 * `surprises.ts` under connectors whose settings bring out what a topic can surprise with, and copies the broker's own
 * log segments.
 */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { waitUntilCaptured } from '../../stack/captured.js'
import {
  type ConnectorOptions,
  deleteConnector,
  registerConnector,
  type StackAddresses,
  waitForSnapshot,
} from '../../stack/connector.js'
import { MariadbService } from '../../stack/mariadb.js'
import { mysqlUsers } from '../../stack/mysql.js'
import { isolatedStack } from '../../stack/stack.js'
import { copySegments } from './copy-segments.js'
import {
  afterwards,
  createTables,
  partialTable,
  partialUpdates,
  snapshotRows,
  streamed,
  unseen,
} from './surprises.js'

const database = 'surprises'
const partialDatabase = 'partial_images'
const common = {
  'skipped.operations': 'none',
  'producer.override.compression.type': 'gzip',
  'topic.creation.groups': 'spread',
  'topic.creation.spread.include': '.*\\.spread',
  'topic.creation.spread.replication.factor': '1',
  'topic.creation.spread.partitions': '3',
}
const unwrap = {
  transforms: 'unwrap',
  'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
}
const rewrite = {
  ...unwrap,
  'transforms.unwrap.delete.tombstone.handling.mode': 'rewrite',
  'transforms.unwrap.replace.null.with.default': 'false',
  'value.converter.replace.null.with.default': 'false',
  'transforms.unwrap.add.fields':
    'op,db,table,source.ts_ms,source.file,source.pos,source.row,source.server_id,source.gtid,source.snapshot',
}
const whole = {
  'tombstones.on.delete': 'false',
  'message.key.columns': `${database}.visit_log:day,ward`,
}
const mysqlConnectors: ConnectorOptions[] = [
  { prefix: 'bare', serverId: 5500, schemas: false, config: { ...common, ...unwrap } },
  { prefix: 'rewritten', serverId: 5501, schemas: true, config: { ...common, ...rewrite } },
  { prefix: 'whole', serverId: 5502, schemas: true, config: { ...common, ...whole } },
].map(connector => ({ ...connector, database }))
const partial: ConnectorOptions = {
  prefix: 'partial',
  database: partialDatabase,
  serverId: 5503,
  config: { ...common, 'event.processing.failure.handling.mode': 'warn' },
}
const maria: ConnectorOptions = {
  prefix: 'maria',
  database,
  serverId: 5504,
  config: {
    ...common,
    'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
    'driver.yearIsDateType': 'false',
  },
}

const stack = await isolatedStack('surprises')
const mariadb = await MariadbService.create()
try {
  await Promise.all([stack.up(), mariadb.start()])
  await fromMysql(stack.addresses)
  await fromMariadb({ ...stack.addresses, mysql: mariadb.address })
  await partialImages(stack.addresses)
  await stack.down()
  const data = path.join(stack.folder, 'kafka/data')
  for (const { prefix = '' } of [...mysqlConnectors, maria]) await copySegments(data, prefix, database)
  await copySegments(data, 'partial', partialDatabase)
} finally {
  await mariadb.remove()
  await stack.remove()
}

async function fromMysql(addresses: StackAddresses): Promise<void> {
  const connection = await connected(addresses.mysql, database)
  await play(connection, [...createTables, ...snapshotRows])
  for (const connector of mysqlConnectors) await registerConnector(addresses, connector)
  for (const { prefix = '' } of mysqlConnectors) await waitForSnapshot(addresses, prefix)
  await play(connection, streamed)
  for (const connector of mysqlConnectors) await waitUntilCaptured(addresses, connector)
  for (const { prefix = '' } of mysqlConnectors) await deleteConnector(addresses, prefix)
  await play(connection, unseen)
  const again = { ...mysqlConnectors[2], name: 'whole-again' } as ConnectorOptions
  await registerConnector(addresses, again)
  await waitForSnapshot(addresses, 'whole-again')
  await play(connection, afterwards)
  await waitUntilCaptured(addresses, again)
  await deleteConnector(addresses, 'whole-again')
  await connection.end()
}

async function fromMariadb(addresses: StackAddresses): Promise<void> {
  const connection = await connected(addresses.mysql, database)
  await play(connection, [...createTables, ...snapshotRows])
  await registerConnector(addresses, maria)
  await waitForSnapshot(addresses, 'maria')
  for (const statement of streamed) {
    await connection.query(statement)
    await sleep(600)
  }
  await waitUntilCaptured(addresses, maria)
  await deleteConnector(addresses, 'maria')
  await connection.end()
}

/** No signal ends it: partial row images make the task fail, and what came before has to be written by then. */
async function partialImages(addresses: StackAddresses): Promise<void> {
  const connection = await connected(addresses.mysql, partialDatabase)
  await play(connection, partialTable)
  await registerConnector(addresses, partial)
  await waitForSnapshot(addresses, 'partial')
  for (const [setting, statement] of partialUpdates) {
    await connection.query(setting)
    await connection.query(statement)
    await sleep(3_000)
    const status = await fetch(`${addresses.connect}/connectors/partial/tasks/0/status`)
    const { state, trace = '' } = (await status.json()) as { state: string; trace?: string }
    const causes = trace.split('\n').filter(line => line.startsWith('Caused by'))
    console.log(`${setting}: ${[state, causes.at(-1)].join(' ')}`)
  }
  await connection.end()
}

async function connected(url: string, database: string): Promise<Connection> {
  const { hostname: host, port } = new URL(url)
  const connection = await createConnection({
    host,
    port: Number(port),
    ...mysqlUsers.openmrs,
    charset: 'utf8mb4',
  })
  await connection.query(`CREATE DATABASE ${database} DEFAULT CHARSET utf8mb4`)
  await connection.query(`USE ${database}`)
  await connection.query("SET time_zone = '+00:00'")
  return connection
}

async function play(connection: Connection, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await connection.query(statement)
}
