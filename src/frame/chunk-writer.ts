import type { Value } from '../change/column-type.js'
import { type Chunk, type ChunkBase, chunkRows } from './chunk.js'

const firstCapacity = 64

/** Builds one chunk: values are appended in order, then `finish` gives the chunk, trimmed to its length. */
export abstract class ChunkWriter {
  length = 0
  protected capacity: number = firstCapacity
  #nullCount = 0
  #validity: Uint8Array | null = null

  /** Appends a value that is not null. False, and nothing appended, when it is not of the column's kind. */
  abstract append(value: Exclude<Value, null>): boolean

  /** Bytes allocated so far. */
  get byteLength(): number {
    return (this.#validity?.byteLength ?? 0) + this.valueBytes
  }

  /** Appends a null. */
  appendNull(): void {
    this.reserve()
    if (this.#validity === null) this.#validity = new Uint8Array((this.capacity + 7) >>> 3).fill(0xff)
    const at = this.length >>> 3
    this.#validity[at] = this.#validity[at]! & ~(1 << (this.length & 7))
    this.#nullCount++
    this.skip()
    this.length++
  }

  /** The chunk of all values appended. The writer is used up. */
  finish(): Chunk {
    const { length } = this
    const validity = this.#validity?.slice(0, (length + 7) >>> 3) ?? null
    if (validity !== null && (length & 7) !== 0)
      validity[length >>> 3] = validity[length >>> 3]! & ((1 << (length & 7)) - 1)
    return this.build({ length, nullCount: this.#nullCount, validity })
  }

  protected isNull(i: number): boolean {
    return this.#validity !== null && ((this.#validity[i >>> 3]! >>> (i & 7)) & 1) === 0
  }

  /** Makes room for one more row. */
  protected reserve(): void {
    if (this.length < this.capacity) return
    this.capacity = Math.min(chunkRows, this.capacity * 4)
    this.grow(this.capacity)
    if (this.#validity !== null) {
      const grown = new Uint8Array((this.capacity + 7) >>> 3).fill(0xff)
      grown.set(this.#validity)
      this.#validity = grown
    }
  }

  protected abstract readonly valueBytes: number
  protected abstract grow(capacity: number): void
  /** Leaves the place of a null; the arrays start as zeros, so only offsets have something to do. */
  protected skip(): void {}
  protected abstract build(base: ChunkBase): Chunk
}
