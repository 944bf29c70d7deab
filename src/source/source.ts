import type { SchemaRegistry } from './schema-registry.js'

/** The records `[start, stable)` of one partition are readable; `[stable, end)` belong to open transactions. */
export interface PartitionOffsets {
  partition: number
  /** The first offset still in the partition. */
  start: number
  /** The last stable offset: where reading committed records ends. */
  stable: number
  /** The high watermark: one past the last offset. */
  end: number
}

/** One topic of a source, with its partitions in ascending order. */
export interface TopicOffsets {
  topic: string
  /** `delete`, `compact` or `compact,delete`, as Kafka's `cleanup.policy` says it. */
  cleanupPolicy: string
  partitions: readonly PartitionOffsets[]
}

/** A stretch of one partition: from the offset `from` up to, not including, `to`. */
export interface OffsetRange {
  topic: string
  partition: number
  from: number
  to: number
}

/** A transaction that was aborted: its records start at `firstOffset` and end at its abort marker. */
export interface AbortedTransaction {
  producerId: number
  firstOffset: number
}

/**
 * Raw record batches of one partition, whole and in order, as they are on the wire and on disk. The first batch
 * may begin below the offset asked for and the last may end past it: a batch is never cut.
 */
export interface BatchChunk {
  topic: string
  partition: number
  /** One or more complete RecordBatches v2, back to back. */
  bytes: Uint8Array
  /** Aborted transactions that may have records in `bytes`, by ascending first offset. */
  aborted: readonly AbortedTransaction[]
  /** When it was read, by `performance.now()`, of one that was kept since; left out of one just read. */
  came?: number
}

/** What {@link Source.read} is asked for. */
export interface ReadRequest {
  ranges: readonly OffsetRange[]
  signal?: AbortSignal
  /**
   * About how many bytes to fetch of a partition at once; a batch comes whole, however large. For who wants a record or
   * two of many partitions. Left out, as many as reading on is fastest with.
   */
  bytesAtOnce?: number
}

/** What {@link Source.follow} is asked for: the position each partition continues at. */
export interface FollowRequest {
  positions: readonly { topic: string; partition: number; from: number }[]
  signal: AbortSignal
}

/**
 * A place records come from: a recording or a Kafka cluster. It joins no group and commits nothing. Both kinds
 * hand over the same raw batches, and one test suite holds for both.
 */
export interface Source {
  /** How messages name it: a folder, or `kafka://host:port`, without credentials. */
  readonly name: string

  /** Whether records may still be written to it: true for a cluster, false for a recording. */
  readonly growing: boolean

  /** Where the schemas of Avro records are; left out or undefined when nothing says. */
  readonly registry?: SchemaRegistry | undefined

  /**
   * The named topics, or all but Kafka's internal ones (`__consumer_offsets`, `__transaction_state`), ordered by
   * name, with their offsets taken in one round. An unknown name is a `topic-unknown` error that lists the nearest.
   */
  topics(names?: readonly string[]): Promise<readonly TopicOffsets[]>

  /**
   * The first offset of each partition whose record has a timestamp at or after `time` (milliseconds), or the
   * stable offset when there is none.
   */
  offsetsAt(topic: string, time: number): Promise<ReadonlyMap<number, number>>

  /**
   * Reads each range to its end and stops, even where the last offsets are markers, aborted or compacted away.
   * A range that begins below the partition's start is an `offset-out-of-range` error. Aborted by `signal`, it
   * rejects with a `cancelled` error.
   */
  read(request: ReadRequest): AsyncIterable<BatchChunk>

  /**
   * Like `read` without an end: yields batches as they become stable until `signal` is aborted, then returns. A source
   * that is not `growing` yields what it has, as fast as it is taken, and returns. Batches know nothing of the pace they
   * were written at: `followRecords` does.
   */
  follow(request: FollowRequest): AsyncIterable<BatchChunk>

  /**
   * How many bytes the named topics take on disk, one replica of each partition. A topic whose size the source does not
   * tell is left out: a broker tells only who may describe the cluster.
   */
  bytes?(names: readonly string[]): Promise<ReadonlyMap<string, number>>

  /** Lets go of connections and files. Safe to call twice. */
  close(): Promise<void>
}
