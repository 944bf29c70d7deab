import { ObslabError } from '../errors.js'
import { attributesAt, type BatchHeader, batchOverhead } from './batch-header.js'
import { decompress, defaultMaxBatchBytes } from './codec.js'
import { crc32c } from './crc32c.js'
import type { Header, LogRecord } from './record-batch.js'
import { VarintReader } from './varint.js'

/** How records are read out of a batch. */
export interface ReadOptions {
  /** How far a compressed batch may expand, in bytes, before it is a `batch-too-large` error. Default 128 MiB. */
  maxBytes?: number
}

const noHeaders: readonly Header[] = []

/**
 * Walks the records of one batch without making objects: `next` moves on, then the fields tell where in `bytes` the
 * record lies. Constructing it compares the CRC-32C and expands the batch. `key`, `value` and `headers` are views of
 * `bytes`, so one kept record keeps its whole batch.
 *
 * A timestamp is the batch's base plus the record's delta, also when the base is a delete horizon: Kafka's cleaner
 * sets the base to the horizon and rewrites the deltas relative to it. With LogAppendTime it is the batch's greatest
 * timestamp, whatever the delta says.
 */
export class RecordCursor {
  /** The records, expanded. */
  readonly bytes: Buffer
  offset: number
  timestamp: number
  keyAt: number
  /** -1 for a null key. */
  keyLength: number
  valueAt: number
  /** -1 for a null value. */
  valueLength: number
  readonly #header: BatchHeader
  readonly #reader: VarintReader
  #read: number
  #headersAt: number
  #lastHeaders: readonly Header[]
  #lastHeadersAt: number
  #lastHeadersEnd: number

  constructor(bytes: Uint8Array, header: BatchHeader, options: ReadOptions = {}) {
    checkCrc(bytes, header)
    const limit = options.maxBytes ?? defaultMaxBatchBytes
    const body = bytes.subarray(header.at + batchOverhead, header.end)
    const expanded =
      header.recordCount === 0 ? body : inBatch(header, () => decompress(header.codec, body, limit))
    this.bytes = Buffer.from(expanded.buffer, expanded.byteOffset, expanded.byteLength)
    this.offset = header.baseOffset - 1
    this.timestamp = -1
    this.keyAt = 0
    this.keyLength = -1
    this.valueAt = 0
    this.valueLength = -1
    this.#header = header
    this.#reader = new VarintReader(this.bytes)
    this.#read = 0
    this.#headersAt = 0
    this.#lastHeaders = noHeaders
    this.#lastHeadersAt = 0
    this.#lastHeadersEnd = 0
  }

