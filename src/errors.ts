import { printAs } from './inspect.js'

/**
 * Every code an obslab error can carry, with what it means. The message of an error says what was expected,
 * what was found and what to do; the code is what a program compares.
 */
export const errorCodes = {
  // log
  'batch-corrupt': 'A record batch fails its CRC-32C, or its fields contradict its length.',
  'batch-too-large': 'A record batch expands beyond the output limit.',
  'batch-unsupported': 'A record batch of a format or codec that obslab does not read.',
  // source
  'broker-unreachable': 'No broker answered at the addresses given.',
  'broker-refused': 'The broker refused the request: credentials, permissions or protocol.',
  'option-invalid': 'An option, URL or property that cannot be understood.',
  'package-mismatch': 'A package that obslab depends on is installed in another version.',
  'offset-out-of-range': 'The records asked for are not (or no longer) in the topic.',
  'disk-failed': 'The disk refused a read or a write: it is full, or there is no permission.',
  'recording-invalid': 'A folder that is not a recording, or one whose files contradict each other.',
  'recording-exists': 'The folder to write to already holds something.',
  'file-exists': 'The file to write to is there already.',
  'topic-ambiguous': 'A short topic name that fits several topics.',
  'topic-exists': 'A topic of that name is there already.',
  'topic-unknown': 'No such topic in the source.',
  'registry-missing': 'Avro records need a schema registry, and none was given.',
  'registry-unreachable': 'No schema registry answered at the addresses given.',
  'registry-refused': 'The schema registry asks for a login, or refused the one it was given.',
  // change
  'envelope-unknown': 'A record value that is none of the forms Debezium writes.',
  'avro-unreadable': 'An Avro key or value that does not fit its schema, or whose schema is not to be had.',
  'value-invalid': "A value that does not fit its column's type, or what an output declares.",
  'schema-unknown': 'Nothing tells the columns of a topic: it has no rows and its table no DDL.',
  'transaction-unknown': 'No such transaction in the source, or no transaction metadata at all.',
  'key-missing': 'A table that needs a key has none, or a record came without one.',
  // frame
  'column-unknown': "No such column in the frame, or in the input of a pipeline's step.",
  'frame-invalid': 'Columns that do not form a frame: lengths, types or names contradict each other.',
  'too-many-rows': 'More rows than the operation allows without being asked.',
  'moment-unknown':
    'A moment at which nothing is known of a table, or by a clock that its records do not have.',
  'order-unknown': 'Records of one key in several partitions, without an order among them.',
  'memory-exceeded': 'A replay that would keep more than its memory budget.',
  'package-missing': 'An optional package that this call needs is not installed.',
  'sql-failed': 'A query that DuckDB refused or could not finish.',
  cancelled: 'The caller cancelled.',
  // pipeline
  'pipeline-invalid': 'A pipeline that cannot be run as declared.',
  'pipeline-failed': 'A function of a pipeline threw an error.',
  // job
  'input-incomplete': 'A topic no longer holds all the records that its rows follow from.',
  'output-foreign': 'An output that holds something else than the rows of this job.',
  'output-failed': 'An output refused records or could not be reached.',
  'job-fenced': 'Another instance of the job has taken its place.',
  'job-held': 'Another instance of the job is running.',
  'input-gap': 'Records that a job has still to read are no longer in their topic.',
  'state-refused': 'The state of a job cannot be used, and nothing tells it could be computed anew.',
  'dead-letters-exceeded': 'More records and rows failed than the job accepts.',
  'job-file-invalid': 'A file that cannot be loaded, or that does not export the pipeline asked for.',
  // export
  'export-refused': 'A pipeline that cannot be exported as it is.',
  // stack
  'port-in-use': 'A port that is needed is taken by another process.',
  'database-failed': 'The database refused a statement or a connection.',
  'connect-unreachable': 'No Kafka Connect worker answered at the address given.',
  'connect-refused':
    'Kafka Connect refused a request, most often a configuration that it could not validate.',
  'connector-failed': 'A connector or one of its tasks failed, or did not run in time.',
  'docker-failed': 'Docker is missing, does not run, or did not do what Compose asked of it.',
} as const

/** One of the codes of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes

/** Where in Kafka something was met. Partition and offset are left out when the whole topic is meant. */
export interface RecordPosition {
  topic: string
  partition?: number
  offset?: number
}

/** What an {@link ObslabError} may carry besides its code and sentence. */
export interface ObslabErrorDetails {
  position?: RecordPosition
  cause?: unknown
}

/**
 * The only error obslab throws on purpose. `code` is one of `errorCodes`; `message` is one sentence or two:
 * what was expected, what was found, what to do. `position` is the record it was met at, where there is one.
 * It prints as its message and code alone: no stack of obslab's for a mistake that is not obslab's.
 */
export class ObslabError extends Error {
  /** What a program compares. */
  readonly code: ErrorCode
  /** The record it was met at. */
  readonly position: RecordPosition | undefined

  constructor(code: ErrorCode, message: string, details: ObslabErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ObslabError'
    this.code = code
    this.position = details.position
  }

  /** The sentence, the position when there is one, and the code in brackets. */
  override toString(): string {
    const at = this.position === undefined ? '' : ` (at ${formatPosition(this.position)})`
    return `${this.message}${at} [${this.code}]`
  }
}
printAs(ObslabError, error => error.toString())

/** `topic:partition:offset`, as far as it is known. */
export function formatPosition(position: RecordPosition): string {
  return [position.topic, position.partition, position.offset].filter(part => part !== undefined).join(':')
}
