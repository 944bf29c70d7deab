import { ObslabError } from '../errors.js'

/**
 * Reads Kafka's zigzag varints one after another from `bytes`, from `at` up to `end`. Reading past `end`, or a
 * varint longer than its type allows, is a `batch-corrupt` error.
 */
export class VarintReader {
  at: number
  readonly bytes: Uint8Array
  readonly end: number

  constructor(bytes: Uint8Array, at: number = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** A signed 32-bit varint. */
  int32(): number {
    const bytes = this.bytes
    let at = this.at
    let raw = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= this.end) throw cutShort()
      const byte = bytes[at++]!
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.at = at
        return (raw >>> 1) ^ -(raw & 1)
      }
    }
    throw new ObslabError('batch-corrupt', 'Expected a varint of at most 5 bytes, found a longer one.')
  }

  /** A signed varint of up to 64 bits; a magnitude that a number cannot hold is a `batch-unsupported` error. */
  int64(): number {
    let raw = 0
    let scale = 1
    for (let length = 0; length < 10; length++) {
      if (this.at >= this.end) throw cutShort()
      const byte = this.bytes[this.at++]!
      raw += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (raw <= Number.MAX_SAFE_INTEGER) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
        throw new ObslabError(
          'batch-unsupported',
          'Expected a timestamp delta within 2^52, found a larger one: the producer did not send milliseconds.',
        )
      }
      scale *= 128
    }
    throw new ObslabError('batch-corrupt', 'Expected a varint of at most 10 bytes, found a longer one.')
  }
}

function cutShort(): ObslabError {
  return new ObslabError('batch-corrupt', 'A record ends in the middle of a varint.')
}

/** How many bytes {@link writeVarint} takes for `value`, an integer within 2^52. */
export function varintSize(value: number): number {
  let raw = zigzag(value)
  let size = 1
  while (raw >= 128) {
    raw = Math.floor(raw / 128)
    size++
  }
  return size
}

/** Writes `value`, an integer within 2^52, as a zigzag varint at `at` and returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let raw = zigzag(value)
  while (raw >= 128) {
    bytes[at++] = (raw % 128) | 0x80
    raw = Math.floor(raw / 128)
  }
  bytes[at++] = raw
  return at
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}
