import type { BatchHeader } from './batch-header.js'
import { writeBatch } from './batch-writer.js'
import type { WritableCodec } from './codec.js'
import type { LogRecord } from './record-batch.js'
import { RecordCursor } from './record-cursor.js'

interface Pending {
  /** Of the first batch; `lastOffset`, `nextOffset` and `maxTimestamp` grow with those that join it. */
  header: BatchHeader
  /** The only batch so far, as it was; undefined once another joined. */
  original: Uint8Array | undefined
  records: LogRecord[]
  size: number
}

/**
 * Writes the batches of one partition anew in `codec`, several small ones as one, which is what makes a recording
 * small. Offsets, timestamps, producer ids, epochs and sequences stay what they were: only batches of one producer
 * join, without a gap, and never across a marker, a delete horizon or an emptied batch, which pass unchanged.
 */
export class BatchMerger {
  readonly #codec: WritableCodec
  readonly #maxBytes: number
  #pending: Pending | undefined

  /** `maxBytes` is how large a batch may become before compression. Default 1 MiB. */
  constructor(codec: WritableCodec, maxBytes: number = 1024 * 1024) {
    this.#codec = codec
    this.#maxBytes = maxBytes
  }

  /** Takes the next batch and gives those that are ready to be written. A damaged batch is an error. */
  add(bytes: Uint8Array, header: BatchHeader): Uint8Array[] {
    if (header.control || header.deleteHorizon || header.recordCount === 0) {
      return [...this.flush(), bytes.subarray(header.at, header.end)]
    }
    const cursor = new RecordCursor(bytes, header)
    const pending = this.#pending
    const joins =
      pending !== undefined &&
      continues(pending.header, header) &&
      pending.size + cursor.bytes.length <= this.#maxBytes
    if (pending !== undefined && joins) {
      while (cursor.next()) pending.records.push(cursor.record())
      pending.size += cursor.bytes.length
      pending.original = undefined
      const { lastOffset, nextOffset } = header
      const maxTimestamp = Math.max(pending.header.maxTimestamp, header.maxTimestamp)
      pending.header = { ...pending.header, lastOffset, nextOffset, maxTimestamp }
      return []
    }
    const ready = this.flush()
    const records: LogRecord[] = []
    while (cursor.next()) records.push(cursor.record())
    const original = bytes.subarray(header.at, header.end)
    this.#pending = { header, original, records, size: cursor.bytes.length }
    return ready
  }

  /** Gives the batch that was still waiting for others to join it. */
  flush(): Uint8Array[] {
    const pending = this.#pending
    if (pending === undefined) return []
    this.#pending = undefined
    const { header, original, records } = pending
    if (original !== undefined && header.codec === this.#codec) return [original]
    const { baseOffset, lastOffset, timestampType, maxTimestamp, partitionLeaderEpoch, transactional } =
      header
    const { producerId, producerEpoch, baseSequence } = header
    return [
      writeBatch({
        records,
        codec: this.#codec,
        baseOffset,
        lastOffset,
        timestampType,
        maxTimestamp,
        partitionLeaderEpoch,
        transactional,
        producerId,
        producerEpoch,
        baseSequence,
      }),
    ]
  }
}

function continues(first: BatchHeader, next: BatchHeader): boolean {
  const offset = next.baseOffset - first.baseOffset
  return (
    next.baseOffset === first.nextOffset &&
    next.producerId === first.producerId &&
    next.producerEpoch === first.producerEpoch &&
    next.baseSequence === (first.baseSequence < 0 ? first.baseSequence : first.baseSequence + offset) &&
    next.transactional === first.transactional &&
    next.partitionLeaderEpoch === first.partitionLeaderEpoch &&
    next.timestampType === first.timestampType &&
    (next.timestampType === 'CreateTime' || next.maxTimestamp === first.maxTimestamp)
  )
}
