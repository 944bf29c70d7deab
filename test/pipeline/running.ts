import { z } from 'zod'
import type { Change } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { type TypedTopic, topic } from '../../src/change/topic.js'
import { Engine, type EngineOptions } from '../../src/pipeline/engine.js'
import { keyText, rowText } from '../../src/pipeline/output.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { PlainTables, rowChange } from './legal-changes.js'

/** A row of the topics of the tests of verbs. */
export interface Item {
  id: number
  box: number | null
  at: number | null
  value: number | null
  note: string | null
  voided: number
}

/** A topic of items: keyed by `id`, `voided` ones are deleted. */
export function items(name: string): TypedTopic<Item> {
  return topic<Item>(name, z.custom<Item>(), { key: ['id'], deleted: 'voided' })
}

/**
 * A pipeline at work: every change is one flush, whose records come back as lines, `key row` or `key gone`; and after
 * every one the output has to be the recomputed one.
 */
export class Run {
  readonly engine: Engine
  readonly #pipeline: Pipeline<object>
  readonly #tables = new PlainTables()
  #offset = 0

  constructor(pipeline: Pipeline<object>, options: EngineOptions = {}) {
    this.#pipeline = pipeline
    this.engine = new Engine(pipeline.plan, options)
  }

  /** The item `id` of a topic comes or becomes another. Columns left out are null, or 0 in `voided`. */
  put(topic: string, id: number, columns: Partial<Item> = {}): string[] {
    const row = { id, box: null, at: null, value: null, note: null, voided: 0, ...columns }
    return this.apply([
      rowChange({ topic, offset: this.#offset++, key: { id }, after: row as unknown as Row }),
    ])
  }

  /** The item `id` of a topic is deleted. */
  drop(topic: string, id: number): string[] {
    return this.apply([rowChange({ topic, offset: this.#offset++, key: { id }, after: null })])
  }

  apply(changes: readonly Change[]): string[] {
    this.engine.apply(changes)
    for (const change of changes) this.#tables.apply(change)
    const lines = this.engine.flush().map(({ keyText, rowText }) => `${keyText} ${rowText ?? 'gone'}`)
    const plain = recompute(this.#pipeline.plan, topic => this.#tables.rows(topic))
    const expected = plain.map(({ key, row }) => `${keyText(key)} ${rowText(row!)}`).sort()
    const output = Array.from(this.engine.output, ([key, row]) => `${key} ${row}`).sort()
    if (output.join('\n') !== expected.join('\n')) {
      throw new Error(`incremental:\n${output.join('\n')}\nrecomputed:\n${expected.join('\n')}`)
    }
    return lines
  }
}
