import type { Row } from '../change/column-type.js'
import { isDeleted } from '../change/topic.js'
import type { Upsert } from './output.js'
import { OutputKey } from './output-key.js'
import { OutputRow } from './output-row.js'
import { withParams } from './param.js'
import { inputsOf, type Plan, type PlanNode } from './plan.js'
import { compareIds, rowId } from './row-identity.js'
import type { OnError } from './set-aside.js'
import { StepFailure } from './step-failure.js'
import type { Attempt, PlainRow } from './verb.js'
import { verbOf } from './verbs.js'

/** The current rows of a topic. Those that count as deleted may be among them. */
export type FinalRows = (topic: string) => Iterable<Row>

/**
 * Runs a plan from scratch over final tables, in the plainest way there is, and gives one row per key. It is what the
 * incremental result has to be equal to, and shares no operator with it. Rows that a function fails on are left out, or
 * are a `pipeline-failed` error when asked to `stop`.
 */
export function recompute(plan: Plan, rowsOf: FinalRows, options: { onError?: OnError } = {}): Upsert[] {
  return withParams(plan.params, () => recomputed(plan, rowsOf, options))
}

function recomputed(plan: Plan, rowsOf: FinalRows, options: { onError?: OnError }): Upsert[] {
  const attempt: Attempt = make => {
    try {
      return make()
    } catch (cause) {
      if (!(cause instanceof StepFailure)) throw cause
      if (options.onError === 'stop') throw cause.toError(plan.name, null)
      return null
    }
  }
  const outputKey = new OutputKey(plan)
  const outputRow = new OutputRow(plan)
  const byKey = new Map<string, PlainRow>()
  for (const { id, key, row } of rowsOfNode(plan.root, rowsOf, attempt)) {
    const keyed = attempt(() => {
      const own = outputKey.of(row, () => key)
      return { own, text: outputKey.text(own), row: outputRow.of(row) }
    })
    if (keyed === null) continue
    const held = byKey.get(keyed.text)
    if (held === undefined || compareIds(id, held.id) < 0)
      byKey.set(keyed.text, { id, key: keyed.own, row: keyed.row })
  }
  return Array.from(byKey.values(), ({ key, row }) => ({ key, row }))
}

function rowsOfNode(node: PlanNode, rowsOf: FinalRows, attempt: Attempt): PlainRow[] {
  if (node.verb !== 'from') {
    const inputs = inputsOf(node).map(input => rowsOfNode(input, rowsOf, attempt))
    return verbOf(node).recompute(node, inputs, attempt)
  }
  const rows = [...rowsOf(node.topic)].filter(row => !isDeleted(node, row))
  return rows.map(row => {
    const key = Object.fromEntries(node.key.map(column => [column, row[column] ?? null]))
    return { id: rowId(row, node.key), key, row }
  })
}
