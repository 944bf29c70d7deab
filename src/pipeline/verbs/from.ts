import type { FromNode } from '../plan.js'
import { idValues } from '../row-identity.js'
import type { Verb } from '../verb.js'

/** `from`: the rows of a topic. */
export const from: Verb<FromNode> = {
  functions: () => [],
  passes: () => 'all',
  identity: 'kept',
  uniform: true,
  operator: ({ key }) => ({
    inputs: [],
    keys: {
      columns: key,
      keyOf(id) {
        const values = idValues(id)
        return Object.fromEntries(key.map((column, i) => [column, values[i]!]))
      },
    },
  }),
  recompute: () => [],
}
