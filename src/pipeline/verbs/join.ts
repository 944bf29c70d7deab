import type { Value } from '../../change/column-type.js'
import { type CellRow, isValue, sameCell } from '../cell.js'
import type { OperatorState, StateCodec } from '../operator-state.js'
import type { JoinNode } from '../plan.js'
import { rowProjection } from '../project-row.js'
import { hasPrefix, idText, pairId, partOf, type RowId, type RowSink, valueId } from '../row-identity.js'
import type { SetAside } from '../set-aside.js'
import { called, calledWithTwo, requireRow } from '../step-call.js'
import { StepFailure } from '../step-failure.js'
import type { Operator, PlainRow, StepContext, Verb } from '../verb.js'

const step = '.join(…)'

/** `join`: rows with those of another input that have the same value. */
export const join: Verb<JoinNode> = {
  functions: ({ on, to, row }) => [
    { step, call: on, takes: [0], gives: [], returns: 'other' },
    { step, call: to, takes: [1], gives: [], returns: 'other' },
    { step, call: row, takes: [0, 1], gives: 'rest', returns: 'columns' },
  ],
  passes: () => [],
  identity: 'made',
  uniform: false,
  operator: joinOperator,
  recompute(node, [rows = [], others = []], attempt) {
    const [onOf, toOf, make] = [keyReader(node, 'on'), keyReader(node, 'to'), maker(node)]
    const byKey = new Map<RowId, PlainRow[]>()
    for (const other of others) {
      const key = attempt(() => toOf(other.row))
      if (key !== null) byKey.set(key, [...(byKey.get(key) ?? []), other])
    }
    return rows.flatMap(one => {
      const key = attempt(() => ({ on: onOf(one.row) }))
      if (key === null) return []
      const matches = key.on === null ? [] : (byKey.get(key.on) ?? [])
      const partners = matches.length === 0 && node.kind === 'left' ? [null] : matches
      return partners.flatMap((other): PlainRow[] => {
        const row = attempt(() => make(one.row, other?.row ?? null))
        const id = pairId(one.id, other?.id ?? null)
        return row === null ? [] : [{ id, key: { ...one.key, ...other?.key }, row }]
      })
    })
  },
}

/** Reads what a row is joined by; null for a row that equals none. */
function keyReader(node: JoinNode, which: 'on' | 'to'): (row: CellRow) => RowId | null {
  const call = node[which]
  const run = called<CellRow, unknown>(call, step)
  const advice = `Give the value of a column in '${which}', or a list of such values.`
  return row => {
    const key = run(row)
    if (Array.isArray(key)) return listId(key, wrong => StepFailure.gave(step, call, wrong, advice))
    if (key === null || key === undefined) return null
    if (isValue(key)) return valueId(key)
    throw StepFailure.gave(step, call, key, advice)
  }
}

function listId(values: readonly unknown[], failure: (wrong: unknown) => StepFailure): RowId | null {
  let text = ''
  for (const value of values) {
    if (value === null || value === undefined) return null
    if (!isValue(value)) throw failure(value)
    text += partOf(value)
  }
  if (values.length === 0) throw failure(values)
  return values.length === 1 ? valueId(values[0] as Value) : text
}

function maker({ row }: JoinNode): (one: CellRow, other: CellRow | null) => CellRow {
  const call = calledWithTwo(row, step)
  return (one, other) => requireRow(call(one, other), step, row)
}

function joinOperator(node: JoinNode, context: StepContext, next: RowSink): Operator {
  const join = new Join(node, context, next)
  return {
    inputs: [
      new JoinInput('on', keyReader(node, 'on'), context.setAside, join.rows, (id, joined) =>
        join.change(id, joined),
      ),
      new JoinInput('to', keyReader(node, 'to'), context.setAside, join.others, (id, joined) =>
        join.changeOther(id, joined),
      ),
    ],
  }
}

/** A row as one side of a join remembers it. */
interface Joined {
  /** Null for a row that equals none. */
  key: RowId | null
  row: CellRow
}

const codec: StateCodec<Joined> = {
  encode: ({ key, row }) => [key, row],
  decode(cell) {
    const [key, row] = cell as [RowId | null, CellRow]
    return { key, row }
  },
}

/** The rows of one side, to be found by identity and by what they are joined by. */
class JoinSide {
  readonly #rows: OperatorState<Joined>
  readonly #byKey = new Map<RowId, RowId | Set<RowId>>()

  constructor(rows: OperatorState<Joined>) {
    this.#rows = rows
    for (const [id, { key }] of rows.entries()) this.#index(id, key)
  }

  get(id: RowId): Joined | undefined {
    return this.#rows.get(id)
  }

  has(key: RowId | null): boolean {
    return key !== null && this.#byKey.has(key)
  }

  idsOf(key: RowId | null): Iterable<RowId> {
    const ids = key === null ? undefined : this.#byKey.get(key)
    if (ids === undefined) return []
    return ids instanceof Set ? ids : [ids]
  }

  set(id: RowId, joined: Joined, before: Joined | undefined): void {
    this.#rows.set(id, joined)
    if (before?.key !== joined.key) this.#index(id, joined.key)
  }

  delete(id: RowId): void {
    this.#rows.delete(id)
  }

  /** `id` is joined by `key` no more. */
  unindex(id: RowId, key: RowId | null): void {
    const ids = key === null ? undefined : this.#byKey.get(key)
    if (key === null || ids === undefined) return
    if (!(ids instanceof Set)) {
      this.#byKey.delete(key)
      return
    }
    ids.delete(id)
    if (ids.size === 0) this.#byKey.delete(key)
  }

