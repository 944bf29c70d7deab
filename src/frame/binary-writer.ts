import type { Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import type { BinaryChunk, BitsChunk, ChunkBase } from './chunk.js'
import { ChunkWriter } from './chunk-writer.js'

/** Offsets are 32-bit, as in Arrow's Binary and Utf8. */
const maxData = 2 ** 31 - 1

/** Bytes appended back to back, with room for the next ones. */
export class ByteHeap {
  data: Buffer = Buffer.alloc(0)
  used = 0

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    const needed = this.used + bytes
    if (needed <= this.data.length) return
    if (needed > maxData) {
      throw new ObslabError(
        'memory-exceeded',
        'More than 2 GiB of text or bytes in 65,536 rows of one column: leave the column out.',
      )
    }
    const grown = Buffer.allocUnsafeSlow(Math.min(maxData, Math.max(1024, needed, this.data.length * 2)))
    this.data.copy(grown, 0, 0, this.used)
    this.data = grown
  }

  /** The bytes written, in memory of exactly their size. */
  finish(): Buffer {
    const exact = Buffer.allocUnsafeSlow(this.used)
    this.data.copy(exact, 0, 0, this.used)
    return exact
  }
}

/** Values of kind `bytes`; they are copied. */
export class BinaryWriter extends ChunkWriter {
  #offsets: Int32Array = new Int32Array(this.capacity + 1)
  #heap = new ByteHeap()

  append(value: Exclude<Value, null>): boolean {
    if (!(value instanceof Uint8Array)) return false
    this.reserve()
    this.#heap.reserve(value.length)
    this.#heap.data.set(value, this.#heap.used)
    this.#heap.used += value.length
    this.#offsets[++this.length] = this.#heap.used
    return true
  }

  protected override skip(): void {
    this.#offsets[this.length + 1] = this.#heap.used
  }

  protected get valueBytes(): number {
    return this.#offsets.byteLength + this.#heap.data.byteLength
  }

  protected grow(capacity: number): void {
    const grown = new Int32Array(capacity + 1)
    grown.set(this.#offsets)
    this.#offsets = grown
  }

  protected build(base: ChunkBase): BinaryChunk {
    const offsets = this.#offsets.slice(0, base.length + 1)
    return { storage: 'binary', ...base, offsets, data: new Uint8Array(this.#heap.finish().buffer) }
  }
}

/** Values of kind `boolean`. */
export class BitsWriter extends ChunkWriter {
  #values: Uint8Array = new Uint8Array((this.capacity + 7) >>> 3)

  append(value: Exclude<Value, null>): boolean {
    if (typeof value !== 'boolean') return false
    this.reserve()
    if (value) {
      const at = this.length >>> 3
      this.#values[at] = this.#values[at]! | (1 << (this.length & 7))
    }
    this.length++
    return true
  }

  protected get valueBytes(): number {
    return this.#values.byteLength
  }

  protected grow(capacity: number): void {
    const grown = new Uint8Array((capacity + 7) >>> 3)
    grown.set(this.#values)
    this.#values = grown
  }

  protected build(base: ChunkBase): BitsChunk {
    return { storage: 'bits', ...base, values: this.#values.slice(0, (base.length + 7) >>> 3) }
  }
}
