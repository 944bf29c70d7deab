import {
  type D2,
  filter,
  type IStreamBuilder,
  map,
  type PipedOperator,
  type RootStreamBuilder,
} from '@tanstack/db-ivm'
import type { Change } from '../../src/change/change.js'
import type { Row, Value } from '../../src/change/column-type.js'
import { isDeleted } from '../../src/change/topic.js'
import { type Cell, type CellRow, compareAny } from '../../src/pipeline/cell.js'
import type { FoldNode, FromNode } from '../../src/pipeline/plan.js'
import { compareIds, idText, memberId, type RowId, rowId } from '../../src/pipeline/row-identity.js'

/** A row in the graph; `key` is what identifies it as columns, null where nothing does. */
export interface Held {
  id: RowId
  key: Row | null
  row: CellRow
}

/** A version of a row, after a name that no other version of any row of its stream has. */
export type Named = [version: string, held: Held]
/** The rows between two steps. */
export type Stream = IStreamBuilder<Named>

/** Turns the changes of a topic into rows added and taken away. */
export class Input {
  readonly stream: RootStreamBuilder<Named>
  readonly #from: FromNode
  readonly #version: () => string
  readonly #rows = new Map<RowId, Named>()

  constructor(from: FromNode, graph: D2, version: () => string) {
    this.#from = from
    this.#version = version
    this.stream = graph.newInput<Named>()
  }

  send(changes: readonly Change[]): void {
    const own = changes.filter(({ topic }) => topic === this.#from.topic)
    if (own.length > 0) this.stream.sendData(own.flatMap(change => this.#differences(change)))
  }

  #differences(change: Change): [Named, number][] {
    if (change.kind === 'truncate') return [...this.#rows.keys()].flatMap(id => this.#replace(id, null))
    const { key } = change as unknown as { key: Row }
    const after = change.kind === 'row' ? change.after : null
    const row = after === null || isDeleted(this.#from, after) ? null : after
    return this.#replace(rowId(key, this.#from.key), row)
  }

  #replace(id: RowId, row: Row | null): [Named, number][] {
    const differences: [Named, number][] = []
    const before = this.#rows.get(id)
    if (before !== undefined) differences.push([before, -1])
    this.#rows.delete(id)
    if (row === null) return differences
    const key = Object.fromEntries(this.#from.key.map(column => [column, row[column]!]))
    const named: Named = [this.#version(), { id, key, row }]
    this.#rows.set(id, named)
    return [...differences, [named, 1]]
  }
}

/** What `make` gives, or null where it throws. */
export function attempt<T>(make: () => T): T | null {
  try {
    return make()
  } catch {
    return null
  }
}

/** What `make` gives for each; null, or where it throws, nothing. */
export function mapped<T, U>(make: (one: T) => U | null): PipedOperator<T, U> {
  return stream =>
    stream.pipe(
      map(one => attempt(() => make(one))),
      filter(made => made !== null),
    ) as IStreamBuilder<U>
}

/** What `make` gives for each row, which stays that row; null, or where it throws, none. */
export function rowByRow(make: (row: CellRow) => CellRow | null): PipedOperator<Named, Named> {
  return mapped(([version, held]) => {
    const row = make(held.row)
    return row === null ? null : [version, { ...held, row }]
  })
}

/** The rows of input `i` of a union. */
export function memberOf(i: number): PipedOperator<Named, Named> {
  return map(([version, { id, row }]) => [`${i} ${version}`, { id: memberId(i, id), key: null, row }])
}

/** A row with null where a function gave undefined. */
export function complete(row: CellRow): CellRow {
  for (const name in row) {
    if (row[name] === undefined) {
      return Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, cell ?? null]))
    }
  }
  return row
}

/** The columns that functions give of a row. */
export function derived(columns: Readonly<Record<string, (row: CellRow) => Cell>>, row: CellRow): CellRow {
  return complete(Object.fromEntries(Object.entries(columns).map(([name, make]) => [name, make(row)])))
}

/** One text for the values of a key. */
export function keyId(values: readonly Value[]): string {
  return idText(rowId(Object.fromEntries(values.map((value, i) => [i, value])), Object.keys(values)))
}

/** Rows one after another, each with the state after it. */
export function folded(
  { start, step, emit }: FoldNode,
  members: readonly { by: Value; held: Held }[],
): Held[] {
  const inOrder = [...members].sort((a, b) => compareAny(a.by, b.by) || compareIds(a.held.id, b.held.id))
  let state = start
  return inOrder.flatMap(({ held: { id, key, row } }) => {
    const made = attempt(() => {
      const after = step(state, row)
      return { after, row: complete(emit(after, row)) }
    })
    if (made === null) return []
    state = made.after
    return [{ id, key, row: made.row }]
  })
}
