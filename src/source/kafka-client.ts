import type { Kafka } from 'kafkajs'
import { ObslabError } from '../errors.js'
import type { KafkaConfig } from './kafka-config.js'

/** A kafkajs client for what a source does not do: writing. It logs nothing; what goes wrong is an error. */
export async function kafkaClient(config: KafkaConfig): Promise<Kafka> {
  const { default: kafkajs } = await import('kafkajs')
  return new kafkajs.Kafka({
    ...(await config.clientOptions()),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 8 },
  })
}

/** What was to be done, for the sentence that says why it was not. */
export interface ClientAttempt {
  /** The cluster, as messages name it. */
  name: string
  topic: string
  /** The permission needed, `WRITE`. */
  permission: string
}

const sentences: Readonly<Record<string, string>> = {
  INVALID_TOPIC_EXCEPTION:
    'the name is not one Kafka takes: letters, digits, dots, underscores and hyphens, up to 249',
  INVALID_PARTITIONS: 'the number of partitions must be 1 or more',
  INVALID_REPLICATION_FACTOR: 'there are fewer brokers than replicas asked for',
  INVALID_CONFIG: 'a topic has no such setting, or not with such a value',
  POLICY_VIOLATION: 'a policy of the cluster forbids it',
  TOPIC_DELETION_DISABLED: 'its brokers have delete.topic.enable=false',
  MESSAGE_TOO_LARGE: 'a record is larger than the topic takes: raise its max.message.bytes',
  RECORD_LIST_TOO_LARGE: 'a record is larger than the topic takes: raise its max.message.bytes',
  INVALID_RECORD: 'a record without a key cannot be in a compacted topic',
  NOT_ENOUGH_REPLICAS: 'fewer replicas are in sync than its min.insync.replicas asks for',
}

/** Why kafkajs failed, as a sentence. Messages of the broker are not repeated. */
export function clientFailure(cause: unknown, { name, topic, permission }: ClientAttempt): ObslabError {
  if (cause instanceof ObslabError) return cause
  const type = protocolType(cause)
  if (type === undefined)
    return new ObslabError(
      'broker-unreachable',
      `${name} did not answer. Check that its brokers run and try again.`,
      { cause },
    )
  const why = /AUTHORIZATION_FAILED$/.test(type)
    ? `it does not let this user do that: ask for the ${permission} permission`
    : (sentences[type] ?? `Kafka's error is ${type}`)
  return new ObslabError('broker-refused', `${name} refused: ${why}.`, { position: { topic }, cause })
}

/** The name of the protocol's error, however deep kafkajs wrapped it. */
function protocolType(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const type: unknown = Reflect.get(error, 'type')
  if (typeof type === 'string') return type
  const several: unknown = Reflect.get(error, 'errors')
  for (const one of Array.isArray(several) ? several : []) {
    const found = protocolType(one)
    if (found !== undefined) return found
  }
  return protocolType(error.cause)
}
