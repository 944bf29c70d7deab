import type { ColumnType } from '../change/column-type.js'
import type { DeadLetterRecord } from './dead-letter.js'
import type { Holder } from './holder.js'
import type { Log } from './log.js'

/** One record of an output: the row of `key` is now `row`, or is gone when `row` is null. Both are encoded JSON. */
export interface OutputRecord {
  key: string
  row: string | null
}

/** A position in an input: everything below `next` has been taken. */
export interface InputOffset {
  topic: string
  partition: number
  next: number
}

/** How far an output has got. */
export interface SinkProgress {
  /** Where the inputs were when it was written. */
  offsets: readonly InputOffset[]
  /** Whether it holds what follows from the inputs up to there; false while a backfill is on its way. */
  whole: boolean
}

/** What is written together: all of it is in the output, or nothing. */
export interface SinkBatch {
  records: readonly OutputRecord[]
  deadLetters: readonly DeadLetterRecord[]
  /** How far the output is with this; null leaves what was kept before. */
  progress: SinkProgress | null
}

/** What an output holds, after compaction. */
export interface HeldOutput {
  /** Encoded key to encoded row. */
  rows: ReadonlyMap<string, string>
  /** Encoded key to encoded letter. */
  deadLetters: ReadonlyMap<string, string>
}

/** What a sink is opened for. */
export interface SinkRequest {
  /** The job's name, which what the sink keeps is named after. */
  job: string
  /** The pipeline's output: a topic, a table. */
  output: string
  /** The columns of the output's key, in order; null where only its rows tell them. */
  key: readonly string[] | null
  /** The columns of the output's rows, in order; null where nothing declares them. */
  columns: readonly ColumnType[] | null
  /** Settings of the output's topic: `{ 'retention.ms': '-1' }`. */
  settings: Readonly<Record<string, string>>
  /** Partitions to create the output with, where it is partitioned: those of the first input. */
  partitions: number
  /** How the source of the inputs is named. */
  source: string
  /** Who asks. */
  self: Holder
  log: Log
}

/** Where a job writes its rows. A job has one. */
export interface Sink {
  /** How messages name it: `kafka://host:port`, a file; without credentials. */
  readonly name: string

  /**
   * Whether rows are written together with how far they are, so that each change affects the output exactly once. Where
   * they are not, a job compares with what the output holds each time it starts, and a crash may write rows a second time.
   */
  readonly delivery: 'exactly-once' | 'at-least-once'

  /** Bytes of key and row together that a record may have; known once it is open. Left out: as many as it likes. */
  readonly maxRecordBytes?: number | undefined

  /** The live instance of the job that writes here now; null when there is none or the sink cannot tell. */
  holder(request: SinkRequest): Promise<Holder | null>

  /**
   * Takes the output over: from here on no earlier instance of the job can write. Only then is read how far the output is;
   * null when it never was written, or when the sink does not keep that. A missing output is created.
   */
  open(request: SinkRequest): Promise<SinkProgress | null>

  /** What the output holds. To be called after `open`. */
  held(): Promise<HeldOutput>

  /**
   * Writes a batch, and resolves when it is acknowledged. After a failure nobody knows whether it is in the output: the
   * sink is to be closed, and the job to start over.
   */
  write(batch: SinkBatch): Promise<void>

  /** Lets go of connections and files. Safe to call twice, and before `open`. */
  close(): Promise<void>
}
