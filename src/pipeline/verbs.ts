import type { PlanNode } from './plan.js'
import type { Verb } from './verb.js'
import { aggregate } from './verbs/aggregate.js'
import { declassify } from './verbs/declassify.js'
import { derive } from './verbs/derive.js'
import { filter } from './verbs/filter.js'
import { flatMap } from './verbs/flat-map.js'
import { fold } from './verbs/fold.js'
import { from } from './verbs/from.js'
import { join } from './verbs/join.js'
import { latest } from './verbs/latest.js'
import { map } from './verbs/map.js'
import { pivot } from './verbs/pivot.js'
import { select } from './verbs/select.js'
import { union } from './verbs/union.js'
import { window } from './verbs/window.js'

const verbs: { readonly [V in PlanNode['verb']]: Verb<Extract<PlanNode, { verb: V }>> } = {
  from,
  filter,
  map,
  select,
  derive,
  flatMap,
  aggregate,
  pivot,
  join,
  union,
  latest,
  window,
  fold,
  declassify,
}

/** All about the verb of a step. */
export function verbOf(node: PlanNode): Verb {
  return verbs[node.verb] as unknown as Verb
}
