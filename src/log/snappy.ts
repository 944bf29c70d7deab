import { copyBytes, repeatBytes } from './byte-copy.js'
import { corruptFrame, tooLarge } from './codec-error.js'

const xerialMagic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
const xerialHeader = 16

// The densest element, a copy of 64 bytes told in 3.
const densest = 22

interface Block {
  at: number
  end: number
  size: number
}

/**
 * Expands snappy: one raw block, or the framing of snappy-java (`\x82SNAPPY\0`, versions, then blocks behind their
 * lengths), which is what Java producers write. The sizes that the blocks state are added up before memory is taken:
 * beyond `limit` bytes it is a `batch-too-large` error.
 *
 * This is not `snappyDecompress` of @platformatic/wasm-utils, for the reason told at `decompressLz4`.
 */
export function decompressSnappy(bytes: Uint8Array, limit: number): Uint8Array {
  const blocks = isXerial(bytes) ? xerialBlocks(bytes) : [readBlock(bytes, 0, bytes.length)]
  let size = 0
  for (const block of blocks) size += block.size
  if (size > limit) throw tooLarge('snappy', limit, size)
  const out = new Uint8Array(size)
  let to = 0
  for (const block of blocks) {
    expandBlock(bytes, block, out, to)
    to += block.size
  }
  return out
}

function isXerial(bytes: Uint8Array): boolean {
  return bytes.length >= xerialHeader && xerialMagic.every((byte, index) => bytes[index] === byte)
}

function xerialBlocks(bytes: Uint8Array): Block[] {
  const blocks: Block[] = []
  for (let at = xerialHeader; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw corruptFrame('snappy', 'a block length that is cut short')
    const length =
      ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    at += 4
    if (at + length > bytes.length) throw corruptFrame('snappy', 'a block longer than what is left')
    blocks.push(readBlock(bytes, at, at + length))
    at += length
  }
  return blocks
}

/** Reads the size that begins a block. */
function readBlock(bytes: Uint8Array, at: number, end: number): Block {
  let size = 0
  for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
    if (at >= end) break
    const byte = bytes[at++]!
    size += (byte & 0x7f) * scale
    if (byte >= 0x80) continue
    if (size > (end - at) * densest) throw corruptFrame('snappy', 'a block too short for the size it states')
    return { at, end, size }
  }
  throw corruptFrame('snappy', 'a block without its size')
}

function expandBlock(bytes: Uint8Array, block: Block, out: Uint8Array, start: number): void {
  const { end } = block
  const outEnd = start + block.size
  let at = block.at
  let to = start
  while (at < end) {
    const tag = bytes[at++]!
    const kind = tag & 3
    if (kind === 0) {
      let length = (tag >>> 2) + 1
      if (length > 60) {
        const width = length - 60
        if (at + width > end) throw corruptFrame('snappy', 'a literal that is cut short')
        length = readUint(bytes, at, width) + 1
        at += width
      }
      if (at + length > end || to + length > outEnd) throw corruptFrame('snappy', 'a literal past the end')
      copyBytes(bytes, at, out, to, length)
      at += length
      to += length
      continue
    }
    const width = kind === 1 ? 1 : kind === 2 ? 2 : 4
    if (at + width > end) throw corruptFrame('snappy', 'a copy that is cut short')
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    const distance = readUint(bytes, at, width) + (kind === 1 ? (tag >>> 5) * 256 : 0)
    at += width
    if (distance === 0 || distance > to - start)
      throw corruptFrame('snappy', 'a copy from before the beginning')
    if (to + length > outEnd) throw corruptFrame('snappy', 'more bytes than the block states')
    repeatBytes(out, to, distance, length)
    to += length
  }
  if (to !== outEnd) throw corruptFrame('snappy', 'fewer bytes than the block states')
}

function readUint(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let index = width - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!
  return value
}
