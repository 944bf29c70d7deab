import type { MapNode } from '../plan.js'
import { type RowMaker, remake, rowOperator } from '../row-step.js'
import { called, requireRow } from '../step-call.js'
import type { Verb } from '../verb.js'

const step = '.map(…)'

function maker(node: MapNode): RowMaker {
  const call = called(node.row, step)
  return row => requireRow(call(row), step, node.row)
}

/** `map`: each row becomes another. */
export const map: Verb<MapNode> = {
  functions: ({ row }) => [{ step, call: row, takes: [0], gives: 'rest', returns: 'columns' }],
  passes: () => [],
  identity: 'kept',
  uniform: false,
  operator: (node, context, next) => rowOperator(maker(node), context, next),
  recompute: (node, [rows = []], attempt) => remake(maker(node), rows, attempt),
}
