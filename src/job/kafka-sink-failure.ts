import { ObslabError } from '../errors.js'
import { type Holder, holderText } from './holder.js'
import { errorType } from './kafka-error.js'

/** What a sink was doing when it failed. */
export interface SinkAttempt {
  name: string
  topic: string
  job: string
}

/**
 * Why rows could not be written, as a sentence, where a broker said it. The protocol's error stays the cause, by which
 * `isRetriable` tells what passes by itself. Anything else is given back as it is.
 */
export function sinkFailure(cause: unknown, { name, topic, job }: SinkAttempt): unknown {
  const type = errorType(cause)
  if (type === undefined) return cause
  const failed = (message: string): ObslabError => new ObslabError('output-failed', message, { cause })
  switch (type) {
    case 'INVALID_PRODUCER_EPOCH':
    case 'INVALID_PRODUCER_ID_MAPPING':
    case 'INVALID_TXN_STATE':
    case 'PRODUCER_FENCED':
      return failed(
        `${name} ended a transaction of the job ${job}, most often because it took longer than a minute. It was not ` +
          'written, and no other instance is running: start the job again.',
      )
    case 'TOPIC_AUTHORIZATION_FAILED':
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return failed(
        `${name} does not let this user write ${topic} and its dead letters: ask for WRITE, READ and DESCRIBE on both, and ` +
          'for CREATE if they are missing.',
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
    case 'OFFSET_METADATA_TOO_LARGE':
      return failed(
        `${name} takes less than 4096 bytes beside an offset, and obslab.${job} keeps its progress there: raise its offset.metadata.max.bytes.`,
      )
    case 'INVALID_TRANSACTION_TIMEOUT':
      return failed(
        `${name} allows no transaction of a minute: raise its transaction.max.timeout.ms to 60000 or more.`,
      )
    default:
      return failed(`${name} refused the rows for ${topic} with Kafka's error ${type}.`)
  }
}

/** Whether a broker says that another producer has the transactional id, or that it ended the transaction itself. */
export function isFenced(error: unknown): boolean {
  const type = errorType(error)
  return type === 'INVALID_PRODUCER_EPOCH' || type === 'PRODUCER_FENCED'
}

/** That another instance runs, which is not taken over from. */
export function jobHeld(job: string, holder: Holder): ObslabError {
  return new ObslabError(
    'job-held',
    `Another instance of the job ${job} is running: ${holderText(holder)}. Stop it, or wait until it ends.`,
  )
}

/** That another instance has taken over. */
export function jobFenced(job: string, holder: Holder, cause: unknown): ObslabError {
  return new ObslabError(
    'job-fenced',
    `Another instance of the job ${job} has taken its output over: ${holderText(holder)}. This one has ended; run one.`,
    { cause },
  )
}
