import type { KafkaRecord } from '../source/record.js'
import { readEnvelope } from './envelope.js'
import { isJsonObject, type JsonObject, parseJson } from './json.js'
import { SchemaPrefixes } from './schema-prefix.js'

/**
 * What a topic is: a table's changes; DDL (`<prefix>`); begins and ends of transactions (`<prefix>.transaction`);
 * heartbeats; the changes of the table that signals to the connector are written into; the connector's own memory of
 * DDL; Kafka Connect's own topics; or unknown.
 */
export type TopicKind =
  | 'table'
  | 'schema-changes'
  | 'transactions'
  | 'heartbeats'
  | 'signals'
  | 'schema-history'
  | 'connect-internal'
  | 'unknown'

/** What the names of heartbeat topics begin with; the connector's prefix follows. */
export const heartbeatPrefix: string = '__debezium-heartbeat.'
const connectNames = /(^|[._-])connect[._-](configs?|offsets?|status(es)?)$/

/**
 * Tells what a topic is from its name and a sample of its records. Records that can be read decide; the name decides
 * for heartbeats, for Connect's own topics by their usual names, for Avro whose schemas `schemas` cannot give, and for a
 * topic without records.
 */
export function topicKind(
  name: string,
  sample: readonly KafkaRecord[],
  schemas: SchemaPrefixes = new SchemaPrefixes(),
): TopicKind {
  if (name.startsWith(heartbeatPrefix)) return 'heartbeats'
  if (connectNames.test(name)) return 'connect-internal'
  for (const record of sample) {
    const kind = recordKind(name, record, schemas)
    if (kind !== null) return kind
  }
  return sample.every(isAvro) ? kindOfName(name) : 'unknown'
}

/** A record of which only a schema registry could tell more. */
function isAvro({ value }: KafkaRecord): boolean {
  return value !== null && value.length > 5 && value[0] === 0
}

function kindOfName(name: string): TopicKind {
  if (/^[^.]+\.transaction$/.test(name)) return 'transactions'
  if (name.split('.').length < 3) return 'unknown'
  return isSignalName(name) ? 'signals' : 'table'
}

/** Debezium's documentation and its images call the table `debezium_signal`. */
function isSignalName(name: string): boolean {
  return /(^|[._])debezium_signals?$/i.test(name)
}

/** The columns that Debezium demands of a signal table, whatever its name, and types of signals that it knows. */
function isSignal(row: JsonObject | null): boolean {
  if (row === null || Object.keys(row).join() !== 'id,type,data') return false
  return (
    typeof row.type === 'string' &&
    /^((execute|stop|pause|resume)-snapshot|snapshot-window-(open|close)|log|schema-changes)$/.test(row.type)
  )
}

function recordKind(name: string, record: KafkaRecord, schemas: SchemaPrefixes): TopicKind | null {
  if (record.value === null) return null
  const envelope = readEnvelope(record.value, schemas, { key: null, headers: record.headers })
  if (envelope.form === 'envelope' || envelope.form === 'unwrapped')
    return isSignalName(name) || isSignal(envelope.after ?? envelope.before) ? 'signals' : 'table'
  if (envelope.form === 'message') {
    const kinds = {
      'schema-change': 'schema-changes',
      transaction: 'transactions',
      heartbeat: 'heartbeats',
    } as const
    return kinds[envelope.message.kind]
  }
  return otherKind(record, record.value)
}

function otherKind(record: KafkaRecord, value: Uint8Array): TopicKind | null {
  const key = record.key === null ? '' : Buffer.from(record.key).toString()
  if (/^(connector|task|commit|target-state|status-(connector|task|topic))-|^session-key$/.test(key)) {
    return 'connect-internal'
  }
  if (/^\["[^"]+",\{/.test(key)) return 'connect-internal'
  try {
    const json = parseJson(Buffer.from(value).toString())
    return isJsonObject(json) && isJsonObject(json.position) && 'ddl' in json ? 'schema-history' : null
  } catch {
    return null
  }
}
