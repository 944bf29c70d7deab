import type { Cell } from '../cell.js'
import type { SelectNode } from '../plan.js'
import { type RowMaker, remake, rowOperator } from '../row-step.js'
import type { Verb } from '../verb.js'

function maker({ columns }: SelectNode): RowMaker {
  return row => {
    const made: Record<string, Cell> = {}
    for (const column of columns) made[column] = row[column] ?? null
    return made
  }
}

/** `select`: each row with the named columns only. */
export const select: Verb<SelectNode> = {
  functions: () => [],
  mentions: ({ columns }) => columns,
  passes: ({ columns }) => columns,
  identity: 'kept',
  uniform: true,
  operator: (node, context, next) => rowOperator(maker(node), context, next),
  recompute: (node, [rows = []], attempt) => remake(maker(node), rows, attempt),
}
