import type { DeclaredColumn, Row, Value } from './column-type.js'
import { isSensitive, type Masking } from './masking.js'

/** What a mask has to know of a topic. */
export interface MaskedTopic extends Masking {
  readonly topic: string
  readonly columns: readonly DeclaredColumn[]
}

/**
 * Puts other values in place of sensitive ones: the same for the same, so that what was equal stays equal, and of the
 * same form, a date for a date, so that functions that read them still do.
 */
export class ValueMask {
  readonly #topics: ReadonlyMap<string, MaskedTopic>
  readonly #masks = new Map<string, number>()

  constructor(topics: readonly MaskedTopic[]) {
    this.#topics = new Map(topics.map(topic => [topic.topic, topic]))
  }

  /** How many values were replaced so far, equal ones counted once. */
  get size(): number {
    return this.#masks.size
  }

  /** The row with its sensitive values replaced. */
  row(topic: string, row: Row | null): Row | null {
    const definition = this.#topics.get(topic)
    if (row === null) return null
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const kind = definition?.columns.find(column => column.name === name)?.kind
        return [name, isSensitive({ name, kind }, topic, definition ?? null) ? this.#mask(value) : value]
      }),
    )
  }

  #mask(value: Value): Value {
    if (value === null || typeof value === 'boolean') return null
    const text = `${typeof value}:${value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value}`
    const number = this.#masks.get(text) ?? this.#masks.size + 1
    this.#masks.set(text, number)
    if (typeof value === 'number') return number
    if (typeof value === 'bigint') return BigInt(number)
    return typeof value === 'string' ? maskedText(value, number) : new Uint8Array([number & 0xff])
  }
}

const day = 86_400_000

function maskedText(text: string, number: number): string {
  const isDate = /^\d{4}-\d{2}-\d{2}/.test(text)
  return isDate ? new Date(number * day).toISOString().slice(0, text.length) : `masked-${number}`
}
