import type { Value } from '../../change/column-type.js'
import type { RecordPosition } from '../../errors.js'
import { type Cell, type CellRow, sameCell } from '../cell.js'
import { groupByStep } from '../group-key.js'
import { type Grouped, groupOperator, type Member } from '../grouping.js'
import { compareOrdered, type Ordered } from '../ordered.js'
import { OrderedMultiset } from '../ordered-multiset.js'
import { plainGroups } from '../plain-groups.js'
import type { FoldNode } from '../plan.js'
import { rowProjection } from '../project-row.js'
import type { RowSink } from '../row-identity.js'
import { type Running, SetAside } from '../set-aside.js'
import { calledWithTwo, requireCell, requireRow, valueCall } from '../step-call.js'
import { isPromise, StepFailure } from '../step-failure.js'
import type { StepContext, Verb } from '../verb.js'

const step = '.fold(…)'

/** `groupBy(…).fold({ … })`: the rows of a key in order, each with what followed from those before it. */
export const fold: Verb<FoldNode> = {
  functions({ key, by, step: next, emit }) {
    return [
      { step: groupByStep, call: key, takes: [0], gives: [], returns: 'other' },
      { step, call: by, takes: [0], gives: 'rest', returns: 'other' },
      { step, call: next, takes: [null, 0], gives: 'rest', returns: 'other' },
      { step, call: emit, takes: [null, 0], gives: 'rest', returns: 'columns' },
    ]
  },
  passes: () => [],
  identity: 'kept',
  uniform: false,
  operator(node, context, next) {
    const { keys: _, ...operator } = groupOperator(node.key, grouped(node, context), context, next)
    return operator
  },
  recompute(node, [rows = []], attempt) {
    const advance = advancer(node)
    const byOf = valueCall(node.by, step, 'by')
    const groups = plainGroups(node.key, rows, attempt, plain => ({ by: byOf(plain.row), ...plain }))
    return groups.flatMap(({ members }) => {
      let state = startOf(node)
      return members.sort(compareOrdered).flatMap(({ id, key, row }) => {
        const made = attempt(() => advance(state, row))
        if (made === null) return []
        state = made.state
        return [{ id, key, row: made.row }]
      })
    })
  },
}

interface Advanced {
  state: Cell
  row: CellRow
}

/** What follows from a row and the state before it: the state after it, which nothing may change, and its output. */
function advancer(node: FoldNode): (state: Cell, row: CellRow) => Advanced {
  const stepOf = calledWithTwo(node.step, step)
  const emitOf = calledWithTwo(node.emit, step)
  return (before, row) => {
    const given: unknown = stepOf(before, row)
    if (isPromise(given)) throw StepFailure.gave(step, node.step, given, '')
    const state = freeze(requireCell(given, step, node.step, 'the state'))
    return { state, row: requireRow(emitOf(state, row), step, node.emit) }
  }
}

function startOf({ start }: FoldNode): Cell {
  return freeze(structuredClone(start))
}

/** A state that a function changed in place would be another state of the rows before it too. */
function freeze(cell: Cell): Cell {
  if (typeof cell !== 'object' || cell === null || cell instanceof Uint8Array || Object.isFrozen(cell))
    return cell
  for (const inner of Object.values(cell as Record<string, Cell>)) freeze(inner)
  return Object.freeze(cell)
}

interface FoldMember extends Member<Sequence>, Ordered {
  /** As much of it as is folded. */
  row: CellRow
  /** The record that made it what it is. */
  at: RecordPosition | null
  /** The state after the row; undefined until it was computed. A row that fails leaves the state as it was. */
  state: Cell | undefined
}

/** The rows of a key, and the places from which states have to be computed again. */
interface Sequence {
  rows: OrderedMultiset<FoldMember>
  added: FoldMember[]
  removed: FoldMember[]
}

function grouped(node: FoldNode, { setAside, running }: StepContext): Grouped<FoldMember, Sequence> {
  const byOf = valueCall(node.by, step, 'by')
  const project = rowProjection([node.step, node.emit], 1)
  const refold = { start: startOf(node), advance: advancer(node), running }
  return {
    member: (id, row) => ({
      group: null,
      by: byOf(row),
      id,
      row: project(row),
      at: running.at,
      state: undefined,
    }),
    create: () => ({ rows: new OrderedMultiset<FoldMember>(compareOrdered), added: [], removed: [] }),
    add({ state }, member) {
      state.rows.add(member)
      state.added.push(member)
    },
    remove({ state }, member) {
      state.rows.remove(member)
      state.removed.push(member)
    },
    emitGone({ state: { rows, added, removed } }, next) {
      const there = new Set(added.filter(member => rows.has(member)).map(({ id }) => id))
      for (const { id } of removed) if (!there.has(id)) next.remove(id)
    },
    emit({ state }, next) {
      new Refold({ ...refold, setAside, next }).run(state)
    },
    restored({ state }) {
      new Refold({ ...refold, setAside: new SetAside(running, new Map()), next: nowhere }).run(state)
    },
    encode: ({ by, row, at }) => [by, row, at === null ? null : [at.topic, at.partition!, at.offset!]],
    decode(cell, id) {
      const [by, row, position] = cell as [Value, CellRow, [string, number, number] | null]
      const at = position && { topic: position[0], partition: position[1], offset: position[2] }
      return { group: null, by, id, row, at, state: undefined }
    },
  }
}

const nowhere: RowSink = { put: () => {}, remove: () => {}, clear: () => {} }

interface RefoldParts {
  start: Cell
  advance: (state: Cell, row: CellRow) => Advanced
  running: Running
  setAside: SetAside
  next: RowSink
}

/** One round over the rows of a key: only those are computed again whose state may have become another. */
class Refold {
  readonly #parts: RefoldParts

  constructor(parts: RefoldParts) {
    this.#parts = parts
  }

  run(sequence: Sequence): void {
    const { rows, added, removed } = sequence
    sequence.added = []
    sequence.removed = []
    let reached: FoldMember | null = null
    for (const place of [...added, ...removed].sort(compareOrdered)) {
      if (reached === null || compareOrdered(place, reached) > 0) reached = this.#walk(rows, place)
    }
  }

  /** Computes from `place` on until a state is what it was, and gives the last row it computed. */
  #walk(rows: OrderedMultiset<FoldMember>, place: FoldMember): FoldMember {
    const previous = rows.before(place)
    let state = previous === undefined ? this.#parts.start : previous.state!
    let reached = place
    for (const member of rows.from(place)) {
      const before = member.state
      state = this.#compute(member, state)
      reached = member
      if (before !== undefined && sameCell(before, state)) break
    }
    return reached
  }

  #compute(member: FoldMember, before: Cell): Cell {
    const { advance, running, setAside, next } = this.#parts
    running.at = member.at
    try {
      const { state, row } = advance(before, member.row)
      setAside.passed(member.id)
      next.put(member.id, row)
      member.state = state
    } catch (cause) {
      setAside.failed(member.id, cause)
      next.remove(member.id)
      member.state = before
    }
    return member.state
  }
}
