import type { Value } from '../../change/column-type.js'
import type { Cell, CellRow } from '../cell.js'
import { groupByStep } from '../group-key.js'
import { type Grouped, groupOperator, type Member } from '../grouping.js'
import { compareOrdered, type Few, lastOf, type Ordered, withEntry, withoutEntry } from '../ordered.js'
import { plainGroups } from '../plain-groups.js'
import type { LatestNode } from '../plan.js'
import { valueCall } from '../step-call.js'
import type { Verb } from '../verb.js'

const step = '.latest(…)'

/** `groupBy(…).latest({ by })`: of the rows of a key the last, whole. */
export const latest: Verb<LatestNode> = {
  functions: ({ key, by }) => [
    { step: groupByStep, call: key, takes: [0], gives: [], returns: 'other' },
    { step, call: by, takes: [0], gives: [], returns: 'other' },
  ],
  passes: () => 'all',
  identity: 'key',
  uniform: true,
  operator: (node, context, next) => groupOperator(node.key, grouped(node), context, next),
  recompute(node, [rows = []], attempt) {
    const byOf = valueCall(node.by, step, 'by')
    const groups = plainGroups(node.key, rows, attempt, ({ id, row }) => ({ by: byOf(row), id, row }))
    return groups.map(({ id, key, members }) => ({ id, key, row: members.sort(compareOrdered).at(-1)!.row }))
  },
}

interface LatestMember extends Member<State>, Ordered {
  row: CellRow
}

interface State {
  rows: Few<LatestMember>
}

function grouped({ by }: LatestNode): Grouped<LatestMember, State> {
  const byOf = valueCall(by, step, 'by')
  return {
    member: (id, row) => ({ group: null, by: byOf(row), id, row }),
    create: () => ({ rows: undefined }),
    add({ state }, member) {
      state.rows = withEntry(state.rows, member, compareOrdered)
    },
    remove({ state }, member) {
      state.rows = withoutEntry(state.rows, member)
    },
    emit({ id, state }, next) {
      const newest = lastOf(state.rows)
      if (newest === undefined) next.remove(id)
      else next.put(id, newest.row)
    },
    encode: ({ by, row }) => [by, row],
    decode(cell, id) {
      const [by, row] = cell as readonly Cell[] as [Value, CellRow]
      return { group: null, by, id, row }
    },
  }
}
