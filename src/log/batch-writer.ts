import { ObslabError } from '../errors.js'
import { attributesAt, batchOverhead, lengthOverhead, type TimestampType } from './batch-header.js'
import { codecNames, compress, type WritableCodec } from './codec.js'
import { crc32c } from './crc32c.js'
import type { LogRecord } from './record-batch.js'
import { varintSize, writeVarint } from './varint.js'

/** A batch to write: its records with absolute offsets, ascending, and what its header says. */
export interface BatchToWrite {
  records: readonly LogRecord[]
  /** Default: the offset of the first record. Needed when there is none. */
  baseOffset?: number
  /** Default: the offset of the last record. Needed when there is none. */
  lastOffset?: number
  /** Default `none`. */
  codec?: WritableCodec
  /** Default CreateTime. With LogAppendTime every record is read back with `maxTimestamp`. */
  timestampType?: TimestampType
  /** Default: the greatest timestamp of the records, -1 without records. */
  maxTimestamp?: number
  /** Default -1: no idempotent or transactional producer. */
  producerId?: number
  /** Default -1. */
  producerEpoch?: number
  /** The sequence number of the record at `baseOffset`. Default -1. */
  baseSequence?: number
  /** Default 0. */
  partitionLeaderEpoch?: number
  /** Default false. */
  transactional?: boolean
  /** Default false. */
  control?: boolean
  /** When compaction may drop its tombstones, milliseconds since the epoch. Default: not set. */
  deleteHorizon?: number
}

/** Writes one RecordBatch v2. Zstd needs `loadCodecs()` to have been awaited. */
export function writeBatch(batch: BatchToWrite): Uint8Array {
  const { records, codec = 'none' } = batch
  const baseOffset = batch.baseOffset ?? records[0]?.offset
  const lastOffset = batch.lastOffset ?? records.at(-1)?.offset
  if (baseOffset === undefined || lastOffset === undefined || !ascends(records, baseOffset, lastOffset)) {
    throw new ObslabError(
      'option-invalid',
      'Expected the records of a batch by ascending offsets, within baseOffset and lastOffset where these are given.',
    )
  }
  const baseTimestamp = batch.deleteHorizon ?? records[0]?.timestamp ?? -1
  const plain = writeRecords(records, baseOffset, baseTimestamp)
  const body = records.length === 0 ? plain : compress(codec, plain)
  const bytes = Buffer.allocUnsafe(batchOverhead + body.length)
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt32BE(bytes.length - lengthOverhead, 8)
  bytes.writeInt32BE(batch.partitionLeaderEpoch ?? 0, 12)
  bytes.writeInt8(2, 16)
  bytes.writeInt16BE(attributesOf(batch, records.length === 0 ? 'none' : codec), attributesAt)
  bytes.writeInt32BE(lastOffset - baseOffset, 23)
  bytes.writeBigInt64BE(BigInt(baseTimestamp), 27)
  bytes.writeBigInt64BE(BigInt(batch.maxTimestamp ?? greatestTimestamp(records)), 35)
  bytes.writeBigInt64BE(BigInt(batch.producerId ?? -1), 43)
  bytes.writeInt16BE(batch.producerEpoch ?? -1, 51)
  bytes.writeInt32BE(batch.baseSequence ?? -1, 53)
  bytes.writeInt32BE(records.length, 57)
  bytes.set(body, batchOverhead)
  bytes.writeUInt32BE(crc32c(bytes, attributesAt), 17)
  return bytes
}

/** The record of a control batch that ends a transaction, as a transaction coordinator writes it. */
export function markerRecord(marker: 'commit' | 'abort', offset: number, timestamp: number): LogRecord {
  const key = Buffer.from([0, 0, 0, marker === 'commit' ? 1 : 0])
  const value = Buffer.alloc(6)
  return { offset, timestamp, key, value, headers: [] }
}

function ascends(records: readonly LogRecord[], baseOffset: number, lastOffset: number): boolean {
  let previous = baseOffset - 1
  for (const { offset } of records) {
    if (offset <= previous) return false
    previous = offset
  }
  return lastOffset >= baseOffset && previous <= lastOffset && lastOffset - baseOffset < 2 ** 31
}

function attributesOf(batch: BatchToWrite, codec: WritableCodec): number {
  return (
    codecNames.indexOf(codec) |
    (batch.timestampType === 'LogAppendTime' ? 0x08 : 0) |
    (batch.transactional ? 0x10 : 0) |
    (batch.control ? 0x20 : 0) |
    (batch.deleteHorizon === undefined ? 0 : 0x40)
  )
}

function greatestTimestamp(records: readonly LogRecord[]): number {
  let greatest = -1
  for (const { timestamp } of records) if (timestamp > greatest) greatest = timestamp
  return greatest
}

interface Sized {
  record: LogRecord
  length: number
  headerKeys: readonly Buffer[]
}

function writeRecords(records: readonly LogRecord[], baseOffset: number, baseTimestamp: number): Uint8Array {
  let size = 0
  const sized = records.map((record): Sized => {
    const headerKeys = record.headers.map(header => Buffer.from(header.key))
    let length =
      1 +
      varintSize(record.timestamp - baseTimestamp) +
      varintSize(record.offset - baseOffset) +
      sizeOf(record.key) +
      sizeOf(record.value) +
      varintSize(headerKeys.length)
    for (let index = 0; index < headerKeys.length; index++) {
      length += sizeOf(headerKeys[index]!) + sizeOf(record.headers[index]!.value)
    }
    size += varintSize(length) + length
    return { record, length, headerKeys }
  })
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const { record, length, headerKeys } of sized) {
    at = writeVarint(bytes, at, length)
    bytes[at++] = 0
    at = writeVarint(bytes, at, record.timestamp - baseTimestamp)
    at = writeVarint(bytes, at, record.offset - baseOffset)
    at = writeBytes(bytes, at, record.key)
    at = writeBytes(bytes, at, record.value)
    at = writeVarint(bytes, at, headerKeys.length)
    for (let index = 0; index < headerKeys.length; index++) {
      at = writeBytes(bytes, at, headerKeys[index]!)
      at = writeBytes(bytes, at, record.headers[index]!.value)
    }
  }
  return bytes
}

function sizeOf(field: Uint8Array | null): number {
  return field === null ? 1 : varintSize(field.length) + field.length
}

function writeBytes(bytes: Uint8Array, at: number, field: Uint8Array | null): number {
  if (field === null) return writeVarint(bytes, at, -1)
  at = writeVarint(bytes, at, field.length)
  bytes.set(field, at)
  return at + field.length
}
