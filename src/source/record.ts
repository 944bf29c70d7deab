import { ObslabError } from '../errors.js'
import { type BatchHeader, batchHeaders } from '../log/batch-header.js'
import type { Header } from '../log/record-batch.js'
import { type ReadOptions, RecordCursor, readMarker } from '../log/record-cursor.js'
import type { BatchChunk } from './source.js'

/** One Kafka record, as a consumer that reads committed records sees it. */
export interface KafkaRecord {
  topic: string
  partition: number
  offset: number
  /** Milliseconds since the epoch: the producer's time, or the broker's when the topic says LogAppendTime. */
  timestamp: number
  key: Uint8Array | null
  value: Uint8Array | null
  headers: readonly Header[]
}

/** Where a {@link RecordReader} begins and ends, and how far a batch may expand. */
export interface RecordReaderOptions extends ReadOptions {
  /** The first offset to give. Default 0. */
  from?: number
  /** Where to end: no record at or after this offset is given. Default: none. */
  to?: number
}

/**
 * Reads the committed records out of the chunks of one partition, chunk after chunk in order. It does what a Kafka
 * consumer with `isolation.level=read_committed` does: from the first offset of an aborted transaction on, its
 * producer's transactional batches are left out, until its abort marker; markers themselves are never records.
 */
export class RecordReader {
  readonly topic: string
  readonly partition: number
  readonly #from: number
  readonly #to: number
  readonly #options: ReadOptions
  /** The offset of each producer's last marker: a transaction that began below it has ended. */
  readonly #markers = new Map<number, number>()
  #next: number

  constructor(topic: string, partition: number, options: RecordReaderOptions = {}) {
    this.topic = topic
    this.partition = partition
    this.#from = options.from ?? 0
    this.#to = options.to ?? Number.POSITIVE_INFINITY
    this.#options = options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }
    this.#next = this.#from
  }

  /**
   * The offset to read on at. It moves past batches without records for the consumer (markers, aborted, compacted
   * away), so it can be beyond the last record given; it never passes `to`.
   */
  get next(): number {
    return this.#next
  }

  /** Whether `to` is reached. */
  get done(): boolean {
    return this.#next >= this.#to
  }

  /** The records of a chunk. Keys and values are views: a kept record keeps its whole batch in memory. */
  read(chunk: BatchChunk): KafkaRecord[] {
    const records: KafkaRecord[] = []
    const { topic, partition } = this
    this.scan(chunk, cursor => {
      records.push({
        topic,
        partition,
        offset: cursor.offset,
        timestamp: cursor.timestamp,
        key: cursor.key(),
        value: cursor.value(),
        headers: cursor.headers(),
      })
    })
    return records
  }

  /**
   * Like `read`, making no objects: `visit` is called for each record with a cursor that stands on it. The cursor
   * moves on when `visit` returns. An error in a batch carries the topic, the partition and the batch's offset.
   */
  scan(chunk: BatchChunk, visit: (record: RecordCursor) => void): void {
    const { bytes, aborted } = chunk
    const abortedProducers = new Set<number>()
    let started = 0
    for (const header of batchHeaders(bytes, headerLocator(this))) {
      if (header.producerId >= 0) {
        while (started < aborted.length && aborted[started]!.firstOffset <= header.lastOffset) {
          const { producerId, firstOffset } = aborted[started++]!
          if (firstOffset > (this.#markers.get(producerId) ?? -1)) abortedProducers.add(producerId)
        }
      }
      if (header.baseOffset >= this.#to) {
        this.#next = this.#to
        break
      }
      if (header.control) {
        this.#markers.set(header.producerId, header.lastOffset)
        if (abortedProducers.has(header.producerId) && this.#isAbort(bytes, header)) {
          abortedProducers.delete(header.producerId)
        }
      } else if (header.nextOffset > this.#next) {
        const left = header.transactional && abortedProducers.has(header.producerId)
        if (!left) this.#scanBatch(bytes, header, visit)
      }
      this.#next = Math.max(this.#next, Math.min(header.nextOffset, this.#to))
    }
  }

  #scanBatch(bytes: Uint8Array, header: BatchHeader, visit: (record: RecordCursor) => void): void {
    const from = this.#next
    let visiting = false
    try {
      const cursor = new RecordCursor(bytes, header, this.#options)
      while (cursor.next()) {
        if (cursor.offset < from) continue
        if (cursor.offset >= this.#to) return
        visiting = true
        visit(cursor)
        visiting = false
      }
    } catch (error) {
      throw visiting ? error : this.#locate(error, header)
    }
  }

  #isAbort(bytes: Uint8Array, header: BatchHeader): boolean {
    try {
      return readMarker(bytes, header) === 'abort'
    } catch (error) {
      throw this.#locate(error, header)
    }
  }

  #locate(error: unknown, header: BatchHeader): unknown {
    return locatedError(error, this, header.baseOffset)
  }
}

/** An error met in a batch, with the batch's position. */
export function locatedError(
  error: unknown,
  { topic, partition }: { topic: string; partition: number },
  offset: number | undefined,
): unknown {
  if (!(error instanceof ObslabError)) return error
  const position = { topic, partition, ...(offset !== undefined && { offset }) }
  return new ObslabError(error.code, error.message, { position, cause: error.cause })
}

/** What gives the headers of a partition's batches that cannot be read their position, for `batchHeaders`. */
export function headerLocator(partition: {
  topic: string
  partition: number
}): (error: unknown, at: number, baseOffset: number | undefined) => unknown {
  return (error, _, baseOffset) => locatedError(error, partition, baseOffset)
}
