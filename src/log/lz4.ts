import { lz4Compress } from '@platformatic/wasm-utils'
import { copyBytes, repeatBytes } from './byte-copy.js'
import { corruptFrame, tooLarge } from './codec-error.js'

const frameMagic = 0x184d2204
const blockIndependence = 0x20
const blockChecksum = 0x10
const contentSize = 0x08
const contentChecksum = 0x04
const dictionaryId = 0x01
const uncompressedBlock = 0x80000000
const linkedWindow = 0x10000

interface Block {
  at: number
  end: number
  compressed: boolean
  size: number
}

/** Compresses to one LZ4 frame with independent blocks, which is what Java clients require. */
export function compressLz4(bytes: Uint8Array): Uint8Array {
  return lz4Compress(asBuffer(bytes))
}

/**
 * Expands LZ4 frames, blocks independent or linked, with or without sizes and checksums. The size is counted from
 * the sequences before memory is taken: beyond `limit` bytes it is a `batch-too-large` error. Checksums inside the
 * frame are not compared, because the batch's CRC-32C covers the same bytes.
 *
 * This is not `lz4Decompress` of @platformatic/wasm-utils: that traps on a damaged frame, keeps the memory it had
 * taken, and after some hundred such frames fails on sound ones too.
 */
export function decompressLz4(bytes: Uint8Array, limit: number): Uint8Array {
  const blocks: Block[] = []
  let size = 0
  for (let at = 0; at < bytes.length; ) {
    const frame = readFrame(bytes, at, limit - size)
    for (const block of frame.blocks) {
      size += block.size
      blocks.push(block)
    }
    at = frame.end
  }
  const out = new Uint8Array(size)
  let to = 0
  for (const block of blocks) {
    if (block.compressed) expandBlock(bytes, block.at, block.end, out, to)
    else copyBytes(bytes, block.at, out, to, block.size)
    to += block.size
  }
  return out
}

function readFrame(bytes: Uint8Array, start: number, limit: number): { blocks: Block[]; end: number } {
  if (start + 7 > bytes.length || readUint32(bytes, start) !== frameMagic) {
    throw corruptFrame('lz4', 'bytes that do not begin a frame')
  }
  const flags = bytes[start + 4]!
  if (flags >>> 6 !== 1) throw corruptFrame('lz4', `frame version ${flags >>> 6} instead of 1`)
  if ((flags & dictionaryId) !== 0) throw corruptFrame('lz4', 'a frame that needs a dictionary')
  const largest = 1 << (2 * ((bytes[start + 5]! >>> 4) & 7) + 8)
  let at = start + 7 + ((flags & contentSize) === 0 ? 0 : 8)
  const blocks: Block[] = []
  let size = 0
  for (;;) {
    if (at + 4 > bytes.length) throw corruptFrame('lz4', 'a frame without its end mark')
    const field = readUint32(bytes, at)
    at += 4
    if (field === 0) break
    const end = at + (field & ~uncompressedBlock)
    if (end > bytes.length) throw corruptFrame('lz4', 'a block longer than what is left')
    const compressed = (field & uncompressedBlock) === 0
    const window = (flags & blockIndependence) === 0 ? Math.min(size, linkedWindow) : 0
    const block = { at, end, compressed, size: compressed ? measureBlock(bytes, at, end, window) : end - at }
    if (block.size > largest) throw corruptFrame('lz4', 'a block larger than its frame allows')
    size += block.size
    if (size > limit) throw tooLarge('lz4', limit)
    blocks.push(block)
    at = end + ((flags & blockChecksum) === 0 ? 0 : 4)
  }
  return { blocks, end: at + ((flags & contentChecksum) === 0 ? 0 : 4) }
}

/** The size that the block `bytes[at, end)` expands to; `window` bytes before it may be referred to. */
function measureBlock(bytes: Uint8Array, at: number, end: number, window: number): number {
  let size = 0
  while (at < end) {
    const token = bytes[at++]!
    let length = token >>> 4
    if (length === 15) {
      let more: number
      do {
        more = at < end ? bytes[at++]! : 0
        length += more
      } while (more === 255)
    }
    at += length
    size += length
    if (at >= end) break
    if (at + 2 > end) throw corruptFrame('lz4', 'a sequence that is cut short')
    const distance = bytes[at]! | (bytes[at + 1]! << 8)
    if (distance === 0 || distance > size + window) {
      throw corruptFrame('lz4', 'a reference to before the beginning of the block')
    }
    at += 2
    let repeat = (token & 15) + 4
    if (repeat === 19) {
      let more: number
      do {
        more = at < end ? bytes[at++]! : 0
        repeat += more
      } while (more === 255)
    }
    size += repeat
  }
  if (at !== end) throw corruptFrame('lz4', 'a sequence longer than its block')
  return size
}

/** Expands a block that `measureBlock` has walked, so every bound is known to hold. */
function expandBlock(bytes: Uint8Array, at: number, end: number, out: Uint8Array, to: number): void {
  while (at < end) {
    const token = bytes[at++]!
    let length = token >>> 4
    if (length === 15) {
      let more: number
      do {
        more = bytes[at++]!
        length += more
      } while (more === 255)
    }
    copyBytes(bytes, at, out, to, length)
    at += length
    to += length
    if (at >= end) return
    const distance = bytes[at]! | (bytes[at + 1]! << 8)
    at += 2
    let repeat = (token & 15) + 4
    if (repeat === 19) {
      let more: number
      do {
        more = bytes[at++]!
        repeat += more
      } while (more === 255)
    }
    repeatBytes(out, to, distance, repeat)
    to += repeat
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
