import type { HeldOutput, Sink, SinkBatch } from '../job/sink.js'

/** A sink in memory, for one run: what a topic would hold after compaction. */
export class GatheringSink implements Sink {
  readonly name: string = 'memory'
  readonly delivery = 'at-least-once' as const
  /** Encoded key to encoded row. */
  readonly rows: Map<string, string> = new Map()
  /** How many dead letters there are. */
  get deadLetters(): number {
    return this.#letters.size
  }
  readonly #letters = new Map<string, string>()

  async holder(): Promise<null> {
    return null
  }

  async open(): Promise<null> {
    return null
  }

  async held(): Promise<HeldOutput> {
    return { rows: this.rows, deadLetters: this.#letters }
  }

  async write({ records, deadLetters }: SinkBatch): Promise<void> {
    for (const { key, row } of records) {
      if (row === null) this.rows.delete(key)
      else this.rows.set(key, row)
    }
    for (const { key, letter } of deadLetters) {
      if (letter === null) this.#letters.delete(key)
      else this.#letters.set(key, letter)
    }
  }

  async close(): Promise<void> {}
}
