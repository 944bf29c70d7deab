import type { Value } from '../change/column-type.js'
import type { BigintChunk, ChunkBase, Float64Chunk, Int32Chunk, Int64Chunk, Uint64Chunk } from './chunk.js'
import { ChunkWriter } from './chunk-writer.js'

/** Numbers: 32-bit integers as long as they fit (unless `wide`), then doubles. */
export class NumberWriter extends ChunkWriter {
  #values: Int32Array | Float64Array

  constructor(wide: boolean) {
    super()
    this.#values = wide ? new Float64Array(this.capacity) : new Int32Array(this.capacity)
  }

  append(value: Exclude<Value, null>): boolean {
    if (typeof value !== 'number') return false
    this.reserve()
    if (this.#values instanceof Int32Array && ((value | 0) !== value || Object.is(value, -0))) {
      this.#values = Float64Array.from(this.#values)
    }
    this.#values[this.length++] = value
    return true
  }

  protected get valueBytes(): number {
    return this.#values.byteLength
  }

  protected grow(capacity: number): void {
    const grown = this.#values instanceof Int32Array ? new Int32Array(capacity) : new Float64Array(capacity)
    grown.set(this.#values)
    this.#values = grown
  }

  protected build(base: ChunkBase): Int32Chunk | Float64Chunk {
    const values = this.#values.slice(0, base.length)
    return values instanceof Int32Array
      ? { storage: 'int32', ...base, values }
      : { storage: 'float64', ...base, values }
  }
}

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const uint64 = { min: 0n, max: 2n ** 64n - 1n }

/** bigints: int64 as long as they fit, then uint64 when none is negative, then the bigints themselves. */
export class BigintWriter extends ChunkWriter {
  #values: BigInt64Array | BigUint64Array | bigint[] = new BigInt64Array(this.capacity)
  #smallest = 0n

  append(value: Exclude<Value, null>): boolean {
    if (typeof value !== 'bigint') return false
    this.reserve()
    if (value < this.#smallest) this.#smallest = value
    if (!this.#fits(value)) this.#widen(value)
    this.#values[this.length++] = value
    return true
  }

  #fits(value: bigint): boolean {
    if (Array.isArray(this.#values)) return true
    const { min, max } = this.#values instanceof BigInt64Array ? int64 : uint64
    return value >= min && value <= max
  }

  #widen(value: bigint): void {
    const unsigned = this.#smallest >= uint64.min && value <= uint64.max
    const values = [...this.#values]
    this.#values = unsigned ? BigUint64Array.from(values) : values
  }

  protected get valueBytes(): number {
    return Array.isArray(this.#values) ? this.#values.length * 32 : this.#values.byteLength
  }

  protected grow(capacity: number): void {
    if (Array.isArray(this.#values)) {
      while (this.#values.length < capacity) this.#values.push(0n)
      return
    }
    const signed = this.#values instanceof BigInt64Array
    const grown = signed ? new BigInt64Array(capacity) : new BigUint64Array(capacity)
    grown.set(this.#values)
    this.#values = grown
  }

  protected build(base: ChunkBase): Int64Chunk | Uint64Chunk | BigintChunk {
    const values = this.#values.slice(0, base.length)
    if (values instanceof BigInt64Array) return { storage: 'int64', ...base, values }
    if (values instanceof BigUint64Array) return { storage: 'uint64', ...base, values }
    return { storage: 'bigint', ...base, values }
  }
}
