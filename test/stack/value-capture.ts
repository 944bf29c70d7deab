import type { Connection } from 'mysql2/promise'
import { waitUntilCaptured } from './captured.js'
import {
  type ConnectorOptions,
  deleteConnector,
  registerConnector,
  type StackAddresses,
  waitForSnapshot,
} from './connector.js'
import { type ValueColumn, valueColumns } from './value-columns.js'
import { type ValueSetting, valueSettings } from './value-settings.js'
import { type StoredRow, storedRows, valueConnection } from './value-tables.js'

/** A database whose values are captured. */
export type ValueServer = 'mysql' | 'mariadb'

/** Every setting, with schemas in the records and without. */
export const valueCases: readonly { setting: ValueSetting; schemas: boolean }[] = valueSettings.flatMap(
  setting => [true, false].map(schemas => ({ setting, schemas })),
)

/** The `topic.prefix` of the connector that captures a database under a setting. */
export function valuePrefix(server: ValueServer, { name }: ValueSetting, schemas: boolean): string {
  return `${server}_${name}_${schemas ? 'schemas' : 'bare'}`
}

/** The topic of a table that such a connector writes. */
export function valueTopic(
  server: ValueServer,
  setting: ValueSetting,
  schemas: boolean,
  table: string,
): string {
  return `${valuePrefix(server, setting, schemas)}.${valueDatabase(server)}.${table}`
}

/** The columns of the table `every_type`, its key first. */
export function everyType(server: ValueServer): readonly ValueColumn[] {
  const id: ValueColumn = { name: 'id', type: 'INT', values: [] }
  return [id, ...valueColumns.filter(({ only }) => only === undefined || only === server)]
}

const column = (name: string, type: string): ValueColumn => ({ name, type, values: [] })

const zeroColumns: readonly ValueColumn[] = [
  column('d', 'DATE'),
  column('dt', 'DATETIME'),
  column('ts', 'TIMESTAMP NULL'),
  column('y', 'YEAR'),
  column('dn', 'DATE NOT NULL'),
  column('dtn', 'DATETIME(6) NOT NULL'),
  column('tsn', "TIMESTAMP NOT NULL DEFAULT '2001-02-03 04:05:06'"),
  column('dd', "DATE NOT NULL DEFAULT '2001-02-03'"),
]

const defaultColumns: readonly ValueColumn[] = [
  column('i', 'INT DEFAULT 5'),
  column('s', "VARCHAR(9) DEFAULT 'FINAL'"),
  column('de', 'DECIMAL(10,2) DEFAULT 7.9'),
  column('dt', "DATETIME DEFAULT '2001-02-03 04:05:06'"),
  column('plain', 'INT'),
]

const settingsOf: Readonly<Record<ValueServer, { firstServerId: number; config: Record<string, string> }>> = {
  mysql: { firstServerId: 184_400, config: {} },
  mariadb: {
    firstServerId: 184_450,
    config: {
      'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
      'driver.yearIsDateType': 'false',
    },
  },
}

/** Nulls arrive as nulls only when the converter is told so; the connector of the first case keeps its default. */
const keepsNulls = { 'value.converter.replace.null.with.default': 'false' }

const valueDatabase = (server: ValueServer): string => `values_${server}`
const quoted = (name: string): string => `\`${name}\``

/**
 * Writes every value into the tables `every_type`, `zeros` (zero dates) and `defaults` (nulls where there is a default),
 * once before the snapshot and once after it, and has them captured under each of {@link valueCases}. Returns the rows
 * of `every_type` as the database stores them.
 */
export async function captureValues(
  stack: StackAddresses,
  server: ValueServer,
): Promise<readonly StoredRow[]> {
  const database = valueDatabase(server)
  const columns = everyType(server)
  const connection = await valueConnection(stack.mysql, database)
  const { firstServerId, config } = settingsOf[server]
  const connectors: ConnectorOptions[] = valueCases.map(({ setting, schemas }, i) => ({
    prefix: valuePrefix(server, setting, schemas),
    database,
    schemas,
    serverId: firstServerId + i,
    config: { ...config, ...setting.config, ...(i === 0 ? {} : keepsNulls) },
  }))
  try {
    await createTables(connection, columns)
    await insertRows(connection, columns)
    await Promise.all(connectors.map(connector => registerConnector(stack, connector)))
    for (const { prefix } of connectors) await waitForSnapshot(stack, prefix!)
    await insertRows(connection, columns)
    await Promise.all(connectors.map(connector => waitUntilCaptured(stack, connector)))
    for (const { prefix } of connectors) await deleteConnector(stack, prefix!)
    return await storedRows(connection, 'every_type', columns)
  } finally {
    await connection.end()
  }
}

async function createTables(connection: Connection, columns: readonly ValueColumn[]): Promise<void> {
  const tables = { every_type: columns.slice(1), zeros: zeroColumns, defaults: defaultColumns }
  for (const [table, list] of Object.entries(tables)) {
    const definitions = list.map(({ name, type }) => `${quoted(name)} ${type}`)
    await connection.query(
      `CREATE TABLE ${table} (id INT PRIMARY KEY AUTO_INCREMENT, ${definitions.join(', ')})`,
    )
  }
}

/** A row for each of the longest list of values, with nulls where a shorter one has ended, and one of nulls. */
async function insertRows(connection: Connection, columns: readonly ValueColumn[]): Promise<void> {
  const written = columns.filter(({ values }) => values.length > 0)
  const rows = Math.max(...written.map(({ values }) => values.length)) + 1
  for (let i = 0; i < rows; i++) {
    const set = written.map(({ name, values }) => `${quoted(name)}=${values[i] ?? 'NULL'}`)
    await connection.query(`INSERT INTO every_type SET ${set.join(', ')}`)
  }
  const zeros = zeroColumns.map(({ name, type }) => `${name}='${/^YEAR/.test(type) ? '0000' : '0000-00-00'}'`)
  await connection.query(`INSERT INTO zeros SET ${zeros.join(', ')}`)
  await connection.query(
    `INSERT INTO defaults SET ${defaultColumns.map(({ name }) => `${name}=NULL`).join(', ')}`,
  )
}
