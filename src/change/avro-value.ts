import { isUtf8 } from 'node:buffer'
import { ObslabError } from '../errors.js'
import type { AvroType } from './avro-schema.js'
import type { JsonObject, JsonValue } from './json.js'

/** Reads one value of a schema from bytes that hold nothing else. */
export type AvroDecoder = (bytes: Buffer) => JsonValue

type Read = (from: AvroReader) => JsonValue

/**
 * A decoder of the values of a schema, into what `JSON.parse` would give of the same value written by Connect's
 * JsonConverter: bytes are base64, a float is the shortest decimal that is it, an integer beyond 2^53 is a bigint. Bytes
 * that do not fit the schema are an `avro-unreadable` error that repeats none of them.
 */
export function avroDecoder(type: AvroType): AvroDecoder {
  const read = readerOf(type, new Map())
  return bytes => {
    const from = new AvroReader(bytes)
    let value: JsonValue
    try {
      value = read(from)
    } catch (error) {
      // A record that contains itself ends the stack where its bytes are made to go on.
      throw error instanceof RangeError ? unfit('a value nested too deeply') : error
    }
    if (from.at !== bytes.length) throw unfit('bytes after its end')
    return value
  }
}

function readerOf(type: AvroType, known: Map<AvroType, Read>): Read {
  const found = known.get(type)
  if (found !== undefined) return found
  // A record may contain itself: until its reader is there, it is looked up when it is needed.
  known.set(type, from => known.get(type)!(from))
  const read = compile(type, known)
  known.set(type, read)
  return read
}

function compile(type: AvroType, known: Map<AvroType, Read>): Read {
  switch (type.kind) {
    case 'null':
      return () => null
    case 'boolean':
      return from => from.boolean()
    case 'int':
    case 'long':
      return from => from.integer()
    case 'float':
      return from => shortest(from.float())
    case 'double':
      return from => from.double()
    case 'bytes':
      return from => from.take(from.size()).toString('base64')
    case 'fixed':
      return from => from.take(type.size).toString('base64')
    case 'string':
      return from => from.text()
    case 'enum':
      return from => oneOf(type.symbols, from.size(), 'a symbol')
    case 'union': {
      const branches = type.branches.map(branch => readerOf(branch, known))
      const tagged = isTagged(type) ? type.branches.map(branchName) : null
      return from => {
        const index = from.size()
        const value = oneOf(branches, index, 'a branch')(from)
        return tagged === null || type.branches[index]!.kind === 'null' ? value : tag(tagged, index, value)
      }
    }
    case 'array': {
      const item = readerOf(type.items, known)
      return from => {
        const items: JsonValue[] = []
        from.blocks(() => items.push(item(from)))
        return items
      }
    }
    case 'map': {
      const item = readerOf(type.items, known)
      return from => {
        const entries: JsonObject = {}
        from.blocks(() => {
          entries[from.text()] = item(from)
        })
        return entries
      }
    }
    case 'record': {
      const fields = type.fields.map(field => ({ name: field.name, read: readerOf(field.type, known) }))
      return from => {
        const record: JsonObject = {}
        for (const { name, read } of fields) record[name] = read(from)
        return record
      }
    }
  }
}

/** Whether a union has several branches besides null: then Connect makes a struct of it, a field for each. */
export function isTagged(type: Extract<AvroType, { kind: 'union' }>): boolean {
  return type.branches.filter(({ kind }) => kind !== 'null').length > 1
}

/** The name of a branch's field in that struct. */
export function branchName(type: AvroType): string {
  return 'name' in type ? type.name.slice(type.name.lastIndexOf('.') + 1) : type.kind
}

function tag(names: readonly string[], index: number, value: JsonValue): JsonObject {
  return Object.fromEntries(
    names.flatMap((name, i) => (name === 'null' ? [] : [[name, i === index ? value : null]])),
  )
}

function oneOf<T>(choices: readonly T[], index: number, what: string): T {
  const choice = choices[index]
  if (choice === undefined) throw unfit(`${what} that it does not have`)
  return choice
}

/** The shortest decimal that rounds to a float, as Java writes it in JSON: 0.1 and not 0.10000000149011612. */
function shortest(float: number): number {
  if (float === 0) return float
  for (let digits = 6; digits < 9; digits++) {
    const decimal = Number(float.toPrecision(digits))
    if (Math.fround(decimal) === float) return decimal
  }
  return float
}

/** An item may take no bytes at all, so that a few bad bytes could promise any number of them. */
const mostEmptyItems = 10_000

/** Reads Avro's binary encoding, one value after another. */
class AvroReader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  boolean(): boolean {
    const byte = this.#byte()
    if (byte > 1) throw unfit('a boolean that is neither 0 nor 1')
    return byte === 1
  }

  /** A zigzag varint of up to 64 bits. */
  integer(): number | bigint {
    const start = this.at
    let raw = 0
    let scale = 1
    for (let length = 1; length <= 8; length++) {
      const byte = this.#byte()
      raw += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80 && raw <= Number.MAX_SAFE_INTEGER) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
      if (byte < 0x80) break
    }
    this.at = start
    return this.#wide()
  }

  /** One that a sum of doubles cannot hold: in halves, because arithmetic of bigints is slow. */
  #wide(): number | bigint {
    const low = this.#sevens(5)
    const high = this.#sevens(5)
    if (high.more) throw unfit('an integer of more than 64 bits')
    const raw = (BigInt(high.value) << 35n) | BigInt(low.value)
    const value = BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n))
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  /** Up to so many bytes of seven bits each, and whether the last says that there are more. */
  #sevens(most: number): { value: number; more: boolean } {
    let value = 0
    let scale = 1
    for (let length = 1; ; length++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) return { value, more: false }
      if (length === most) return { value, more: true }
    }
  }

  /** A length or an index. */
  size(): number {
    const size = this.integer()
    if (typeof size !== 'number' || size < 0) throw unfit('a negative length')
    return size
  }

  float(): number {
    const at = this.#pass(4)
    return this.#bytes.readFloatLE(at)
  }

  double(): number {
    const at = this.#pass(8)
    return this.#bytes.readDoubleLE(at)
  }

  take(length: number): Buffer {
    const at = this.#pass(length)
    return this.#bytes.subarray(at, at + length)
  }

  text(): string {
    const length = this.size()
    const at = this.#pass(length)
    const text = this.#bytes.toString('utf8', at, at + length)
    // Decoding puts U+FFFD where bytes are not UTF-8; only text that has one is worth a second, strict look.
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(at, at + length)))
      throw unfit('a string that is not UTF-8')
    return text
  }

  /** The items of an array or a map: blocks of a count and as many items, the last with a count of 0. */
  blocks(item: () => void): void {
    for (;;) {
      let count = Number(this.integer())
      if (count === 0) return
      if (count < 0) {
        count = -count
        this.size()
      }
      if (count > Math.max(mostEmptyItems, this.#bytes.length - this.at))
        throw unfit('more items than it has bytes')
      for (let i = 0; i < count; i++) item()
    }
  }

  #byte(): number {
    return this.#bytes[this.#pass(1)]!
  }

  #pass(length: number): number {
    const at = this.at
    if (length > this.#bytes.length - at) throw unfit('an end in the middle of a value')
    this.at = at + length
    return at
  }
}

function unfit(found: string): ObslabError {
  return new ObslabError('avro-unreadable', `Expected Avro as its schema says, found ${found}.`)
}
