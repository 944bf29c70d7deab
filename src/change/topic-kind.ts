import type { KafkaRecord } from '../source/record.js'
import { readEnvelope } from './envelope.js'
import { isJsonObject, parseJson } from './json.js'
import { SchemaPrefixes } from './schema-prefix.js'

/**
 * What a topic is: a table's changes; DDL (`<prefix>`); begins and ends of transactions (`<prefix>.transaction`);
 * heartbeats; the connector's own memory of DDL; Kafka Connect's own topics; or unknown.
 */
export type TopicKind =
  | 'table'
  | 'schema-changes'
  | 'transactions'
  | 'heartbeats'
  | 'schema-history'
  | 'connect-internal'
  | 'unknown'

const heartbeatPrefix = '__debezium-heartbeat.'
const connectNames = /(^|[._-])connect[._-](configs?|offsets?|status(es)?)$/

/**
 * Tells what a topic is from its name and a sample of its records. Records that can be read decide; the name decides
 * for heartbeats, for Connect's own topics by their usual names, and for a topic without readable records.
 */
export function topicKind(name: string, sample: readonly KafkaRecord[]): TopicKind {
  if (name.startsWith(heartbeatPrefix)) return 'heartbeats'
  if (connectNames.test(name)) return 'connect-internal'
  const schemas = new SchemaPrefixes()
  for (const record of sample) {
    const kind = recordKind(record, schemas)
    if (kind !== null) return kind
  }
  return sample.length === 0 ? kindOfName(name) : 'unknown'
}

function kindOfName(name: string): TopicKind {
  if (/^[^.]+\.transaction$/.test(name)) return 'transactions'
  return name.split('.').length >= 3 ? 'table' : 'unknown'
}

function recordKind(record: KafkaRecord, schemas: SchemaPrefixes): TopicKind | null {
  if (record.value === null) return null
  const envelope = readEnvelope(record.value, schemas)
  if (envelope.form === 'envelope' || envelope.form === 'unwrapped') return 'table'
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
