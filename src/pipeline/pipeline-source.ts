import type { AnyNode } from 'acorn'
import { inputsOf, type Plan, type PlanNode, stepsOf } from './plan.js'
import type { PlanSource, SourceModule } from './plan-source.js'
import { memberName } from './row-use.js'
import { walk } from './scopes.js'
import type { Definition, SourceNames } from './source-names.js'

/** A call of a verb in the source of a pipeline. */
interface VerbCall {
  verb: string
  /** Its arguments, each with the module it stands in. */
  values: readonly Definition[]
}

/** The source of a pipeline: the call of `.to(…)` that makes it. */
export interface PipelineSource {
  to: Definition
  calls: readonly VerbCall[]
}

/** The calls that make pipelines of this name, `pipeline('name').from(…)….to(…)`, anywhere in a source. */
export function pipelinesIn(source: PlanSource, names: SourceNames, plan: Plan): PipelineSource[] {
  const found: PipelineSource[] = []
  for (const module of source.all) {
    walk(module.program, node => {
      if (node.type !== 'CallExpression' || verbOfCall(node) !== 'to') return undefined
      const chain = chainOf({ node, module }, names)
      if (chain?.name === plan.name) found.push({ to: { node, module }, calls: chain.calls })
      return undefined
    })
  }
  if (found.length < 2) return found
  return found.filter(({ calls }) => literalOf(calls.at(-1)!.values[0], names) === plan.output)
}

interface Chain {
  name: string
  calls: readonly VerbCall[]
}

function chainOf({ node, module }: Definition, names: SourceNames, depth: number = 0): Chain | null {
  if (depth > 200) return null
  if (node.type === 'Identifier') {
    const definition = names.definition(node, module)
    return definition === null ? null : chainOf(definition, names, depth + 1)
  }
  if (node.type !== 'CallExpression') return null
  const values = node.arguments.map(argument => ({ node: argument as AnyNode, module }))
  if (isPipelineCall(node, module, names)) {
    const name = literalOf(values[0], names)
    return typeof name === 'string' ? { name, calls: [] } : null
  }
  const verb = verbOfCall(node)
  if (verb === null || node.callee.type !== 'MemberExpression') return null
  const before = chainOf({ node: node.callee.object, module }, names, depth + 1)
  return before === null ? null : { name: before.name, calls: [...before.calls, { verb, values }] }
}

function isPipelineCall(
  { callee }: Extract<AnyNode, { type: 'CallExpression' }>,
  module: SourceModule,
  names: SourceNames,
): boolean {
  const name = names.packageName(callee as AnyNode, module)
  return name === 'obslab#pipeline' || name === 'obslab/job#pipeline'
}

function verbOfCall(node: AnyNode): string | null {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return null
  return memberName(node.callee)
}

/** The value of a literal, or of a constant that is one. */
function literalOf(given: Definition | undefined, names: SourceNames): unknown {
  if (given === undefined) return undefined
  const { node, module } = given
  if (node.type === 'Literal') return node.value
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0]?.value.cooked
  const definition = node.type === 'Identifier' ? names.definition(node, module) : null
  return definition === null ? undefined : literalOf(definition, names)
}

/**
 * The arguments of the calls that made each step, by the names of `stepsOf`; null when the calls are not those of the
 * plan, because helpers made some of them.
 */
export function stepArguments(
  plan: Plan,
  { calls }: PipelineSource,
  names: SourceNames,
): ReadonlyMap<PlanNode, readonly Definition[]> | null {
  const found = new Map<PlanNode, readonly Definition[]>()
  const isMatched = match(plan.root, calls.slice(0, -1), names, found)
  return isMatched && stepsOf(plan.root).every(({ node }) => found.has(node)) ? found : null
}

const grouped: ReadonlySet<string> = new Set(['aggregate', 'pivot', 'latest', 'fold'])

function match(
  node: PlanNode,
  calls: readonly VerbCall[],
  names: SourceNames,
  found: Map<PlanNode, readonly Definition[]>,
): boolean {
  const call = calls.at(-1)
  if (call?.verb !== node.verb) return false
  const group = grouped.has(node.verb) ? calls.at(-2) : undefined
  if (grouped.has(node.verb) && group?.verb !== 'groupBy') return false
  found.set(node, [...(group?.values ?? []), ...call.values])
  const before = calls.slice(0, group === undefined ? -1 : -2)
  const [input, ...others] = inputsOf(node)
  if (input === undefined) return before.length === 0
  return (
    match(input, before, names, found) &&
    others.every((other, i) => {
      const chain = call.values[i] === undefined ? null : chainOf(call.values[i], names)
      return chain !== null && match(other, chain.calls, names, found)
    })
  )
}
