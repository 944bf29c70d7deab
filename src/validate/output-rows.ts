import type { ChangeReader } from '../change/change-reader.js'
import type { ColumnKind, Row } from '../change/column-type.js'
import { Frame } from '../frame/frame.js'
import { type CellRow, isValue } from '../pipeline/cell.js'
import { columnKinds } from '../pipeline/column-kinds.js'
import { cellText, type Upsert } from '../pipeline/output.js'
import type { Plan } from '../pipeline/plan.js'
import { compareIds, type RowId, rowId } from '../pipeline/row-identity.js'
import { sensitiveColumns } from '../pipeline/sensitivity.js'

/** The rows that a pipeline's output topic would hold after compaction, gathered upsert by upsert. */
export class OutputRows {
  readonly #last = new Map<RowId, Upsert>()

  /** Takes the next upserts: the last row of each key stays, a tombstone takes its row away. */
  add(upserts: Iterable<Upsert>): void {
    for (const upsert of upserts) {
      const id = rowId(upsert.key, Object.keys(upsert.key))
      if (upsert.row === null) this.#last.delete(id)
      else this.#last.set(id, upsert)
    }
  }

  /** How many rows there are. */
  get length(): number {
    return this.#last.size
  }

  /** The rows as upserts, in no order. */
  rows(): Iterable<Upsert> {
    return this.#last.values()
  }

  /** The rows as upserts, ordered by key. */
  sorted(): Upsert[] {
    return [...this.#last].sort(([a], [b]) => compareIds(a, b)).map(([, upsert]) => upsert)
  }

  /**
   * The rows ordered by key, with the kinds their input columns have in `readers`, by topic. Columns that may tell
   * something of a sensitive one are sensitive.
   */
  frame<R extends object>(plan: Plan, readers: ReadonlyMap<string, ChangeReader>): Frame<R> {
    const rows = this.sorted().map(({ row }) => flatRow(row!))
    const names = Object.keys(rows[0] ?? {})
    const kinds = columnKinds(plan.root, names, (topic, column) => kindOf(readers.get(topic), column))
    const frame = Frame.from(rows, kinds)
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

/** A frame has no nested columns: what was collected is JSON, as it is written. */
function flatRow(row: CellRow): Row {
  const cells = Object.entries(row)
  return Object.fromEntries(cells.map(([column, cell]) => [column, isValue(cell) ? cell : cellText(cell)]))
}
