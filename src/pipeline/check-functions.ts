import { isNullable, nullableComparisons } from './nullable-comparison.js'
import { inputsOf, type Plan, stepsOf } from './plan.js'
import { type FunctionFinding, type PlanFinding, planFinding, type SourcePlace } from './plan-finding.js'
import { purity } from './purity.js'
import { verbOf } from './verbs.js'

type AnyFunction = (...parameters: never[]) => unknown

/** Finds where the source of a function begins: in a file, or in a cell of a notebook. */
export type LocateFunction = (given: AnyFunction, offset: number) => SourcePlace | null

/**
 * What may be wrong with the functions of a plan: that they depend on more than their rows, change what they are given,
 * or compare by `<` or `>` a column that may be null. `locate` tells the file and line of an expression, where the source
 * is at hand. Each expression is told once.
 */
export function checkFunctions(plan: Plan, locate: LocateFunction = () => null): PlanFinding[] {
  const found = new Map<string, PlanFinding>()
  for (const { node } of stepsOf(plan.root)) {
    const inputs = inputsOf(node)
    for (const { call, step, takes } of verbOf(node).functions(node)) {
      const given = call as AnyFunction
      const nullable = takes.map(input =>
        input === null ? null : (column: string) => isNullable(inputs[input]!, column),
      )
      for (const finding of [...purity(given), ...nullableComparisons(given, nullable)]) {
        const placed = located(finding, locate(given, finding.place.offset))
        found.set(
          `${placed.code} ${step} ${placed.place.offset} ${placed.expression}`,
          planFinding(plan.name, step, placed),
        )
      }
    }
  }
  return [...found.values()]
}

function located(finding: FunctionFinding, place: SourcePlace | null): FunctionFinding {
  return place === null ? finding : { ...finding, place: { ...place, offset: finding.place.offset } }
}
