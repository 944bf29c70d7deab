import type { Row } from '../change/column-type.js'
import type { AggregateState } from './aggregate.js'
import type { AggregateNode } from './plan.js'
import { identify, type RowIdentity, type Sink, type WeightedRow } from './row-identity.js'

interface Group {
  id: RowIdentity
  /** Input rows in it. */
  size: number
  states: readonly AggregateState[]
  /** The output row last passed on. */
  row: Row | null
}

/** The groups of an `aggregate` step, each with its own memory: a row that comes or goes costs its own group only. */
export class Grouping {
  readonly #node: AggregateNode
  readonly #names: readonly string[]
  readonly #groups = new Map<string, Group>()
  readonly #touched = new Set<Group>()

  constructor(node: AggregateNode) {
    this.#node = node
    this.#names = Object.keys(node.aggregates)
  }

  apply(weighted: WeightedRow): void {
    const key = this.#node.key(weighted.row)
    const id = identify(key, Object.keys(key))
    const group = this.#groups.get(id.text) ?? this.#create(id)
    group.size += weighted.weight
    for (const state of group.states) {
      if (weighted.weight === 1) state.add(weighted)
      else state.remove(weighted)
    }
    this.#touched.add(group)
  }

  /** Passes on the rows of the groups touched since the last call: the old one goes, the new one comes. */
  flush(emit: Sink): void {
    for (const group of this.#touched) {
      if (group.row !== null) emit({ id: group.id, row: group.row, weight: -1 })
      group.row = group.size === 0 ? null : this.#rowOf(group)
      if (group.row === null) this.#groups.delete(group.id.text)
      else emit({ id: group.id, row: group.row, weight: 1 })
    }
    this.#touched.clear()
  }

  #create(id: RowIdentity): Group {
    const group = {
      id,
      size: 0,
      states: this.#names.map(name => this.#node.aggregates[name]!.create()),
      row: null,
    }
    this.#groups.set(id.text, group)
    return group
  }

  #rowOf({ id, states }: Group): Row {
    const row: Record<string, Row[string]> = { ...id.key }
    this.#names.forEach((name, i) => {
      row[name] = states[i]!.value()
    })
    return row
  }
}
