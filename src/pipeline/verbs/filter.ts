import type { FilterNode } from '../plan.js'
import { type RowMaker, remake, rowOperator } from '../row-step.js'
import { testCall } from '../step-call.js'
import type { Verb } from '../verb.js'

const step = '.filter(…)'

function maker(node: FilterNode): RowMaker {
  const test = testCall(node.test, step)
  return row => (test(row) ? row : null)
}

/** `filter`: keeps the rows a test is true for. */
export const filter: Verb<FilterNode> = {
  functions: ({ test }) => [{ step, call: test, takes: [0], gives: [], returns: 'other' }],
  passes: () => 'all',
  identity: 'kept',
  uniform: true,
  operator: (node, context, next) => rowOperator(maker(node), context, next),
  recompute: (node, [rows = []], attempt) => remake(maker(node), rows, attempt),
}
