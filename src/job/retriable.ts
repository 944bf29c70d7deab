import { ObslabError } from '../errors.js'

/**
 * Errors of Kafka's protocol that pass by themselves: a broker or a coordinator is gone, moved or loading, or the last
 * transaction is still settling. Among them are those by which a broker tells that it ended a transaction or forgot a
 * producer: they count only where they were not told as `job-fenced`.
 */
const passingTypes: ReadonlySet<string> = new Set([
  'BROKER_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'CONCURRENT_TRANSACTIONS',
  'FENCED_LEADER_EPOCH',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'KAFKA_STORAGE_ERROR',
  'LEADER_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'NOT_CONTROLLER',
  'NOT_COORDINATOR',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_LEADER_FOR_PARTITION',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'PRODUCER_FENCED',
  'REBALANCE_IN_PROGRESS',
  'REPLICA_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_MEMBER_ID',
  'UNKNOWN_PRODUCER_ID',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNSTABLE_OFFSET_COMMIT',
])

/** kafkajs's errors that carry no error of the protocol: nobody answered. */
const unanswered: ReadonlySet<string> = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSTimeout',
  'KafkaJSTopicMetadataNotLoaded',
])

/** Node's and mysql2's codes of a connection that broke or could not be made, and of a server that asks to try again. */
const lostConnection: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ER_CON_COUNT_ERROR',
  'ER_CONNECTION_KILLED',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_QUERY_INTERRUPTED',
  'ER_READ_ONLY_MODE',
  'ER_SERVER_OFFLINE_MODE',
  'ER_SERVER_SHUTDOWN',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_SEQUENCE_TIMEOUT',
])

/**
 * Whether starting over may help: a broker, a registry or a database is gone for a while. Refusals (permissions, a row
 * too large, another instance) are not, and neither is an error that obslab does not know.
 */
export function isRetriable(error: unknown): boolean {
  if (!(error instanceof ObslabError)) return false
  switch (error.code) {
    case 'broker-unreachable':
    case 'registry-unreachable':
      return true
    case 'output-failed':
    case 'database-failed':
      return passes(error.cause)
    default:
      return false
  }
}

/** Looks at the innermost error that says something: what kafkajs wrapped is more telling than its wrapping. */
function passes(cause: unknown): boolean {
  let found = false
  for (let at: unknown = cause; at instanceof Error; at = at.cause) {
    if (at instanceof ObslabError) return isRetriable(at)
    const type: unknown = Reflect.get(at, 'type')
    const code: unknown = Reflect.get(at, 'code')
    if (typeof type === 'string') found = passingTypes.has(type)
    else if (unanswered.has(at.name)) found = true
    else if (typeof code === 'string') found = lostConnection.has(code)
    else if (/server has gone away|[Cc]losed state|[Cc]onnection lost/.test(at.message)) found = true
  }
  return found
}
