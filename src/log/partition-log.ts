import { basename, dirname } from 'node:path'
import { ObslabError } from '../errors.js'
import { type BatchHeader, batchHeaders } from './batch-header.js'
import { isSound, type Marker, RecordCursor, readMarker } from './record-cursor.js'
import {
  listSegments,
  parsePartitionFolder,
  readSegment,
  type SegmentChunk,
  type SegmentFile,
  type TornTail,
} from './segment.js'

/** An aborted transaction: its first record and its abort marker. */
export interface AbortedSpan {
  producerId: number
  firstOffset: number
  /** The offset of the abort marker. */
  lastOffset: number
}

/** About a megabyte of whole batches of a partition: where they lie and what they hold. */
export interface LogBlock {
  /** Which segment, as an index into `segments`. */
  segment: number
  /** Where in the segment's file. */
  at: number
  baseOffset: number
  nextOffset: number
  maxTimestamp: number
}

/** What one pass over the batch headers of a partition tells. */
export interface LogIndex {
  segments: readonly SegmentFile[]
  blocks: readonly LogBlock[]
  /** The offset the first segment is named after; compaction may have removed the records from there on. */
  startOffset: number
  /** One past the last offset. */
  endOffset: number
  /** The first offset of the earliest transaction that neither committed nor aborted; `endOffset` without one. */
  firstOpenOffset: number
  /** By ascending first offset. */
  aborted: readonly AbortedSpan[]
  /** What was cut off the end, when a write was interrupted. */
  torn: TornTail | undefined
}

/** Whole batches of a partition, in order. */
export interface LogChunk {
  bytes: Uint8Array
  baseOffset: number
  nextOffset: number
}

/**
 * The folder of one partition in Kafka's layout. The index is made at first use by reading the headers of all
 * batches once, at disk speed, and is kept; the records stay on disk.
 */
export class PartitionLog {
  readonly folder: string
  readonly #until: number
  #index: Promise<LogIndex> | undefined

  /** Batches from the offset `until` on are left out as if they were not there. Default: none are. */
  constructor(folder: string, until: number = Number.POSITIVE_INFINITY) {
    this.folder = folder
    this.#until = until
  }

  /**
   * Offsets, transactions and times of the log. A torn tail of the last segment is cut, as is a last batch whose
   * checksum is wrong; damage anywhere else is a `batch-corrupt` error.
   */
  index(): Promise<LogIndex> {
    this.#index ??= indexLog(this.folder, this.#until)
    return this.#index
  }

  /** The batches that hold offsets `[from, to)`, whole, in chunks of about a megabyte. */
  async *read(from: number, to: number): AsyncGenerator<LogChunk, void, undefined> {
    const index = await this.index()
    const end = Math.min(to, index.endOffset)
    const block = index.blocks.findLast(block => block.baseOffset <= from) ?? index.blocks[0]
    if (block === undefined || from >= end) return
    for (let segment = block.segment; segment < index.segments.length; segment++) {
      const at = segment === block.segment ? block.at : 0
      for await (const chunk of readSegment(index.segments[segment]!.path, { at })) {
        const { part, passed } = cutChunk(chunk, from, end)
        if (part !== undefined) yield part
        if (passed) return
      }
    }
  }

  /** The first offset within `[from, to)` whose record has a timestamp at or after `time`, in milliseconds. */
  async offsetAt(time: number, from: number, to: number): Promise<number | undefined> {
    const index = await this.index()
    const end = Math.min(to, index.endOffset)
    for (const block of index.blocks) {
      if (block.maxTimestamp < time || block.nextOffset <= from) continue
      if (block.baseOffset >= end) return undefined
      for await (const { bytes } of this.read(
        Math.max(from, block.baseOffset),
        Math.min(end, block.nextOffset),
      )) {
        for (const header of batchHeaders(bytes)) {
          if (header.maxTimestamp < time) continue
          const cursor = new RecordCursor(bytes, header)
          while (cursor.next()) {
            if (cursor.offset >= end) return undefined
            if (cursor.offset >= from && cursor.timestamp >= time) return cursor.offset
          }
        }
      }
    }
    return undefined
  }
}

function cutChunk(chunk: SegmentChunk, from: number, to: number): { part?: LogChunk; passed: boolean } {
  let first: BatchHeader | undefined
  let last: BatchHeader | undefined
  let passed = false
  for (const header of batchHeaders(chunk.bytes)) {
    if (header.nextOffset <= from) continue
    if (header.baseOffset >= to) {
      passed = true
      break
    }
    first ??= header
    last = header
  }
  if (first === undefined || last === undefined) return { passed }
  const bytes = chunk.bytes.subarray(first.at, last.end)
  const part = { bytes, baseOffset: first.baseOffset, nextOffset: last.nextOffset }
  return { part, passed: passed || last.nextOffset >= to }
}

