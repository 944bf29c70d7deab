/** Names of the errors of Kafka's protocol that writing, groups and transactions meet, by their codes. */
const types: ReadonlyMap<number, string> = new Map([
  [-1, 'UNKNOWN_SERVER_ERROR'],
  [2, 'CORRUPT_MESSAGE'],
  [3, 'UNKNOWN_TOPIC_OR_PARTITION'],
  [5, 'LEADER_NOT_AVAILABLE'],
  [6, 'NOT_LEADER_FOR_PARTITION'],
  [7, 'REQUEST_TIMED_OUT'],
  [8, 'BROKER_NOT_AVAILABLE'],
  [9, 'REPLICA_NOT_AVAILABLE'],
  [10, 'MESSAGE_TOO_LARGE'],
  [12, 'OFFSET_METADATA_TOO_LARGE'],
  [13, 'NETWORK_EXCEPTION'],
  [14, 'COORDINATOR_LOAD_IN_PROGRESS'],
  [15, 'COORDINATOR_NOT_AVAILABLE'],
  [16, 'NOT_COORDINATOR'],
  [18, 'RECORD_LIST_TOO_LARGE'],
  [19, 'NOT_ENOUGH_REPLICAS'],
  [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
  [22, 'ILLEGAL_GENERATION'],
  [23, 'INCONSISTENT_GROUP_PROTOCOL'],
  [24, 'INVALID_GROUP_ID'],
  [25, 'UNKNOWN_MEMBER_ID'],
  [26, 'INVALID_SESSION_TIMEOUT'],
  [27, 'REBALANCE_IN_PROGRESS'],
  [29, 'TOPIC_AUTHORIZATION_FAILED'],
  [30, 'GROUP_AUTHORIZATION_FAILED'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED'],
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  [46, 'DUPLICATE_SEQUENCE_NUMBER'],
  [47, 'INVALID_PRODUCER_EPOCH'],
  [48, 'INVALID_TXN_STATE'],
  [49, 'INVALID_PRODUCER_ID_MAPPING'],
  [50, 'INVALID_TRANSACTION_TIMEOUT'],
  [51, 'CONCURRENT_TRANSACTIONS'],
  [52, 'TRANSACTION_COORDINATOR_FENCED'],
  [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'],
  [55, 'OPERATION_NOT_ATTEMPTED'],
  [56, 'KAFKA_STORAGE_ERROR'],
  [59, 'UNKNOWN_PRODUCER_ID'],
  [69, 'GROUP_ID_NOT_FOUND'],
  [74, 'FENCED_LEADER_EPOCH'],
  [75, 'UNKNOWN_LEADER_EPOCH'],
  [79, 'MEMBER_ID_REQUIRED'],
  [81, 'GROUP_MAX_SIZE_REACHED'],
  [87, 'INVALID_RECORD'],
  [88, 'UNSTABLE_OFFSET_COMMIT'],
  [90, 'PRODUCER_FENCED'],
])

/** An error that a broker answered a request with. */
export class KafkaError extends Error {
  /** Kafka's name for it, `PRODUCER_FENCED`; `ERROR_<code>` for one that is not told apart here. */
  readonly type: string

  constructor(code: number, apiName: string) {
    const type = types.get(code) ?? `ERROR_${code}`
    super(`${apiName} was answered with ${type}`)
    this.name = 'KafkaError'
    this.type = type
  }
}

/** Throws the error of a code other than 0. */
export function checkCode(code: number, apiName: string): void {
  if (code !== 0) throw new KafkaError(code, apiName)
}

/** What a broker answered: what was asked for, or an error. */
export type Answer<T> = T | KafkaError

/** Makes the {@link KafkaError} that a decoder throws its answer: a connection takes what is thrown as its own end. */
export function answered<T>(decode: (response: Buffer) => T): (response: Buffer) => Answer<T> {
  return response => {
    try {
      return decode(response)
    } catch (error) {
      if (error instanceof KafkaError) return error
      throw error
    }
  }
}

/** What was asked for, or the error thrown. */
export function taken<T>(answer: Answer<T>): T {
  if (answer instanceof KafkaError) throw answer
  return answer
}

/** The name of the protocol's error that something failed with, however deep it was wrapped. */
export function errorType(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const type: unknown = Reflect.get(at, 'type')
    if (typeof type === 'string') return type
  }
  return undefined
}
