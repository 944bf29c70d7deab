import type { ChangeReader } from '../change/change-reader.js'
import type { ColumnKind } from '../change/column-type.js'
import { Frame } from '../frame/frame.js'
import { columnKinds } from '../pipeline/column-kinds.js'
import type { Upsert } from '../pipeline/output.js'
import type { Plan } from '../pipeline/plan.js'
import { compareIdentities, identify } from '../pipeline/row-identity.js'
import { sensitiveColumns } from '../pipeline/sensitivity.js'

/** The rows that a pipeline's output topic would hold after compaction, gathered upsert by upsert. */
export class OutputRows {
  readonly #last = new Map<string, Upsert>()

  /** Takes the next upserts: the last row of each key stays, a tombstone takes its row away. */
  add(upserts: Iterable<Upsert>): void {
    for (const upsert of upserts) {
      const { text } = identify(upsert.key, Object.keys(upsert.key))
      if (upsert.row === null) this.#last.delete(text)
      else this.#last.set(text, upsert)
    }
  }

  /**
   * The rows ordered by key, with the kinds their input columns have in `readers`, by topic. Columns that may tell
   * something of a sensitive one are sensitive.
   */
  frame<R extends object>(plan: Plan, readers: ReadonlyMap<string, ChangeReader>): Frame<R> {
    const sorted = [...this.#last].map(([text, { key, row }]) => ({ id: { text, key }, row: row! }))
    sorted.sort((a, b) => compareIdentities(a.id, b.id))
    const names = Object.keys(sorted[0]?.row ?? {})
    const kinds = columnKinds(plan.root, names, (topic, column) => kindOf(readers.get(topic), column))
    const frame = Frame.from(
      sorted.map(({ row }) => row),
      kinds,
    )
    const sensitive = sensitiveColumns(plan.root, frame.names)
    const columns = frame.columns.map(column =>
      sensitive.has(column.name) ? column.withSensitive(true) : column,
    )
    return Frame.fromColumns<R>(columns)
  }
}

function kindOf(reader: ChangeReader | undefined, column: string): ColumnKind | undefined {
  return reader?.columns.find(({ name }) => name === column)?.kind
}
