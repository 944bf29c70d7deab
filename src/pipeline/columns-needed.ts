import { type ColumnsRead, columnsRead } from './columns-read.js'
import { inputsOf, type Plan, type PlanNode } from './plan.js'
import { verbOf } from './verbs.js'

/**
 * The columns that a plan may read of each topic, its key and what marks a row as deleted among them, or `all` where its
 * functions do not tell: no other column makes a difference to its output.
 */
export function columnsNeeded(plan: Plan): Map<string, ColumnsRead> {
  const needed = new Map<string, ColumnsRead>()
  need(plan.root, 'all', needed)
  return needed
}

/** Notes what the steps before `node` need for these columns of its rows. */
function need(node: PlanNode, columns: ColumnsRead, needed: Map<string, ColumnsRead>): void {
  if (node.verb === 'from') {
    const own = both(columns, new Set([...node.key, ...node.deleted]))
    needed.set(node.topic, both(needed.get(node.topic) ?? new Set(), own))
    return
  }
  const verb = verbOf(node)
  const passes = verb.passes(node)
  const passed: ColumnsRead = passes === 'all' ? columns : new Set(passes)
  inputsOf(node).forEach((input, i) => {
    let read = both(passed, new Set(verb.mentions?.(node) ?? []))
    for (const { call, takes } of verb.functions(node)) {
      for (const [parameter, taken] of takes.entries()) {
        if (taken === i) read = both(read, columnsRead(call, parameter))
      }
    }
    need(input, read, needed)
  })
}

function both(a: ColumnsRead, b: ColumnsRead): ColumnsRead {
  return a === 'all' || b === 'all' ? 'all' : new Set([...a, ...b])
}
