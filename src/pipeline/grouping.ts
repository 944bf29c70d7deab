import type { Row } from '../change/column-type.js'
import type { RecordPosition } from '../errors.js'
import type { AggregateState } from './aggregate.js'
import { aggregateStep, groupByStep } from './check-columns.js'
import type { AggregateNode } from './plan.js'
import { identify, type RowIdentity, type Sink, type WeightedRow } from './row-identity.js'
import type { RunningAt } from './step-failure.js'

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
  /** With the record that did it last. */
  readonly #touched = new Map<Group, RecordPosition | undefined>()
  readonly #at: RunningAt

  constructor(node: AggregateNode, at: RunningAt) {
    this.#node = node
    this.#at = at
    this.#names = Object.keys(node.aggregates)
  }

  apply(weighted: WeightedRow): void {
    const key = this.#keyOf(weighted.row)
    const id = identify(key, Object.keys(key))
    const group = this.#groups.get(id.text) ?? this.#create(id)
    group.size += weighted.weight
    for (let i = 0; i < group.states.length; i++) {
      try {
        if (weighted.weight === 1) group.states[i]!.add(weighted)
        else group.states[i]!.remove(weighted)
      } catch (cause) {
        throw this.#at.failure(cause, aggregateStep(this.#names[i]!))
      }
    }
    this.#touched.set(group, this.#at.record)
  }

  /** Passes on the rows of the groups touched since the last call: the old one goes, the new one comes. */
  flush(emit: Sink): void {
    for (const [group, record] of this.#touched) {
      this.#at.record = record
      if (group.row !== null) emit({ id: group.id, row: group.row, weight: -1 })
      group.row = group.size === 0 ? null : this.#rowOf(group)
      if (group.row === null) this.#groups.delete(group.id.text)
      else emit({ id: group.id, row: group.row, weight: 1 })
    }
    this.#touched.clear()
  }

  #keyOf(row: Row): Row {
    let key: Row
    try {
      key = this.#node.key(row)
    } catch (cause) {
      throw this.#at.failure(cause, groupByStep)
    }
    this.#at.requireKey(key)
    for (const column in key) this.#at.requireValue(key[column], groupByStep, column)
    return key
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
      row[name] = this.#valueOf(states[i]!, name)
    })
    return row
  }

  #valueOf(state: AggregateState, name: string): Row[string] {
    let value: Row[string]
    try {
      value = state.value()
    } catch (cause) {
      throw this.#at.failure(cause, aggregateStep(name))
    }
    this.#at.requireValue(value, aggregateStep(name), name)
    return value
  }
}
