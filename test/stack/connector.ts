import { setTimeout as sleep } from 'node:timers/promises'
import { mysqlUsers } from './mysql.js'

/** Where the services of a running stack answer. */
export interface StackAddresses {
  /** `127.0.0.1:<port>`. */
  kafka: string
  /** `http://127.0.0.1:<port>`. */
  connect: string
  /** `mysql://openmrs@127.0.0.1:<port>`, without database and password. */
  mysql: string
}

/** What a Debezium connector for one database is registered with. */
export interface ConnectorOptions {
  /** The connector's name; default the topic prefix. */
  name?: string
  /** `topic.prefix`; default `dbserver1`. */
  prefix?: string
  /** The database it captures; default `openmrs`. */
  database?: string
  /** Whether keys and values carry their schemas; default no. */
  schemas?: boolean
  /** Its id among the replicas of the database; default 184055. Two connectors need two. */
  serverId?: number
  /** Further or other configuration. */
  config?: Readonly<Record<string, string>>
}

/**
 * The configuration of a connector that captures every table of the simulated database, with transaction metadata,
 * schema changes and heartbeats; obs has three partitions, every other topic one.
 */
export function connectorConfig(
  stack: StackAddresses,
  options: ConnectorOptions = {},
): Record<string, string> {
  const { prefix = 'dbserver1', database = 'openmrs', schemas = false, serverId = 184_055 } = options
  const mysql = new URL(stack.mysql)
  return {
    'connector.class': 'io.debezium.connector.mysql.MySqlConnector',
    'tasks.max': '1',
    'database.hostname': mysql.hostname,
    'database.port': mysql.port,
    'database.user': mysqlUsers.debezium.user,
    'database.password': mysqlUsers.debezium.password,
    'database.server.id': String(serverId),
    'database.include.list': database,
    'topic.prefix': prefix,
    'schema.history.internal.kafka.bootstrap.servers': stack.kafka,
    'schema.history.internal.kafka.topic': `schema-history.${prefix}`,
    'schema.history.internal.store.only.captured.tables.ddl': 'true',
    'signal.data.collection': `${database}.debezium_signal`,
    'provide.transaction.metadata': 'true',
    'include.schema.changes': 'true',
    'heartbeat.interval.ms': '5000',
    'snapshot.mode': 'initial',
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': String(schemas),
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': String(schemas),
    'value.converter.replace.null.with.default': 'false',
    'topic.creation.default.replication.factor': '1',
    'topic.creation.default.partitions': '1',
    'topic.creation.groups': 'obs',
    'topic.creation.obs.include': `${prefix.replaceAll('.', '\\.')}\\.${database}\\.obs`,
    'topic.creation.obs.replication.factor': '1',
    'topic.creation.obs.partitions': '3',
    ...options.config,
  }
}

/** Registers a connector and waits until its task runs. Returns its name. */
export async function registerConnector(
  stack: StackAddresses,
  options: ConnectorOptions = {},
): Promise<string> {
  const name = options.name ?? options.prefix ?? 'dbserver1'
  const body = JSON.stringify(connectorConfig(stack, options))
  const deadline = Date.now() + 60_000
  for (;;) {
    const response = await fetch(`${stack.connect}/connectors/${name}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body,
    })
    if (response.ok) break
    const { message } = (await response.json()) as { message: string }
    if (response.status !== 409 || Date.now() > deadline)
      throw new Error(`Connect refused the connector '${name}': ${message}`)
    await sleep(200)
  }
  await waitForTask(stack, name)
  return name
}

/** Waits until the connector's task runs; a task that failed is told in one sentence. */
export async function waitForTask(stack: StackAddresses, name: string, ms = 60_000): Promise<void> {
  const deadline = Date.now() + ms
  for (;;) {
    const status = await connectorStatus(stack, name)
    const failed = [status?.connector, ...(status?.tasks ?? [])].find(part => part?.state === 'FAILED')
    if (failed !== undefined)
      throw new Error(`The connector '${name}' failed: ${reasonOf(failed.trace ?? '')}`)
    if (status?.tasks[0]?.state === 'RUNNING') return
    if (Date.now() > deadline)
      throw new Error(`The connector '${name}' has no running task after ${ms / 1000} s.`)
    await sleep(100)
  }
}

/** Waits until the connector's first snapshot is over, as the source offset that it committed last says. */
export async function waitForSnapshot(stack: StackAddresses, name: string, ms = 120_000): Promise<void> {
  const deadline = Date.now() + ms
  for (;;) {
    await waitForTask(stack, name)
    const response = await fetch(`${stack.connect}/connectors/${name}/offsets`)
    const { offsets = [] } = (await response.json()) as { offsets?: { offset: Record<string, unknown> }[] }
    if (offsets.some(({ offset }) => !('snapshot' in offset))) return
    if (Date.now() > deadline) throw new Error(`The snapshot of '${name}' was not over after ${ms / 1000} s.`)
    await sleep(100)
  }
}

/** Deletes a connector. Its topics stay. */
export async function deleteConnector(stack: StackAddresses, name: string): Promise<void> {
  const response = await fetch(`${stack.connect}/connectors/${name}`, { method: 'DELETE' })
  if (!response.ok && response.status !== 404)
    throw new Error(`Connect did not delete the connector '${name}': status ${response.status}.`)
}

interface PartStatus {
  state: string
  trace?: string
}

async function connectorStatus(
  stack: StackAddresses,
  name: string,
): Promise<{ connector: PartStatus; tasks: PartStatus[] } | undefined> {
  const response = await fetch(`${stack.connect}/connectors/${name}/status`).catch(() => undefined)
  if (!response?.ok) return undefined
  return (await response.json()) as { connector: PartStatus; tasks: PartStatus[] }
}

/** The last cause in a Java stack trace, without its class. */
function reasonOf(trace: string): string {
  const lines = trace.split('\n').filter(line => line !== '' && !/^\s/.test(line))
  return (lines.at(-1) ?? 'no reason given').replace(/^(Caused by: )?[\w.$]+: /, '')
}
