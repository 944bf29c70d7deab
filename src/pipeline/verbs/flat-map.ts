import type { CellRow } from '../cell.js'
import type { OperatorState, StateCodec } from '../operator-state.js'
import type { FlatMapNode } from '../plan.js'
import { childId, hasPrefix, type RowId, type RowSink } from '../row-identity.js'
import type { SetAside } from '../set-aside.js'
import { called, requireRow } from '../step-call.js'
import { StepFailure } from '../step-failure.js'
import type { StepContext, Verb } from '../verb.js'

const step = '.flatMap(…)'

type RowsMaker = (row: CellRow) => readonly CellRow[]

function maker(node: FlatMapNode): RowsMaker {
  const call = called(node.rows, step)
  return row => {
    const made: unknown = call(row)
    if (Array.isArray(made)) return made.map(one => requireRow(one, step, node.rows))
    throw StepFailure.gave(step, node.rows, made, 'Give a list of rows, empty for none.')
  }
}

/** `flatMap`: each row becomes several. */
export const flatMap: Verb<FlatMapNode> = {
  functions: ({ rows }) => [{ step, call: rows, takes: [0], gives: 'rest', returns: 'columns' }],
  passes: () => [],
  identity: 'made',
  uniform: false,
  operator: (node, context, next) => ({ inputs: [new RowsStep(maker(node), context, next)] }),
  recompute: (node, [rows = []], attempt) => {
    const make = maker(node)
    return rows.flatMap(({ id, key, row }) =>
      (attempt(() => make(row)) ?? []).map((one, i) => ({ id: childId(id, i), key, row: one })),
    )
  },
}

const codec: StateCodec<number> = { encode: rows => rows, decode: cell => cell as number }

/** Remembers how many rows each became, to take back those that are too many when it becomes fewer. */
class RowsStep implements RowSink {
  readonly #make: RowsMaker
  readonly #setAside: SetAside
  readonly #counts: OperatorState<number>
  readonly #next: RowSink

  constructor(make: RowsMaker, context: StepContext, next: RowSink) {
    this.#make = make
    this.#setAside = context.setAside
    this.#counts = context.state('rows', codec)
    this.#next = next
  }

  put(id: RowId, row: CellRow): void {
    let rows: readonly CellRow[] = []
    try {
      rows = this.#make(row)
      this.#setAside.passed(id)
    } catch (cause) {
      this.#setAside.failed(id, cause)
    }
    this.#replace(id, rows)
  }

  remove(id: RowId): void {
    this.#setAside.passed(id)
    this.#replace(id, [])
  }

  clear(prefix: string): void {
    this.#setAside.clear(prefix)
    for (const [id] of [...this.#counts.entries()]) if (hasPrefix(id, prefix)) this.#replace(id, [])
  }

  #replace(id: RowId, rows: readonly CellRow[]): void {
    const before = this.#counts.get(id) ?? 0
    if (rows.length > 0) this.#counts.set(id, rows.length)
    else if (before > 0) this.#counts.delete(id)
    for (let i = 0; i < rows.length; i++) this.#next.put(childId(id, i), rows[i]!)
    for (let i = rows.length; i < before; i++) this.#next.remove(childId(id, i))
  }
}
