import { ObslabError } from '../errors.js'
import { type CodecName, codecName } from './codec.js'

/** Bytes of a RecordBatch v2 before its records. */
export const batchOverhead = 61

/** Bytes before the batch's length counts: the base offset and the length itself. */
export const lengthOverhead = 12

/** Where the CRC-32C begins to cover the batch. */
export const attributesAt = 21

/** Whose time the records of a batch carry, by Kafka's names. */
export type TimestampType = 'CreateTime' | 'LogAppendTime'

/** What the header of a RecordBatch v2 says, and where the batch lies in its buffer. */
export interface BatchHeader {
  /** Where the batch begins in its buffer. */
  at: number
  /** Where the next batch begins. */
  end: number
  baseOffset: number
  /** The last offset the batch stands for, even when compaction removed the record. */
  lastOffset: number
  /** Where to read on: one past `lastOffset`. */
  nextOffset: number
  partitionLeaderEpoch: number
  crc: number
  codec: CodecName
  timestampType: TimestampType
  transactional: boolean
  /** A batch of markers (commit, abort), which are not records for a consumer. */
  control: boolean
  /**
   * The number that the records' timestamp deltas are relative to. Not a time to show: with `deleteHorizon` it is
   * the moment, milliseconds since the epoch, at which compaction may drop the tombstones and markers of the batch.
   */
  baseTimestamp: number
  deleteHorizon: boolean
  /** The greatest timestamp of its records, or with LogAppendTime the timestamp of each of them. -1 for none. */
  maxTimestamp: number
  /** -1 when the producer is neither idempotent nor transactional. */
  producerId: number
  producerEpoch: number
  baseSequence: number
  /** How many records are in it; 0 when compaction kept only the header. */
  recordCount: number
}

/**
 * Reads the header of the batch that begins at `at`. A batch that the buffer does not hold whole is a
 * `batch-corrupt` error; formats before magic 2 and numbers beyond 2^53 are `batch-unsupported`. The checksum is
 * compared when the records are read.
 */
export function readBatchHeader(bytes: Uint8Array, at: number = 0): BatchHeader {
  const end = batchEnd(bytes, at)
  if (end > bytes.length) {
    throw new ObslabError(
      'batch-corrupt',
      `Expected a whole record batch of ${end - at} bytes, found ${bytes.length - at} bytes: it is cut short.`,
    )
  }
  const baseOffset = readInt64(bytes, at, 'base offset')
  const attributes = (bytes[at + attributesAt]! << 8) | bytes[at + attributesAt + 1]!
  const lastOffset = baseOffset + readInt32(bytes, at + 23)
  const recordCount = readInt32(bytes, at + 57)
  if (baseOffset < 0 || lastOffset < baseOffset || recordCount < 0) {
    throw new ObslabError(
      'batch-corrupt',
      `Expected ascending offsets and a record count, found offsets ${baseOffset} to ${lastOffset} ` +
        `and ${recordCount} records in one batch.`,
    )
  }
  return {
    at,
    end,
    baseOffset,
    lastOffset,
    nextOffset: lastOffset + 1,
    partitionLeaderEpoch: readInt32(bytes, at + 12),
    crc: readInt32(bytes, at + 17) >>> 0,
    codec: codecName(attributes & 7),
    timestampType: (attributes & 0x08) === 0 ? 'CreateTime' : 'LogAppendTime',
    transactional: (attributes & 0x10) !== 0,
    control: (attributes & 0x20) !== 0,
    baseTimestamp: readInt64(bytes, at + 27, 'base timestamp'),
    deleteHorizon: (attributes & 0x40) !== 0,
    maxTimestamp: readInt64(bytes, at + 35, 'max timestamp'),
    producerId: readInt64(bytes, at + 43, 'producer id'),
    producerEpoch: readInt32(bytes, at + 51) >> 16,
    baseSequence: readInt32(bytes, at + 53),
    recordCount,
  }
}

/**
 * Reads the headers of the batches that lie back to back in `bytes`, in order. `locate` may give the error of a header
 * that cannot be read a place; it is told where the batch begins in `bytes` and its base offset, where that is there.
 */
export function* batchHeaders(
  bytes: Uint8Array,
  locate?: (error: unknown, at: number, baseOffset: number | undefined) => unknown,
): Generator<BatchHeader, void, undefined> {
  for (let at = 0; at < bytes.length; ) {
    const header = locate === undefined ? readBatchHeader(bytes, at) : readLocated(bytes, at, locate)
    yield header
    at = header.end
  }
}

/**
 * Where the last batch that `bytes` holds whole ends; what follows is the beginning of one more batch, or nothing.
 * `from` is where a batch begins. When that is no batch it is an error, as in {@link readBatchHeader}; later bytes
 * that are none end the walk, and are an error for who begins there.
 */
export function wholeBatchesEnd(bytes: Uint8Array, from: number = 0): number {
  let at = from
  while (at + 17 <= bytes.length && (at === from || beginsBatch(bytes, at))) {
    const end = batchEnd(bytes, at)
    if (end > bytes.length) break
    at = end
  }
  return at
}

function readLocated(
  bytes: Uint8Array,
  at: number,
  locate: (error: unknown, at: number, baseOffset: number | undefined) => unknown,
): BatchHeader {
  try {
    return readBatchHeader(bytes, at)
  } catch (error) {
    const offset =
      at + 8 <= bytes.length ? readInt32(bytes, at) * 2 ** 32 + (readInt32(bytes, at + 4) >>> 0) : -1
    throw locate(error, at, offset >= 0 && Number.isSafeInteger(offset) ? offset : undefined)
  }
}

/** Where the batch that begins at `at` says it ends, which may be past the buffer; needs its first 17 bytes. */
export function batchEnd(bytes: Uint8Array, at: number): number {
  if (at + 17 > bytes.length) {
    throw new ObslabError(
      'batch-corrupt',
      `Expected a record batch, found ${bytes.length - at} bytes: fewer than its shortest beginning.`,
    )
  }
  const magic = bytes[at + 16]!
  const length = readInt32(bytes, at + 8)
  if (beginsBatch(bytes, at)) return at + lengthOverhead + length
  if (magic < 2 && length >= 14) {
    throw new ObslabError(
      'batch-unsupported',
      `Expected record batches of magic 2, which Kafka writes since 0.11, found message format ${magic}. ` +
        'Have the topic rewritten by a consumer and a producer of today.',
    )
  }
  throw new ObslabError(
    'batch-corrupt',
    `Expected a record batch of magic 2, found magic ${magic} and length ${length}: these bytes are not a batch.`,
  )
}

function beginsBatch(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 16] === 2 && readInt32(bytes, at + 8) >= batchOverhead - lengthOverhead
}

/** A big-endian signed 32-bit integer. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** A big-endian signed 64-bit integer as a number; beyond 2^53 it is a `batch-unsupported` error naming `what`. */
export function readInt64(bytes: Uint8Array, at: number, what: string): number {
  const value = readInt32(bytes, at) * 2 ** 32 + (readInt32(bytes, at + 4) >>> 0)
  if (Number.isSafeInteger(value)) return value
  throw new ObslabError(
    'batch-unsupported',
    `Expected a ${what} within 2^53, found one beyond it. obslab keeps offsets, times and producer ids as numbers.`,
  )
}