async function indexLog(folder: string, until: number): Promise<LogIndex> {
  const segments = await listSegments(folder)
  const startOffset = segments[0]?.baseOffset ?? 0
  const pass = new IndexPass(startOffset, until)
  for (let segment = 0; segment < segments.length; segment++) {
    const { path } = segments[segment]!
    const onTorn = (tail: TornTail): void => {
      pass.torn = tail
    }
    for await (const chunk of readSegment(path, { onTorn })) pass.add(path, segment, chunk)
    if (pass.torn !== undefined && segment < segments.length - 1) {
      throw new ObslabError(
        'batch-corrupt',
        `${path}: expected whole batches up to the next segment, found ${pass.torn.bytes} bytes at byte ` +
          `${pass.torn.at} that are none. Copy the folder again from a stopped broker.`,
      )
    }
  }
  return pass.finish(segments, startOffset)
}

/** The error of a batch with the file it is in and, where the folder has a partition's name, its position. */
function locateInFile(error: unknown, path: string, at: number, offset: number | undefined): unknown {
  if (!(error instanceof ObslabError)) return error
  const partition = parsePartitionFolder(basename(dirname(path)))
  const position = partition && { ...partition, ...(offset !== undefined && { offset }) }
  const details = { ...(position && { position }), cause: error.cause }
  return new ObslabError(error.code, `${path}, byte ${at}: ${error.message}`, details)
}

/** Collects the index over the chunks of a partition. */
class IndexPass {
  torn: TornTail | undefined
  readonly #blocks: LogBlock[] = []
  readonly #aborted: AbortedSpan[] = []
  readonly #open = new Map<number, number>()
  readonly #until: number
  #nextOffset: number
  #lastBatch: { path: string; bytes: Uint8Array; header: BatchHeader; at: number } | undefined
  /** What reading a marker met. When it is the last batch it is cut like any other; else the log is damaged. */
  #damagedMarker: ObslabError | undefined

  constructor(startOffset: number, until: number) {
    this.#nextOffset = startOffset
    this.#until = until
  }

  add(path: string, segment: number, chunk: SegmentChunk): void {
    let block: LogBlock | undefined
    const locate = (error: unknown, at: number, offset: number | undefined): unknown =>
      locateInFile(error, path, chunk.at + at, offset)
    for (const header of batchHeaders(chunk.bytes, locate)) {
      if (header.baseOffset >= this.#until) break
      if (this.#damagedMarker !== undefined) throw this.#damagedMarker
      if (header.baseOffset < this.#nextOffset) {
        throw new ObslabError(
          'batch-corrupt',
          `${path}, byte ${chunk.at + header.at}: expected a batch at offset ${this.#nextOffset} or later, found ` +
            `one at ${header.baseOffset}. Copy the folder again from a stopped broker.`,
        )
      }
      this.#nextOffset = header.nextOffset
      const { baseOffset, nextOffset, maxTimestamp } = header
      block ??= { segment, at: chunk.at, baseOffset, nextOffset, maxTimestamp }
      block.nextOffset = nextOffset
      block.maxTimestamp = Math.max(block.maxTimestamp, maxTimestamp)
      if (header.transactional) this.#transaction(chunk.bytes, header)
      this.#lastBatch = { path, bytes: chunk.bytes, header, at: chunk.at + header.at }
    }
    if (block !== undefined) this.#blocks.push(block)
  }

  finish(segments: readonly SegmentFile[], startOffset: number): LogIndex {
    let endOffset = this.#nextOffset
    let torn = this.torn
    const last = this.#lastBatch
    if (last !== undefined && !isSound(last.bytes, last.header)) {
      endOffset = last.header.baseOffset
      torn = { path: last.path, at: last.at, bytes: last.header.end - last.header.at + (torn?.bytes ?? 0) }
    }
    return {
      segments,
      blocks: this.#blocks,
      startOffset,
      endOffset,
      firstOpenOffset: Math.min(endOffset, ...this.#open.values()),
      aborted: this.#aborted.sort((a, b) => a.firstOffset - b.firstOffset),
      torn,
    }
  }

  #transaction(bytes: Uint8Array, header: BatchHeader): void {
    const { producerId } = header
    const firstOffset = this.#open.get(producerId)
    if (!header.control) {
      if (firstOffset === undefined) this.#open.set(producerId, header.baseOffset)
      return
    }
    if (firstOffset === undefined) return
    const marker = this.#readMarker(bytes, header)
    if (marker === 'other') return
    this.#open.delete(producerId)
    if (marker === 'abort') this.#aborted.push({ producerId, firstOffset, lastOffset: header.lastOffset })
  }

  #readMarker(bytes: Uint8Array, header: BatchHeader): Marker {
    try {
      return readMarker(bytes, header)
    } catch (error) {
      if (!(error instanceof ObslabError)) throw error
      this.#damagedMarker = error
      return 'other'
    }
  }
}
