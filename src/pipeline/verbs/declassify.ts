import type { DeclassifyNode } from '../plan.js'
import type { Verb } from '../verb.js'

/** `declassify`: columns tell nothing of a sensitive one any more. It does nothing to the rows. */
export const declassify: Verb<DeclassifyNode> = {
  functions: () => [],
  mentions: ({ columns }) => columns,
  passes: () => 'all',
  declassifies: ({ columns }, column) => columns.includes(column),
  identity: 'kept',
  uniform: true,
  operator: (_, __, next) => ({ inputs: [next] }),
  recompute: (_, [rows = []]) => [...rows],
}
