import type { Row } from '../change/column-type.js'
import type { Upsert } from './output.js'
import type { AggregateNode, Plan, PlanNode } from './plan.js'
import { type IdentifiedRow, identify } from './row-identity.js'
import { RunningAt } from './step-failure.js'

/** The current rows of a topic, those that count as deleted left out. */
export type FinalRows = (topic: string) => Iterable<Row>

/**
 * Runs a plan from scratch over final tables, in the plainest way there is. It is what the incremental result has to be
 * equal to, and shares no operator with it.
 */
export function recompute(plan: Plan, rowsOf: FinalRows): Upsert[] {
  try {
    return rowsOfNode(plan.root, rowsOf).map(({ id, row }) => ({ key: id.key, row }))
  } catch (cause) {
    throw new RunningAt(plan.name).failure(cause, 'a step')
  }
}

function rowsOfNode(node: PlanNode, rowsOf: FinalRows): IdentifiedRow[] {
  switch (node.verb) {
    case 'from':
      return Array.from(rowsOf(node.topic), row => ({ id: identify(row, node.key), row }))
    case 'filter':
      return rowsOfNode(node.input, rowsOf).filter(({ row }) => node.test(row))
    case 'aggregate':
      return aggregate(node, rowsOfNode(node.input, rowsOf))
  }
}

function aggregate(node: AggregateNode, rows: readonly IdentifiedRow[]): IdentifiedRow[] {
  const groups = new Map<string, { key: Row; rows: IdentifiedRow[] }>()
  for (const identified of rows) {
    const key = node.key(identified.row)
    const { text } = identify(key, Object.keys(key))
    const group = groups.get(text)
    if (group === undefined) groups.set(text, { key, rows: [identified] })
    else group.rows.push(identified)
  }
  return Array.from(groups.values(), ({ key, rows: members }) => {
    const row: Record<string, Row[string]> = { ...key }
    for (const [name, one] of Object.entries(node.aggregates)) row[name] = one.over(members)
    return { id: identify(key, Object.keys(key)), row }
  })
}
