import { Captured } from './captured.js'
import { functionSource } from './function-source.js'
import { Param } from './param.js'
import { type Plan, stepsOf } from './plan.js'
import { memberName } from './row-use.js'
import { resolveScopes, type Scopes } from './scopes.js'
import { verbOf } from './verbs.js'

type AnyFunction = (...parameters: never[]) => unknown

/** The params that the functions of a plan read, those of functions that they call included, each once, by name. */
export function paramsOf(plan: Plan): Param[] {
  const found = new Set<Param>()
  const seen = new Set<AnyFunction>()
  for (const { node } of stepsOf(plan.root)) {
    for (const { call } of verbOf(node).functions(node)) collect(call as AnyFunction, found, seen)
  }
  return [...found].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function collect(given: AnyFunction, found: Set<Param>, seen: Set<AnyFunction>): void {
  if (seen.has(given)) return
  seen.add(given)
  const source = functionSource(given)
  if (source === null) return
  const scopes = resolveScopes(source.node)
  for (const value of outerValues(given, scopes)) {
    if (value instanceof Param) found.add(value)
    else if (typeof value === 'function') collect(value as AnyFunction, found, seen)
  }
}

/** What the names from outside, and their members, stand for. */
function outerValues(given: AnyFunction, scopes: Scopes): unknown[] {
  const free = scopes.references.filter(({ binding }) => binding === null)
  const captured = Captured.of(
    given,
    free.map(({ node }) => node.name),
  )
  return free.flatMap(({ node }) => {
    const values: unknown[] = [captured.get(node.name)]
    let inner = scopes.parentOf.get(node)
    while (inner?.type === 'MemberExpression') {
      const [last] = values.slice(-1)
      const name = memberName(inner)
      if (name === null || typeof last !== 'object' || last === null || last instanceof Param) break
      values.push((last as Record<string, unknown>)[name])
      inner = scopes.parentOf.get(inner)
    }
    return values
  })
}
