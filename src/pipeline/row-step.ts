import type { CellRow } from './cell.js'
import type { RowId, RowSink } from './row-identity.js'
import type { SetAside } from './set-aside.js'
import type { Attempt, Operator, PlainRow, StepContext } from './verb.js'

/** What a step makes of each row by itself; null for none. */
export type RowMaker = (row: CellRow) => CellRow | null

/** A step that makes at most one row of each, which keeps its identity. It remembers nothing. */
export function rowOperator(make: RowMaker, { setAside }: StepContext, next: RowSink): Operator {
  return { inputs: [new RowStep(make, setAside, next)] }
}

/** {@link rowOperator} over all rows at once. */
export function remake(make: RowMaker, rows: readonly PlainRow[], attempt: Attempt): PlainRow[] {
  return rows.flatMap(({ id, key, row }) => {
    const made = attempt(() => make(row))
    return made === null ? [] : [{ id, key, row: made }]
  })
}

class RowStep implements RowSink {
  readonly #make: RowMaker
  readonly #setAside: SetAside
  readonly #next: RowSink

  constructor(make: RowMaker, setAside: SetAside, next: RowSink) {
    this.#make = make
    this.#setAside = setAside
    this.#next = next
  }

  put(id: RowId, row: CellRow): void {
    let made: CellRow | null = null
    try {
      made = this.#make(row)
      this.#setAside.passed(id)
    } catch (cause) {
      this.#setAside.failed(id, cause)
    }
    if (made === null) this.#next.remove(id)
    else this.#next.put(id, made)
  }

  remove(id: RowId): void {
    this.#setAside.passed(id)
    this.#next.remove(id)
  }

  clear(prefix: string): void {
    this.#setAside.clear(prefix)
    this.#next.clear(prefix)
  }
}