  /** Moves to the next record. False after the last one. */
  next(): boolean {
    if (this.#read === this.#header.recordCount) {
      if (this.#reader.at === this.bytes.length) return false
      throw this.#corrupt(`${this.bytes.length - this.#reader.at} bytes after its ${this.#read} records`)
    }
    this.#read++
    try {
      this.#readRecord()
    } catch (error) {
      throw nameBatch(error, this.#header)
    }
    return true
  }

  /** The key of the record, a view. */
  key(): Uint8Array | null {
    return this.keyLength < 0 ? null : this.bytes.subarray(this.keyAt, this.keyAt + this.keyLength)
  }

  /** The value of the record, a view. Null is a tombstone. */
  value(): Uint8Array | null {
    return this.valueLength < 0 ? null : this.bytes.subarray(this.valueAt, this.valueAt + this.valueLength)
  }

  /** The headers of the record. Records with the same header bytes as the one before share one array. */
  headers(): readonly Header[] {
    const at = this.#headersAt
    const end = this.#reader.at
    if (this.bytes[at] === 0 && end === at + 1) return noHeaders
    const sameLength = end - at === this.#lastHeadersEnd - this.#lastHeadersAt
    if (
      sameLength &&
      this.bytes.compare(this.bytes, this.#lastHeadersAt, this.#lastHeadersEnd, at, end) === 0
    ) {
      return this.#lastHeaders
    }
    this.#lastHeaders = readHeaders(new VarintReader(this.bytes, at, end))
    this.#lastHeadersAt = at
    this.#lastHeadersEnd = end
    return this.#lastHeaders
  }

  /** The record as an object of its own. */
  record(): LogRecord {
    return {
      offset: this.offset,
      timestamp: this.timestamp,
      key: this.key(),
      value: this.value(),
      headers: this.headers(),
    }
  }

  #readRecord(): void {
    const reader = this.#reader
    const header = this.#header
    const length = reader.int32()
    const end = reader.at + length
    if (length < 0 || end > this.bytes.length) throw this.#corrupt('a record longer than its batch')
    reader.at++ // attributes, unused since magic 2
    const timestampDelta = reader.int64()
    const offset = header.baseOffset + reader.int32()
    if (offset <= this.offset || offset > header.lastOffset) {
      throw this.#corrupt(`offset ${offset} after ${this.offset}`)
    }
    this.offset = offset
    this.timestamp =
      header.timestampType === 'LogAppendTime' ? header.maxTimestamp : header.baseTimestamp + timestampDelta
    this.keyLength = reader.int32()
    this.keyAt = reader.at
    if (this.keyLength > 0) reader.at += this.keyLength
    if (reader.at >= end) throw this.#corrupt('a key longer than its record')
    this.valueLength = reader.int32()
    this.valueAt = reader.at
    if (this.valueLength > 0) reader.at += this.valueLength
    if (reader.at >= end) throw this.#corrupt('a value longer than its record')
    this.#headersAt = reader.at
    skipHeaders(reader)
    if (reader.at !== end) throw this.#corrupt('fields that do not fill their record')
  }

  #corrupt(found: string): ObslabError {
    return new ObslabError('batch-corrupt', `${batchName(this.#header)}: found ${found}.`)
  }
}

/**
 * The records of the batch that `header` was read from, in order. `bytes` is the buffer that holds the batch. For a
 * control batch these are its markers. A wrong CRC-32C or fields that contradict each other are a `batch-corrupt`
 * error.
 */
export function readRecords(bytes: Uint8Array, header: BatchHeader, options: ReadOptions = {}): LogRecord[] {
  const records: LogRecord[] = []
  const cursor = new RecordCursor(bytes, header, options)
  while (cursor.next()) records.push(cursor.record())
  return records
}

/** What a control batch marks. `other` is a marker that consumers do not act on, or an emptied batch. */
export type Marker = 'commit' | 'abort' | 'other'

/** Reads the marker of a control batch. */
export function readMarker(bytes: Uint8Array, header: BatchHeader): Marker {
  const cursor = new RecordCursor(bytes, header)
  if (!cursor.next() || cursor.keyLength < 4) return 'other'
  const type = cursor.bytes.readInt16BE(cursor.keyAt + 2)
  return type === 0 ? 'abort' : type === 1 ? 'commit' : 'other'
}

/** Whether the CRC-32C of the batch is right. */
export function isSound(bytes: Uint8Array, header: BatchHeader): boolean {
  return crc32c(bytes, header.at + attributesAt, header.end) === header.crc
}

function checkCrc(bytes: Uint8Array, header: BatchHeader): void {
  const found = crc32c(bytes, header.at + attributesAt, header.end)
  if (found === header.crc) return
  throw new ObslabError(
    'batch-corrupt',
    `${batchName(header)}: expected CRC-32C ${hex(header.crc)}, found ${hex(found)}. ` +
      'The bytes were damaged after the producer sent them; copy or fetch them again.',
  )
}

function skipHeaders(reader: VarintReader): void {
  const count = reader.int32()
  if (count < 0) throw new ObslabError('batch-corrupt', `found ${count} headers`)
  for (let index = 0; index < count; index++) {
    const keyLength = reader.int32()
    if (keyLength < 0) throw new ObslabError('batch-corrupt', 'found a header without a name')
    reader.at += keyLength
    const valueLength = reader.int32()
    if (valueLength > 0) reader.at += valueLength
  }
}

function readHeaders(reader: VarintReader): Header[] {
  const headers: Header[] = []
  const bytes = reader.bytes as Buffer
  for (let left = reader.int32(); left > 0; left--) {
    const keyLength = reader.int32()
    const key = bytes.toString('utf8', reader.at, reader.at + keyLength)
    reader.at += keyLength
    const valueLength = reader.int32()
    headers.push({ key, value: valueLength < 0 ? null : bytes.subarray(reader.at, reader.at + valueLength) })
    if (valueLength > 0) reader.at += valueLength
  }
  return headers
}

function inBatch<T>(header: BatchHeader, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw nameBatch(error, header)
  }
}

function nameBatch(error: unknown, header: BatchHeader): unknown {
  if (!(error instanceof ObslabError) || error.message.startsWith(batchName(header))) return error
  return new ObslabError(error.code, `${batchName(header)}: ${error.message}`, { cause: error.cause })
}

function batchName(header: BatchHeader): string {
  return `Record batch with offsets ${header.baseOffset} to ${header.lastOffset}`
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
