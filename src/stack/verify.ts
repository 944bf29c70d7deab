import { ObslabError } from '../errors.js'
import type { Finding, Severity } from '../finding.js'
import type { DatabaseAddress } from '../job/mysql-connection.js'
import type { Source, TopicOffsets } from '../source/source.js'
import type { ConnectClient } from './connect-client.js'
import type { ConnectorConfig } from './connector-failure.js'
import { preflight } from './preflight.js'
import { failureOf, isRunning, statesOf } from './register.js'

/** The road from a database to its topics, to be verified. */
export interface Road {
  connect: ConnectClient
  /** Opens the cluster that the topics are in; closed afterwards. */
  openSource: () => Promise<Source>
  /** The database that is captured; null leaves it unchecked. */
  database: DatabaseAddress | null
  /** The connector to look at. Default every Debezium connector for MySQL and MariaDB. */
  connector?: string | undefined
}

interface RegisteredConnector {
  name: string
  config: ConnectorConfig
}

/**
 * Checks the whole road: Connect answers, connectors and their tasks run with the settings that obslab needs, their
 * topics exist and reach back to the first record, and the database writes the binary log that Debezium reads. What is
 * wrong at one place hides nothing about the others: everything is a finding, nothing is thrown.
 */
export async function verify(road: Road): Promise<Finding[]> {
  const connectors: RegisteredConnector[] = []
  return [
    ...(await asFindings(() => connectFindings(road, connectors))),
    ...(connectors.length === 0 ? [] : await asFindings(() => topicFindings(road, connectors))),
    ...(await asFindings(() => databaseFindings(road))),
  ]
}

async function connectFindings(
  { connect, connector: asked }: Road,
  connectors: RegisteredConnector[],
): Promise<Finding[]> {
  const { version } = await connect.info()
  const findings = [
    finding('connect-answers', 'information', `Kafka Connect ${version} answers at ${connect.url}.`),
  ]
  for (const name of asked === undefined ? await connect.connectors() : [asked]) {
    const config = await connect.config(name)
    if (config === null || (asked === undefined && !isDebezium(config))) continue
    connectors.push({ name, config })
    findings.push(await stateFinding(connect, { name, config }), ...settingFindings(name, config))
  }
  if (connectors.length > 0) return findings
  const sentence =
    asked === undefined
      ? 'Connect has no Debezium connector for MySQL or MariaDB: register one with obslab register --wait.'
      : `Connect has no connector '${asked}': register it with obslab register --wait.`
  return [...findings, finding('connector-missing', 'error', sentence)]
}

function isDebezium(config: ConnectorConfig): boolean {
  return /\.(MySqlConnector|MariaDbConnector)$/.test(config['connector.class'] ?? '')
}

async function stateFinding(connect: ConnectClient, { name, config }: RegisteredConnector): Promise<Finding> {
  const status = await connect.status(name)
  const failure = failureOf(status, config)
  if (failure !== null)
    return finding('connector-failed', 'error', `The connector '${name}' failed: ${failure}`)
  if (isRunning(status))
    return finding('connector-running', 'information', `The connector '${name}' and its task run.`)
  const states = status === null ? 'no state known' : statesOf(status)
  return finding('connector-not-running', 'error', `The connector '${name}' does not run (${states}).`)
}

/** Settings that lose something for good, because it is not in the topics afterwards. */
const settings: readonly [code: string, isWrong: (config: ConnectorConfig) => boolean, sentence: string][] = [
  [
    'transactions-off',
    config => config['provide.transaction.metadata'] !== 'true',
    'writes no transaction metadata, so that nobody can tell which changes belong together: set provide.transaction.metadata to true.',
  ],
  [
    'schema-changes-off',
    config => config['include.schema.changes'] === 'false',
    'writes no schema changes, so that the columns of records without schemas are guessed: set include.schema.changes to true.',
  ],
  [
    'tombstones-off',
    config => config['tombstones.on.delete'] === 'false',
    'writes no tombstones, so that a compacted topic keeps deleted rows for ever: set tombstones.on.delete to true.',
  ],
  [
    'decimals-inexact',
    config => config['decimal.handling.mode'] === 'double',
    'rounds DECIMAL columns to doubles: set decimal.handling.mode to precise or string.',
  ],
  [
    'null-as-default',
    config =>
      config['value.converter']?.endsWith('.JsonConverter') === true &&
      config['value.converter.replace.null.with.default'] !== 'false',
    'writes the default of a column where the database holds NULL, so that nobody can tell them apart: set value.converter.replace.null.with.default to false.',
  ],
]

function settingFindings(name: string, config: ConnectorConfig): Finding[] {
  return settings
    .filter(([, isWrong]) => isWrong(config))
    .map(([code, , sentence]) => finding(code, 'warning', `The connector '${name}' ${sentence}`))
}

async function topicFindings(
  { openSource }: Road,
  connectors: readonly RegisteredConnector[],
): Promise<Finding[]> {
  const source = await openSource()
  try {
    const topics = await source.topics()
    return connectors.flatMap(({ name, config }) => findingsOfTopics(name, config, topics))
  } finally {
    await source.close()
  }
}

function findingsOfTopics(name: string, config: ConnectorConfig, topics: readonly TopicOffsets[]): Finding[] {
  const prefix = config['topic.prefix'] ?? name
  const own = topics.filter(({ topic }) => topic.startsWith(`${prefix}.`))
  const tables = own.filter(({ topic }) => topic.slice(prefix.length + 1).includes('.'))
  const records = sum(tables, ({ start, end }) => end - start)
  if (records === 0) {
    const sentence = `The connector '${name}' has written no record of a table yet: its topics ${prefix}.<database>.<table> are missing or empty.`
    return [finding('topics-empty', 'error', sentence)]
  }
  const counted = `${tables.length} topics of tables hold ${records.toLocaleString('en')} records`
  const findings = [finding('topics-filled', 'information', `Behind '${name}', ${counted}.`)]
  const cut = tables.filter(({ partitions }) => partitions.some(({ start }) => start > 0))
  if (cut.length > 0)
    findings.push(
      finding(
        'topics-cut',
        'warning',
        `${cut.length} topics of '${name}' no longer hold their first record, ${cut[0]!.topic} among them: a replay of ` +
          'them misses rows. Set retention.ms to -1, or have Debezium take a new snapshot.',
      ),
    )
  const hasSchemas = topics.some(({ topic }) => topic === prefix)
  if (!hasSchemas && config['include.schema.changes'] !== 'false')
    findings.push(
      finding(
        'schema-topic-missing',
        'warning',
        `The topic '${prefix}' with the schema changes of '${name}' is missing.`,
      ),
    )
  return findings
}

function sum(
  topics: readonly TopicOffsets[],
  of: (partition: TopicOffsets['partitions'][number]) => number,
): number {
  return topics.reduce((total, { partitions }) => partitions.reduce((n, one) => n + of(one), total), 0)
}

async function databaseFindings({ database }: Road): Promise<Finding[]> {
  if (database !== null) return await preflight(database)
  const sentence = 'The database was not checked: name it with --mysql mysql://user@host:port/database.'
  return [finding('database-unchecked', 'information', sentence)]
}

async function asFindings(check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check()
  } catch (error) {
    if (!(error instanceof ObslabError) || error.code === 'cancelled') throw error
    return [finding(error.code, 'error', error.message)]
  }
}

function finding(code: string, severity: Severity, sentence: string): Finding {
  return { code, severity, sentence }
}
