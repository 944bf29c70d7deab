import type { Change } from '../change/change.js'
import type { Row } from '../change/column-type.js'
import { isDeleted } from '../change/topic.js'
import type { FromNode } from '../pipeline/plan.js'
import type { FinalRows } from '../pipeline/recompute.js'
import type { RowId } from '../pipeline/row-identity.js'
import { TopicRows } from '../pipeline/topic-rows.js'

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

/**
 * The tables that changes make so far, as the first step of a pipeline shows them: sweeps of snapshots, truncates by their
 * position and keys in several partitions included. Everything behind that step is checked against them; the step itself
 * is checked where the whole recording was read, against the table of a replay.
 */
export class CurrentTables {
  readonly #topics: ReadonlyMap<string, TableTopic>
  readonly #tables = new Map<string, CurrentTable>()

  constructor(topics: readonly TableTopic[]) {
    this.#topics = new Map(topics.map(one => [one.topic, one]))
    for (const one of topics) this.#tables.set(one.topic, new CurrentTable(one))
  }

  /** Takes the next change that counts. Changes of other topics are ignored. */
  apply(change: Change): void {
    this.#tables.get(change.topic)?.apply(change)
  }

  /** The rows of a topic, those that its definition counts as deleted among them. */
  all(topic: string): Iterable<CurrentRow> {
    return this.#tables.get(topic)?.all() ?? []
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

class CurrentTable {
  readonly #key: readonly string[]
  readonly #current = new Map<RowId, CurrentRow>()
  readonly #rows: TopicRows
  #partition = 0

  constructor({ topic, key }: TableTopic) {
    this.#key = key
    const node: FromNode = { verb: 'from', topic, key, deleted: [], sensitive: [], columns: [] }
    this.#rows = new TopicRows(node, {
      put: (id, row) => this.#put(id, row as Row),
      remove: id => this.#current.delete(id),
      clear: () => this.#current.clear(),
    })
  }

  apply(change: Change): void {
    this.#partition = change.partition
    this.#rows.apply(change)
  }

  all(): Iterable<CurrentRow> {
    this.#rows.settle()
    return this.#current.values()
  }

  #put(id: RowId, row: Row): void {
    const key = Object.fromEntries(this.#key.map(column => [column, row[column] ?? null]))
    this.#current.set(id, { key, row, partition: this.#current.get(id)?.partition ?? this.#partition })
  }
}

/** The key of the row that a change is of; null for one that is of no row. */
export function keyOf(change: Change, { key }: Pick<TableTopic, 'key'>): Row | null {
  if (change.kind === 'truncate') return null
  if (change.key !== null || change.kind !== 'row') return change.key
  const row = change.after ?? change.before
  return row === null ? null : Object.fromEntries(key.map(column => [column, row[column] ?? null]))
}
