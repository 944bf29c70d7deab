import type { Row } from '../change/column-type.js'
import type { Cell, CellRow } from './cell.js'
import type { OwnMemory } from './operator-state.js'
import type { KeyFunction } from './plan.js'
import { idValues, partOf, type RowId, valueId } from './row-identity.js'
import { called, requireKey } from './step-call.js'
import type { IdentityKeys } from './verb.js'

/** How messages name a `groupBy`. */
export const groupByStep = '.groupBy(…)'

/** A key function that refuses what is no key, as a failure of the step. */
export function keyCall(key: KeyFunction): (row: CellRow) => Row {
  const call = called(key, groupByStep)
  return row => requireKey(call(row), groupByStep, key)
}

/**
 * The identities of the keys that a `groupBy` gives: their values, for the names of their columns are the same from row
 * to row. The few of which they are not have their names in their identity.
 */
export class GroupKeys implements IdentityKeys, OwnMemory {
  #columns: readonly string[] | null = null
  #isKept = true
  readonly #others = new Map<string, readonly string[]>()

  /** The columns of the first key that was met. */
  get columns(): readonly string[] | null {
    return this.#columns
  }

  get size(): number {
    return this.#columns === null ? 0 : 1
  }

  /** Those columns: identities depend on which were met first. */
  *changes(): Generator<[RowId, Cell]> {
    if (this.#isKept || this.#columns === null) return
    this.#isKept = true
    yield ['columns', this.#columns]
  }

  /** Goes on from what {@link changes} gave. To be called before any key is met. */
  restore(kept: Iterable<readonly [RowId, Cell]>): void {
    for (const [, columns] of kept) this.#columns = columns as readonly string[]
  }

  idOf(key: Row): RowId {
    const columns = this.#columns ?? this.#learn(key)
    let at = 0
    let text = ''
    for (const column in key) {
      if (column !== columns[at]) return this.#otherId(key)
      if (columns.length === 1) text = column
      else text += partOf(key[column]!)
      at++
    }
    if (at !== columns.length) return this.#otherId(key)
    return columns.length === 1 ? valueId(key[text]!) : text
  }

  /** The key of an identity that {@link idOf} gave. */
  keyOf(id: RowId): Row {
    const other = typeof id === 'string' && id.startsWith('{') ? id.slice(0, id.indexOf('}') + 1) : null
    const columns = other === null ? (this.#columns ?? []) : this.#others.get(other)!
    const values = idValues(other === null ? id : (id as string).slice(other.length))
    return Object.fromEntries(columns.map((column, i) => [column, values[i]!]))
  }

  #learn(key: Row): readonly string[] {
    this.#columns = Object.keys(key)
    this.#isKept = false
    return this.#columns
  }

  #otherId(key: Row): RowId {
    const columns = Object.keys(key)
    const names = `{${columns.map(encodeURIComponent).join()}}`
    this.#others.set(names, columns)
    return names + columns.map(column => partOf(key[column]!)).join('')
  }
}
