import { ObslabError } from '../errors.js'
import type { KafkaRecord } from '../source/record.js'
import { isJsonObject, type JsonObject } from './json.js'
import { numberOrNull, textOrNull } from './message.js'
import type { SchemaPrefixes } from './schema-prefix.js'
import { heartbeatPrefix } from './topic-kind.js'

/** Which connector wrote a topic, and from which database server. Null is what its records do not say. */
export interface TopicOrigin {
  /** Debezium's connector: `mysql`, `mariadb`. */
  connector: string | null
  /** The connector's `topic.prefix` (`database.server.name` before Debezium 2.0), which its topics' names begin with. */
  prefix: string | null
  /** The database server's `server_id`, of the last record that says it. Snapshot rows do not. */
  server: number | null
}

/** Tells where a topic came from, by a sample of its records and, for heartbeats and transactions, by its name. */
export function topicOrigin(
  topic: string,
  sample: readonly KafkaRecord[],
  schemas: SchemaPrefixes,
): TopicOrigin {
  const origin: TopicOrigin = { connector: null, prefix: prefixOfName(topic), server: null }
  for (const { value } of sample) {
    const source = sourceOf(value, schemas)
    if (source === null) continue
    origin.connector = textOrNull(source.connector) ?? origin.connector
    origin.prefix = textOrNull(source.name) ?? origin.prefix
    origin.server = numberOrNull(source.server_id) || origin.server
  }
  return origin
}

function prefixOfName(topic: string): string | null {
  if (topic.startsWith(heartbeatPrefix)) return topic.slice(heartbeatPrefix.length)
  return /^([^.]+)\.transaction$/.exec(topic)?.[1] ?? null
}

/** The source block, or what `add.fields` kept of it in an unwrapped row. */
function sourceOf(value: Uint8Array | null, schemas: SchemaPrefixes): JsonObject | null {
  if (value === null) return null
  try {
    const { payload } = schemas.parse(value)
    if (!isJsonObject(payload)) return null
    if (isJsonObject(payload.source)) return payload.source
    const field = (name: string) => payload[`__${name}`] ?? payload[`__source_${name}`] ?? null
    return { connector: field('connector'), name: field('name'), server_id: field('server_id') }
  } catch (error) {
    if (!(error instanceof ObslabError)) throw error
    return null
  }
}
