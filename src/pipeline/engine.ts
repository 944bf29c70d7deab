import type { Change } from '../change/change.js'
import type { TopicEvent } from '../change/message.js'
import { checkStep, declaredColumns, filterStep } from './check-columns.js'
import { columnsGiven } from './columns-read.js'
import { CurrentRows } from './current-rows.js'
import { Grouping } from './grouping.js'
import { encodeKey, encodeRow, type Upsert } from './output.js'
import type { AggregateNode, FilterNode, Plan, PlanNode } from './plan.js'
import type { Sink, WeightedRow } from './row-identity.js'
import { RunningAt } from './step-failure.js'

/**
 * Runs a plan incrementally: changes in, upserts out. What it gives depends only on the changes it was given of each
 * partition, not on how the partitions were interleaved nor on where the calls were cut.
 *
 * A function that throws is a `pipeline-failed` error; one that reads a column that its first row does not have, where no
 * definition tells the columns, is a `column-unknown` error.
 */
export class Engine {
  readonly #inputs = new Map<string, { rows: CurrentRows; sink: Sink }>()
  /** Ends each round of every step that waits for one, in the order the rows flow. */
  readonly #flushes: (() => void)[] = []
  readonly #changed = new Map<string, Upsert>()
  /** The encoded row last given out for each encoded key: what equal output is left out by. */
  readonly #emitted = new Map<string, string>()

  readonly #at: RunningAt
  /** The input columns that the output key's columns are given from. */
  readonly #keyColumns: ReadonlyMap<string, string> | null

  constructor(plan: Plan) {
    this.#at = new RunningAt(plan.name)
    this.#keyColumns = keyColumns(plan.root)
    this.#build(plan.root, weighted => this.#collect(weighted))
  }

  /**
   * Applies changes in order and gives the output rows that are different afterwards, one per key. Changes of topics
   * that the plan does not read are ignored. Redelivered changes must have been left out before.
   */
  apply(changes: Iterable<TopicEvent>): Upsert[] {
    for (const change of changes) {
      const input = this.#inputs.get(change.topic)
      if (input === undefined || !isOfTable(change)) continue
      this.#at.record = change
      input.rows.apply(change, input.sink)
    }
    for (const flush of this.#flushes) flush()
    const upserts = [...this.#changed.values()].filter(upsert => this.#isNew(upsert))
    this.#changed.clear()
    return upserts
  }

  /** What the output holds after compaction, as of the last call of {@link apply}: encoded key to encoded row. */
  get output(): ReadonlyMap<string, string> {
    return this.#emitted
  }

  /** Puts `node` and the steps before it in front of `sink`. */
  #build(node: PlanNode, sink: Sink): void {
    switch (node.verb) {
      case 'from':
        this.#inputs.set(node.topic, { rows: new CurrentRows(node), sink })
        break
      case 'filter':
        this.#buildChecked(node, weighted => {
          if (this.#passes(node, weighted)) sink(weighted)
        })
        break
      case 'aggregate': {
        const grouping = new Grouping(node, this.#at)
        this.#buildChecked(node, weighted => grouping.apply(weighted))
        this.#flushes.push(() => grouping.flush(sink))
        break
      }
    }
  }

  /** Puts the step before `node` in front of `sink`, and checks `node` by its first row where nothing told before. */
  #buildChecked(node: FilterNode | AggregateNode, sink: Sink): void {
    let checked = declaredColumns(node.input) !== null
    this.#build(node.input, weighted => {
      if (!checked) checkStep(this.#at.pipeline, node, Object.keys(weighted.row))
      checked = true
      sink(weighted)
    })
  }

  #passes({ test }: FilterNode, { row }: WeightedRow): boolean {
    try {
      return test(row)
    } catch (cause) {
      throw this.#at.failure(cause, filterStep)
    }
  }

  #collect({ id, row, weight }: WeightedRow): void {
    this.#changed.set(id.text, { key: id.key, row: weight === 1 ? row : null })
  }

  #isNew({ key, row }: Upsert): boolean {
    const keyText = encodeKey(key, this.#keyColumns).toString()
    if (row === null) return this.#emitted.delete(keyText)
    const rowText = encodeRow(row).toString()
    if (this.#emitted.get(keyText) === rowText) return false
    this.#emitted.set(keyText, rowText)
    return true
  }
}

/** Null when the key is the topic's own. */
function keyColumns(node: PlanNode): ReadonlyMap<string, string> | null {
  if (node.verb === 'from') return null
  return node.verb === 'filter' ? keyColumns(node.input) : columnsGiven(node.key)
}

function isOfTable(event: TopicEvent): event is Change {
  return ['row', 'tombstone', 'truncate', 'quarantined'].includes(event.kind)
}
