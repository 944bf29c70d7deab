import { ObslabError } from '../errors.js'

/** What a sink was doing when it failed. */
export interface SinkAttempt {
  name: string
  topic: string
  job: string
}

/** Whether the coordinator is still settling the last transaction, so that asking again will do. */
export function isConcurrent(error: unknown): boolean {
  return typeOf(error) === 'CONCURRENT_TRANSACTIONS'
}

/** Why rows could not be written, as a sentence. */
export function sinkFailure(cause: unknown, { name, topic, job }: SinkAttempt): ObslabError {
  const type = typeOf(cause)
  const failed = (message: string): ObslabError => new ObslabError('output-failed', message, { cause })
  switch (type) {
    case 'INVALID_PRODUCER_EPOCH':
    case 'PRODUCER_FENCED':
    case 'INVALID_TXN_STATE':
      return new ObslabError(
        'job-fenced',
        `Another instance of the job ${job} has taken its output over, or a transaction took longer than the broker ` +
          'allows. Run one instance; this one has ended.',
        { cause },
      )
    case 'TOPIC_AUTHORIZATION_FAILED':
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return failed(
        `${name} does not let this user write ${topic}: ask for WRITE and DESCRIBE on it, and for CREATE if it is missing.`,
      )
    case 'GROUP_AUTHORIZATION_FAILED':
      return failed(`${name} does not let this user commit for the group obslab.${job}: ask for READ on it.`)
    case 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED':
      return failed(
        `${name} does not let this user write as obslab.${job}: ask for WRITE on that transactional id.`,
      )
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
      return failed(`A row is larger than ${topic} takes: raise its max.message.bytes.`)
    case undefined:
      return failed(
        `The rows for ${topic} could not be written to ${name}: no broker answered. Start the job again.`,
      )
    default:
      return failed(`${name} refused the rows for ${topic} with Kafka's error ${type}.`)
  }
}

/** The protocol error's name, however deep kafkajs wrapped it. */
function typeOf(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const type: unknown = Reflect.get(at, 'type')
    if (typeof type === 'string') return type
  }
  return undefined
}
