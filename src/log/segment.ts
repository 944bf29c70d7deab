import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ObslabError } from '../errors.js'
import { batchEnd, wholeBatchesEnd } from './batch-header.js'

const shortestBeginning = 17

/** One segment of a partition: a file of record batches back to back. */
export interface SegmentFile {
  path: string
  /** The offset in its name: no batch in it begins below. */
  baseOffset: number
  bytes: number
}

/** Bytes at the end of a segment that are not a whole batch: a write that was interrupted. */
export interface TornTail {
  path: string
  /** Where in the file the last whole batch ends. */
  at: number
  bytes: number
}

/** Whole batches of a segment, and where they lie in its file. */
export interface SegmentChunk {
  at: number
  bytes: Uint8Array
}

/** How {@link readSegment} reads. */
export interface ReadSegmentOptions {
  /** Where in the file to begin; a batch must begin there. Default 0. */
  at?: number
  /** How many bytes to read at once. A larger batch still comes whole. Default 1 MiB. */
  chunkBytes?: number
  /** Told when the file ends in the middle of a batch; that beginning of a batch is left out. */
  onTorn?: (tail: TornTail) => void
}

/** The folder name of a partition, as Kafka names it. */
export function partitionFolder(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/**
 * Topic and partition of a folder name, or undefined for other folders: those that Kafka has scheduled for deletion
 * (`…-delete`), moves between disks (`…-future`) or does not know any more (`…-stray`) do not end with a number.
 */
export function parsePartitionFolder(name: string): { topic: string; partition: number } | undefined {
  const match = /^([A-Za-z0-9._-]{1,249})-(0|[1-9]\d{0,9})$/.exec(name)
  return match === null ? undefined : { topic: match[1]!, partition: Number(match[2]) }
}

/** The name of a segment's file: its base offset in 20 digits. */
export function segmentFileName(baseOffset: number): string {
  return `${String(baseOffset).padStart(20, '0')}.log`
}

/**
 * The segments of a partition's folder in the order of their offsets. Indexes, snapshots and what Kafka marks as
 * `.deleted`, `.cleaned` or `.swap` are left out.
 */
export async function listSegments(folder: string): Promise<SegmentFile[]> {
  const segments: SegmentFile[] = []
  for (const name of (await readdir(folder)).sort()) {
    const match = /^(\d{20})\.log$/.exec(name)
    if (match === null) continue
    const path = join(folder, name)
    segments.push({ path, baseOffset: Number(match[1]), bytes: (await stat(path)).size })
  }
  return segments
}

/**
 * Reads a segment in chunks of whole batches, each chunk in a buffer of its own. Bytes that cannot be batches are a
 * `batch-corrupt` or `batch-unsupported` error that names the file.
 */
export async function* readSegment(
  path: string,
  options: ReadSegmentOptions = {},
): AsyncGenerator<SegmentChunk, void, undefined> {
  const chunkBytes = options.chunkBytes ?? 1024 * 1024
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    let at = options.at ?? 0
    let wanted = chunkBytes
    while (at < size) {
      const bytes = await readAt(file, at, Math.min(wanted, size - at))
      if (bytes.length < shortestBeginning || (await isZeroed(file, at, size, bytes))) break
      const end = wholeEnd(path, at, bytes)
      if (end > 0) {
        yield { at, bytes: bytes.subarray(0, end) }
        at += end
        wanted = chunkBytes
      } else {
        wanted = batchEnd(bytes, 0)
        if (at + wanted > size) break
      }
    }
    if (at < size) options.onTorn?.({ path, at, bytes: size - at })
  } finally {
    await file.close()
  }
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, at + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** Whether everything from `at` on is zero: a preallocated file, or a crash before the blocks were written. */
async function isZeroed(file: FileHandle, at: number, size: number, first: Buffer): Promise<boolean> {
  let bytes = first
  for (;;) {
    if (bytes.some(byte => byte !== 0)) return false
    at += bytes.length
    if (at >= size || bytes.length === 0) return true
    bytes = await readAt(file, at, Math.min(1024 * 1024, size - at))
  }
}

function wholeEnd(path: string, at: number, bytes: Uint8Array): number {
  try {
    return wholeBatchesEnd(bytes)
  } catch (error) {
    if (!(error instanceof ObslabError)) throw error
    throw new ObslabError(error.code, `${path}, byte ${at}: ${error.message}`)
  }
}
