import { runFingerprint } from '../pipeline/fingerprint.js'
import { inputsOf, type Plan, type PlanNode, stepsOf } from '../pipeline/plan.js'
import { paramsOf } from '../pipeline/plan-params.js'

/** Whether two plans are the same pipeline. */
export interface SameAsRun {
  same: boolean
  /** How they differ, a clause each: `step 2 .filter(…) differs`. Empty where they are the same. */
  differences: readonly string[]
}

/**
 * Whether a pipeline of a notebook's session is the one that the notebook on disk defines: the same steps, with functions
 * that read alike and hold the same values, the same params, the same output. Of two that differ it tells the steps that
 * do, not those that only follow from them. Steps count from 1, in the order rows flow.
 *
 * What has no value to compare, such as a connection that a function holds, counts as the same.
 */
export function sameAsRun(plan: Plan, slicedPlan: Plan): SameAsRun {
  const differences = [
    ...shapeDifferences(plan, slicedPlan),
    ...paramDifferences(plan, slicedPlan),
    ...outputDifferences(plan, slicedPlan),
  ]
  const isComparable = tree(plan.root) === tree(slicedPlan.root) && namesOf(plan) === namesOf(slicedPlan)
  if (isComparable) differences.push(...stepDifferences(plan, slicedPlan))
  return { same: differences.length === 0, differences }
}

function shapeDifferences(plan: Plan, sliced: Plan): string[] {
  if (tree(plan.root) === tree(sliced.root)) return []
  const verbs = ({ root }: Plan): string =>
    stepsOf(root)
      .map(({ node }) => `.${node.verb}`)
      .join('')
  return [`its steps are ${verbs(plan)}, on disk ${verbs(sliced)}`]
}

/** The verbs of a plan with what each takes its rows from. */
function tree(node: PlanNode): string {
  return `${node.verb}(${inputsOf(node).map(tree).join(',')})`
}

/** The steps that differ though all that they take rows from are the same. */
function stepDifferences(plan: Plan, sliced: Plan): string[] {
  // Fingerprints hold the values of params, which are compared by themselves.
  const values = Object.fromEntries(paramsOf(plan).map(({ name }) => [name, null]))
  const ours = runFingerprint(plan, values).steps
  const theirs = runFingerprint(sliced, values).steps
  const steps = stepsOf(plan.root)
  const names = new Map(steps.map(({ name, node }) => [node, name]))
  const isSame = (name: string): boolean => ours.get(name) === theirs.get(name)
  return steps.flatMap(({ name, node }, i) => {
    const isOwn = !isSame(name) && inputsOf(node).every(input => isSame(names.get(input)!))
    return isOwn ? [`step ${i + 1} .${node.verb}(…) differs`] : []
  })
}

function namesOf(plan: Plan): string {
  return JSON.stringify(paramsOf(plan).map(({ name }) => name))
}

function paramDifferences(plan: Plan, sliced: Plan): string[] {
  const defaults = (one: Plan): Map<string, string> =>
    new Map(paramsOf(one).map(({ name, default: value }) => [name, `${value}`]))
  const [ours, theirs] = [defaults(plan), defaults(sliced)]
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap(name => {
    const [here, there] = [ours.get(name), theirs.get(name)]
    if (here === there) return []
    if (there === undefined) return [`its param ${name} is not on disk`]
    if (here === undefined) return [`its param ${name} is on disk only`]
    return [`its param ${name} is ${here}, on disk ${there}`]
  })
}

function outputDifferences(plan: Plan, sliced: Plan): string[] {
  const keyOf = ({ key }: Plan): string => key?.join(', ') ?? 'that of its last step'
  const compared = [
    ['name', plan.name, sliced.name],
    ['output', plan.output, sliced.output],
    ['key', keyOf(plan), keyOf(sliced)],
  ]
  return compared.flatMap(([what, here, there]) =>
    here === there ? [] : [`its ${what} is ${here}, on disk ${there}`],
  )
}