  ids(prefix: string): RowId[] {
    return Array.from(this.#rows.entries(), ([id]) => id).filter(id => hasPrefix(id, prefix))
  }

  #index(id: RowId, key: RowId | null): void {
    if (key === null) return
    const ids = this.#byKey.get(key)
    if (ids === undefined) this.#byKey.set(key, id)
    else if (ids instanceof Set) ids.add(id)
    else this.#byKey.set(key, new Set([ids, id]))
  }
}

/** Where the rows of one side come in: with what they are joined by, or that they are gone. */
class JoinInput implements RowSink {
  readonly #name: 'on' | 'to'
  readonly #keyOf: (row: CellRow) => RowId | null
  readonly #setAside: SetAside
  readonly #side: JoinSide
  readonly #change: (id: RowId, joined: Joined | null) => void

  constructor(
    name: 'on' | 'to',
    keyOf: (row: CellRow) => RowId | null,
    setAside: SetAside,
    side: JoinSide,
    change: (id: RowId, joined: Joined | null) => void,
  ) {
    this.#name = name
    this.#keyOf = keyOf
    this.#setAside = setAside
    this.#side = side
    this.#change = change
  }

  put(id: RowId, row: CellRow): void {
    let joined: Joined | null = null
    try {
      joined = { key: this.#keyOf(row), row }
      this.#passed(id)
    } catch (cause) {
      this.#setAside.failed(this.#own(id), cause)
    }
    this.#change(id, joined)
  }

  remove(id: RowId): void {
    this.#passed(id)
    this.#change(id, null)
  }

  clear(prefix: string): void {
    this.#setAside.clear(`${this.#name}:${prefix}`)
    for (const id of this.#side.ids(prefix)) this.#change(id, null)
  }

  #passed(id: RowId): void {
    if (this.#setAside.any) this.#setAside.passed(this.#own(id))
  }

  /** Two sides and their pairs may have the same identities. */
  #own(id: RowId): RowId {
    return `${this.#name}:${idText(id)}`
  }
}

/**
 * Remembers the rows of both sides: as much of each as the joined row is made of. A version of a row that is the same in
 * that goes no further.
 */
class Join {
  readonly rows: JoinSide
  readonly others: JoinSide
  readonly #keepsUnmatched: boolean
  readonly #make: (one: CellRow, other: CellRow | null) => CellRow
  readonly #project: (row: CellRow) => CellRow
  readonly #projectOther: (row: CellRow) => CellRow
  readonly #setAside: SetAside
  readonly #next: RowSink

  constructor(node: JoinNode, context: StepContext, next: RowSink) {
    this.rows = new JoinSide(context.state('rows', codec))
    this.others = new JoinSide(context.state('others', codec))
    this.#keepsUnmatched = node.kind === 'left'
    this.#make = maker(node)
    this.#project = rowProjection([node.row], 0)
    this.#projectOther = rowProjection([node.row], 1)
    this.#setAside = context.setAside
    this.#next = next
  }

  change(id: RowId, joined: Joined | null): void {
    const before = this.rows.get(id)
    if (before !== undefined && before.key !== joined?.key) {
      for (const other of this.others.idsOf(before.key)) this.#unpair(id, other)
      if (this.#keepsUnmatched && !this.others.has(before.key)) this.#unpair(id, null)
      this.rows.unindex(id, before.key)
    }
    if (joined === null) {
      if (before !== undefined) this.rows.delete(id)
      return
    }
    const row = this.#project(joined.row)
    if (before !== undefined && before.key === joined.key && sameCell(before.row, row)) return
    this.rows.set(id, { key: joined.key, row }, before)
    for (const other of this.others.idsOf(joined.key)) this.#pair(id, row, other, this.others.get(other)!.row)
    if (this.#keepsUnmatched && !this.others.has(joined.key)) this.#pair(id, row, null, null)
  }

  changeOther(other: RowId, joined: Joined | null): void {
    const before = this.others.get(other)
    if (before !== undefined && before.key !== joined?.key) this.#leave(other, before)
    if (joined === null) {
      if (before !== undefined) this.others.delete(other)
      return
    }
    const row = this.#projectOther(joined.row)
    if (before !== undefined && before.key === joined.key && sameCell(before.row, row)) return
    const wereUnmatched = this.#keepsUnmatched && !this.others.has(joined.key)
    this.others.set(other, { key: joined.key, row }, before)
    for (const id of this.rows.idsOf(joined.key)) {
      if (wereUnmatched) this.#unpair(id, null)
      this.#pair(id, this.rows.get(id)!.row, other, row)
    }
  }

  #leave(other: RowId, { key }: Joined): void {
    this.others.unindex(other, key)
    const areUnmatched = this.#keepsUnmatched && !this.others.has(key)
    for (const id of this.rows.idsOf(key)) {
      this.#unpair(id, other)
      if (areUnmatched) this.#pair(id, this.rows.get(id)!.row, null, null)
    }
  }

  #pair(id: RowId, one: CellRow, otherId: RowId | null, other: CellRow | null): void {
    const pair = pairId(id, otherId)
    let row: CellRow
    try {
      row = this.#make(one, other)
      this.#setAside.passed(pair)
    } catch (cause) {
      this.#setAside.failed(pair, cause)
      this.#next.remove(pair)
      return
    }
    this.#next.put(pair, row)
  }

  #unpair(id: RowId, other: RowId | null): void {
    const pair = pairId(id, other)
    this.#setAside.passed(pair)
    this.#next.remove(pair)
  }
}
