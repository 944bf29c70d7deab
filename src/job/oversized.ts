import { createHash } from 'node:crypto'
import { deadLetterKey } from './dead-letter.js'
import type { Letters } from './letters.js'
import type { OutputRecord } from './sink.js'

/**
 * Rows that are larger than the sink takes. Such a row is a dead letter, and the output holds none in its place, for what
 * it held is the past. The letter's place is the output's topic, partition -1 and a number that the row's key gives, so
 * that the same row has the same letter.
 */
export class Oversized {
  readonly #output: string
  readonly #letters: Letters
  readonly #limit: number
  readonly #keys = new Set<string>()

  constructor(output: string, letters: Letters, limit: number = Number.POSITIVE_INFINITY) {
    this.#output = output
    this.#letters = letters
    this.#limit = limit
  }

  /** What the output holds when rows that are too large are left out; they are known from here on. */
  within(output: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    this.#keys.clear()
    if (this.#limit === Number.POSITIVE_INFINITY) return output
    for (const [key, row] of output) if (this.#isTooLarge(key, row)) this.#keys.add(key)
    return this.#keys.size === 0 ? output : new Map([...output].filter(([key]) => !this.#keys.has(key)))
  }

  /** The letters of the rows that are too large now. */
  list(): { key: string; letter: string | null }[] {
    return [...this.#keys].map(key => this.#letter(key))
  }

  /** The records with those that are too large made tombstones and dead letters; letters of smaller ones are taken back. */
  replace(records: OutputRecord[]): OutputRecord[] {
    if (this.#limit === Number.POSITIVE_INFINITY) return records
    return records.map(record => {
      const { key, row } = record
      if (row !== null && this.#isTooLarge(key, row)) {
        this.#keys.add(key)
        this.#letters.owe(this.#letter(key))
        return { key, row: null }
      }
      if (this.#keys.delete(key)) this.#letters.owe({ key: this.#keyOf(key), letter: null })
      return record
    })
  }

  #isTooLarge(key: string, row: string): boolean {
    // A character is at most three bytes here, so most rows need not be measured.
    if (3 * (key.length + row.length) <= this.#limit) return false
    return Buffer.byteLength(key) + Buffer.byteLength(row) > this.#limit
  }

  #letter(key: string): { key: string; letter: string | null } {
    return this.#letters.letter({
      ...this.#placeOf(key),
      step: '.to(…)',
      reason:
        `A row of ${this.#output} is larger than the ${this.#limit} bytes that the output takes: keep fewer values in ` +
        'it, or have the output take larger ones (max.message.bytes of its topic).',
      view: null,
    })
  }

  #keyOf(key: string): string {
    return deadLetterKey(this.#placeOf(key))
  }

  #placeOf(key: string): { topic: string; partition: number; offset: number } {
    const offset = createHash('sha256').update(key).digest().readUIntBE(0, 6)
    return { topic: this.#output, partition: -1, offset }
  }
}
