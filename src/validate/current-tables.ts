import type { Change } from '../change/change.js'
import type { Row } from '../change/column-type.js'
import { rowKey } from '../change/row-key.js'
import { isDeleted } from '../change/topic.js'
import type { FinalRows } from '../pipeline/recompute.js'

/** What tells the rows of a topic from one another, and which of them count as deleted. */
export interface TableTopic {
  readonly topic: string
  readonly key: readonly string[]
  readonly deleted: readonly string[]
}

/** A row of a table, with the key its records carry and the partition they are in. */
export interface CurrentRow {
  readonly key: Row
  readonly row: Row
  readonly partition: number
}

/** The tables that changes make, kept in the plainest way: a row for each key. It shares nothing with an engine. */
export class CurrentTables {
  readonly #topics: ReadonlyMap<string, TableTopic>
  readonly #tables = new Map<string, Map<string, CurrentRow>>()

  constructor(topics: readonly TableTopic[]) {
    this.#topics = new Map(topics.map(one => [one.topic, one]))
  }

  /** Takes the next change that counts. Changes of other topics are ignored. */
  apply(change: Change): void {
    const topic = this.#topics.get(change.topic)
    if (topic === undefined) return
    let table = this.#tables.get(change.topic)
    if (table === undefined) {
      table = new Map()
      this.#tables.set(change.topic, table)
    }
    if (change.kind === 'truncate') table.clear()
    const key = keyOf(change, topic)
    if (key === null) return
    const text = rowKey(key, topic.key)
    if (change.kind === 'row' && change.op !== 'd' && change.after !== null) {
      table.set(text, { key, row: change.after, partition: change.partition })
    } else table.delete(text)
  }

  /** The rows of a topic, those that its definition counts as deleted among them. */
  all(topic: string): Iterable<CurrentRow> {
    return this.#tables.get(topic)?.values() ?? []
  }

  /** The rows of a topic that are there, for a recomputation. */
  readonly rows: FinalRows = topic => {
    const definition = this.#topics.get(topic)
    const rows: Row[] = []
    for (const { row } of this.all(topic)) {
      if (definition !== undefined && !isDeleted(definition, row)) rows.push(row)
    }
    return rows
  }
}

/** The key of the row that a change is of; null for one that is of no row. */
export function keyOf(change: Change, { key }: Pick<TableTopic, 'key'>): Row | null {
  if (change.kind === 'truncate') return null
  if (change.key !== null || change.kind !== 'row') return change.key
  const row = change.after ?? change.before
  return row === null ? null : Object.fromEntries(key.map(column => [column, row[column] ?? null]))
}
