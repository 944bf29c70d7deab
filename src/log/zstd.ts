import { ObslabError } from '../errors.js'
import { corruptFrame, tooLarge } from './codec-error.js'

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const largestBlock = 1 << 17

type Zstd = typeof import('@bokuweb/zstd-wasm')

let loading: Promise<void> | undefined
let zstd: Zstd | undefined

interface Frame {
  at: number
  end: number
  /** The most it can expand to: exact when the frame states its size. */
  bound: number
  stated: boolean
}

/** Loads the WebAssembly codec. Safe to call many times: it loads once. */
export function loadZstd(): Promise<void> {
  loading ??= import('@bokuweb/zstd-wasm').then(async module => {
    await module.init()
    zstd = module
  })
  return loading
}

/** Compresses to one zstd frame at level 3. */
export function compressZstd(bytes: Uint8Array): Uint8Array {
  return loaded().compress(bytes, 3)
}

/**
 * Expands zstd frames. Before anything is expanded the frame and block headers are walked, which bounds the size of
 * the output; the codec is then given at most `limit` bytes to write to, so a batch that expands further is a
 * `batch-too-large` error and takes no more memory than that. Java producers stream, so their frames state no size.
 */
export function decompressZstd(bytes: Uint8Array, limit: number): Uint8Array {
  const parts: Uint8Array[] = []
  let size = 0
  for (let at = 0; at < bytes.length; ) {
    const frame = readFrame(bytes, at)
    if (frame.stated && frame.bound > limit - size) throw tooLarge('zstd', limit)
    if (frame.bound > 0) {
      const part = expandFrame(bytes.subarray(frame.at, frame.end), frame, limit - size, limit)
      size += part.length
      parts.push(part)
    }
    at = frame.end
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, size)
}

function expandFrame(bytes: Uint8Array, frame: Frame, room: number, limit: number): Uint8Array {
  try {
    return loaded().decompress(bytes, { defaultHeapSize: Math.min(frame.bound, room) })
  } catch (cause) {
    if (cause instanceof ObslabError) throw cause
    if (frame.bound > room && /code -70$/.test(String(cause))) throw tooLarge('zstd', limit)
    throw corruptFrame('zstd', 'a frame that the codec refuses', cause)
  }
}

/** Walks one frame: its header and the headers of its blocks. */
function readFrame(bytes: Uint8Array, start: number): Frame {
  const magic = start + 4 > bytes.length ? 0 : readUint(bytes, start, 4)
  if (magic - (magic % 16) === skippableMagic) {
    if (start + 8 > bytes.length) throw corruptFrame('zstd', 'a skippable frame that is cut short')
    const end = start + 8 + readUint(bytes, start + 4, 4)
    if (end > bytes.length) throw corruptFrame('zstd', 'a skippable frame longer than what is left')
    return { at: start, end, bound: 0, stated: true }
  }
  if (magic !== frameMagic || start + 6 > bytes.length) {
    throw corruptFrame('zstd', 'bytes that do not begin a frame')
  }
  const descriptor = bytes[start + 4]!
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryWidth = [0, 1, 2, 4][descriptor & 3]!
  const sizeWidth = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6]!
  const sizeAt = start + 5 + (singleSegment ? 0 : 1) + dictionaryWidth
  const blocks = walkBlocks(bytes, sizeAt + sizeWidth)
  const end = blocks.end + ((descriptor & 4) === 0 ? 0 : 4)
  if (end > bytes.length) throw corruptFrame('zstd', 'a frame without its checksum')
  if (sizeWidth === 0) return { at: start, end, bound: blocks.bound, stated: false }
  const stated = readUint(bytes, sizeAt, sizeWidth) + (sizeWidth === 2 ? 256 : 0)
  if (stated > blocks.bound) throw corruptFrame('zstd', 'a frame too short for the size it states')
  return { at: start, end, bound: stated, stated: true }
}

function walkBlocks(bytes: Uint8Array, at: number): { end: number; bound: number } {
  let bound = 0
  for (;;) {
    if (at + 3 > bytes.length) throw corruptFrame('zstd', 'a frame without its last block')
    const header = readUint(bytes, at, 3)
    const kind = (header >>> 1) & 3
    const size = header >>> 3
    at += 3 + (kind === 1 ? 1 : size)
    bound += kind === 2 ? largestBlock : size
    if (at > bytes.length) throw corruptFrame('zstd', 'a block longer than what is left')
    if ((header & 1) === 1) return { end: at, bound }
  }
}

function readUint(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let index = width - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!
  return value
}

function loaded(): Zstd {
  if (zstd !== undefined) return zstd
  throw new ObslabError(
    'batch-unsupported',
    'Expected the zstd codec to be loaded: await loadCodecs() first.',
  )
}
