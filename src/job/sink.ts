import type { Log } from './log.js'

/** One record of an output: the row of `key` is now `row`, or is gone when `row` is null. Both are encoded JSON. */
export interface OutputRecord {
  key: string
  row: string | null
}

/** A position in an input: everything below `next` is in the output. */
export interface InputOffset {
  topic: string
  partition: number
  next: number
}

/** Records to write together. */
export interface SinkBatch {
  records: readonly OutputRecord[]
  /** How far the inputs are in the output once these records are: to be kept after the records, or with them. */
  offsets: readonly InputOffset[]
}

/** What a sink is opened for. */
export interface SinkRequest {
  /** The job's name, which what the sink keeps is named after. */
  job: string
  /** The pipeline's output topic. */
  output: string
  /** Partitions to create the output with, where it is partitioned: those of the first input. */
  partitions: number
  /** How the source of the inputs is named. */
  source: string
  log: Log
}

/** Where a job writes its rows. A job has one. */
export interface Sink {
  /** How messages name it: `kafka://host:port`, a file; without credentials. */
  readonly name: string

  /**
   * Takes the output over from an instance of the job that may have written before, creates it where it is missing, and
   * gives what it holds after compaction: encoded key to encoded row.
   */
  open(request: SinkRequest): Promise<ReadonlyMap<string, string>>

  /** Writes a batch, and resolves when it is acknowledged. After a failure the sink is to be closed: start over. */
  write(batch: SinkBatch): Promise<void>

  /** Lets go of connections and files. Safe to call twice, and before `open`. */
  close(): Promise<void>
}
