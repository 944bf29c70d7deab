import type { Value } from '../change/column-type.js'
import { ByteHeap } from './binary-writer.js'
import { type ChunkBase, type DictionaryChunk, textOverhead, type Utf8Chunk } from './chunk.js'
import { ChunkWriter } from './chunk-writer.js'

/** Below this many distinct texts a dictionary is kept whatever their share. */
const fewDistinct = 1000

/**
 * Text: a dictionary at first, UTF-8 once more than {@link fewDistinct} texts are distinct and they are more than
 * half of the rows (uuids). Text that UTF-8 cannot hold (a lone surrogate, which JSON can spell) goes back to a
 * dictionary and stays there.
 */
export class TextWriter extends ChunkWriter {
  #codes: Int32Array = new Int32Array(this.capacity)
  #dictionary: string[] = []
  #codeOf: Map<string, number> = new Map()
  #textBytes = 0
  #heap: ByteHeap | null = null
  /** Row i ends at offsets[i + 1]; used with the heap only. */
  #offsets: Int32Array = new Int32Array(0)
  #keepDictionary = false

  append(value: Exclude<Value, null>): boolean {
    if (typeof value !== 'string') return false
    this.reserve()
    if (this.#heap === null) this.#appendCode(value)
    else this.#appendUtf8(this.#heap, value)
    return true
  }

  #appendCode(value: string): void {
    let code = this.#codeOf.get(value)
    if (code === undefined) {
      code = this.#dictionary.length
      this.#codeOf.set(value, code)
      this.#dictionary.push(value)
      this.#textBytes += value.length + textOverhead
    }
    this.#codes[this.length++] = code
    const distinct = this.#dictionary.length
    if (distinct > fewDistinct && distinct * 2 > this.length && !this.#keepDictionary) this.#toUtf8()
  }

  #appendUtf8(heap: ByteHeap, value: string): void {
    heap.reserve(value.length * 3)
    const written = heap.data.write(value, heap.used)
    // Only text beyond ASCII is longer in UTF-8, so ASCII is not looked at twice.
    if (written !== value.length && hasLoneSurrogate(value)) {
      this.#toDictionary(heap)
      this.#appendCode(value)
      return
    }
    heap.used += written
    this.#offsets[++this.length] = heap.used
  }

  #toUtf8(): void {
    if (this.#dictionary.some(hasLoneSurrogate)) {
      this.#keepDictionary = true
      return
    }
    const heap = new ByteHeap()
    this.#offsets = new Int32Array(this.capacity + 1)
    for (let i = 0; i < this.length; i++) {
      if (!this.isNull(i)) {
        const text = this.#dictionary[this.#codes[i]!]!
        heap.reserve(text.length * 3)
        heap.used += heap.data.write(text, heap.used)
      }
      this.#offsets[i + 1] = heap.used
    }
    this.#heap = heap
    this.#codes = new Int32Array(0)
    this.#dictionary = []
    this.#codeOf = new Map()
    this.#textBytes = 0
  }

  #toDictionary(heap: ByteHeap): void {
    const rows = this.length
    this.#keepDictionary = true
    this.#heap = null
    this.#codes = new Int32Array(this.capacity)
    for (this.length = 0; this.length < rows; ) {
      const i = this.length
      if (this.isNull(i)) this.length++
      else this.#appendCode(heap.data.toString('utf8', this.#offsets[i]!, this.#offsets[i + 1]!))
    }
    this.#offsets = new Int32Array(0)
  }

  protected override skip(): void {
    if (this.#heap !== null) this.#offsets[this.length + 1] = this.#heap.used
  }

  protected get valueBytes(): number {
    if (this.#heap !== null) return this.#offsets.byteLength + this.#heap.data.byteLength
    return this.#codes.byteLength + this.#textBytes
  }

  protected grow(capacity: number): void {
    const held = this.#heap === null ? this.#codes : this.#offsets
    const grown = new Int32Array(this.#heap === null ? capacity : capacity + 1)
    grown.set(held)
    if (this.#heap === null) this.#codes = grown
    else this.#offsets = grown
  }

  protected build(base: ChunkBase): DictionaryChunk | Utf8Chunk {
    if (this.#heap !== null) {
      const offsets = this.#offsets.slice(0, base.length + 1)
      return { storage: 'utf8', ...base, offsets, data: this.#heap.finish() }
    }
    const codes = this.#codes.slice(0, base.length)
    return { storage: 'dictionary', ...base, codes, dictionary: this.#dictionary }
  }
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text)
}
