import type { Cell } from '../cell.js'
import type { DeriveNode } from '../plan.js'
import { type RowMaker, remake, rowOperator } from '../row-step.js'
import { cellCall } from '../step-call.js'
import type { Verb } from '../verb.js'

const stepOf = (name: string): string => `.derive({ ${name}: … })`

function maker({ columns }: DeriveNode): RowMaker {
  const calls = Object.entries(columns).map(
    ([name, call]) => [name, cellCall(call, stepOf(name), name)] as const,
  )
  return row => {
    const made: Record<string, Cell> = { ...row }
    for (const [name, call] of calls) made[name] = call(row)
    return made
  }
}

/** `derive`: each row with a column more for each function. */
export const derive: Verb<DeriveNode> = {
  functions: ({ columns }) =>
    Object.entries(columns).map(([name, call]) => ({
      step: stepOf(name),
      call,
      takes: [0],
      gives: [name],
      returns: 'column',
    })),
  passes: () => 'all',
  identity: 'kept',
  uniform: true,
  operator: (node, context, next) => rowOperator(maker(node), context, next),
  recompute: (node, [rows = []], attempt) => remake(maker(node), rows, attempt),
}
