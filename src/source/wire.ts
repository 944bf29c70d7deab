import { ObslabError } from '../errors.js'

/** Builds a request body in Kafka's wire types (the non-flexible encoding: plain lengths, big-endian). */
export class WireWriter {
  #bytes: Buffer = Buffer.alloc(512)
  #length = 0

  int8(value: number): this {
    const at = this.#reserve(1)
    this.#bytes.writeInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.#reserve(2)
    this.#bytes.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#reserve(4)
    this.#bytes.writeInt32BE(value, at)
    return this
  }

  int64(value: number): this {
    const at = this.#reserve(8)
    this.#bytes.writeBigInt64BE(BigInt(value), at)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  string(value: string): this {
    const length = Buffer.byteLength(value)
    this.int16(length)
    const at = this.#reserve(length)
    this.#bytes.write(value, at, 'utf8')
    return this
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value)
  }

  /** BYTES or RECORDS: their length, then themselves. */
  bytes(value: Uint8Array): this {
    this.int32(value.length)
    const at = this.#reserve(value.length)
    this.#bytes.set(value, at)
    return this
  }

  /** An array: its count, then each item written by `write`; null is a count of -1. */
  array<T>(items: readonly T[] | null, write: (item: T) => void): this {
    this.int32(items === null ? -1 : items.length)
    for (const item of items ?? []) write(item)
    return this
  }

  /** The bytes written so far. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Where to write next. May replace the buffer: call it before reading `#bytes`. */
  #reserve(length: number): number {
    const at = this.#length
    this.#length += length
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    return at
  }
}

/**
 * Reads Kafka's wire types from a response. Every length is checked against the bytes that are left, so a response
 * that contradicts itself is a `broker-refused` error and never a wrong value.
 */
export class WireReader {
  readonly #bytes: Buffer
  readonly #what: string
  #at = 0

  /** `what` names the response in messages, e.g. `Fetch v11`. */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  /** An INT64 as a number; one that a number cannot hold exactly is an error. */
  int64(): number {
    const value = this.#bytes.readBigInt64BE(this.#take(8))
    const number = Number(value)
    if (!Number.isSafeInteger(number)) throw this.#malformed(`the integer ${value}, beyond 2^53`)
    return number
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  string(): string {
    const value = this.nullableString()
    if (value === null) throw this.#malformed('a null where a name belongs')
    return value
  }

  nullableString(): string | null {
    const length = this.int16()
    if (length === -1) return null
    const at = this.#take(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  /** BYTES or RECORDS, a view into the response; null reads as empty. */
  bytes(): Buffer {
    const length = this.int32()
    if (length === -1) return this.#bytes.subarray(0, 0)
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  /** An array whose items are read by `read`; null reads as empty. */
  array<T>(read: () => T): T[] {
    const count = this.int32()
    if (count === -1) return []
    // Every item takes at least two bytes, so a count beyond the rest is refused before anything is allocated.
    if (count < 0 || count * 2 > this.#bytes.length - this.#at)
      throw this.#malformed(`an array of ${count} items`)
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  /** Fails when bytes are left over. */
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw this.#malformed(`${this.#bytes.length - this.#at} bytes too many`)
  }

  #take(length: number): number {
    const at = this.#at
    if (length < 0 || length > this.#bytes.length - at) {
      throw this.#malformed(`a length of ${length} where ${this.#bytes.length - at} bytes are left`)
    }
    this.#at = at + length
    return at
  }

  #malformed(found: string): ObslabError {
    return new ObslabError(
      'broker-refused',
      `Expected a ${this.#what} response of a Kafka broker, found ${found}. Check that the address is a Kafka broker's and that no proxy changes what it sends.`,
    )
  }
}
