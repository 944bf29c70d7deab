import { createHash } from 'node:crypto'
import { ObslabError } from '../errors.js'
import { ClosureForm } from './closure-form.js'
import { refinementsOf, schemaForm } from './output-schema.js'
import { bindParams, type ParamValues } from './param.js'
import { type PipelineSource, pipelinesIn, stepArguments } from './pipeline-source.js'
import { inputsOf, type Plan, type PlanNode, stepsOf } from './plan.js'
import { paramsOf } from './plan-params.js'
import type { PlanSource } from './plan-source.js'
import { propertyName } from './row-use.js'
import { type Definition, SourceNames, type Unresolved } from './source-names.js'
import { verbOf } from './verbs.js'

/** What tells whether two plans compute the same: equal fingerprints do. */
export interface PlanFingerprint {
  /** Of the plan as a whole, with its output. */
  plan: string
  /** Of what each step gives, by the names of `stepsOf`: of itself and of all steps before it. */
  steps: ReadonlyMap<string, string>
  /** `source` when every value in it was found in the source, `run` when it was read from the running process. */
  from: 'source' | 'run'
  /** Names whose values are not in it: never any from a source. */
  unresolved: readonly Unresolved[]
}

/**
 * The fingerprint of a plan from the source it was written in: its syntax tree without layout, comments and the names of
 * variables, with what its names stand for in their place, other files and cells included, and the values of its params.
 * Packages count by name and version, obslab by name.
 *
 * A name whose value the source does not tell (assigned to, awaited, a parameter, of the process) is a `pipeline-invalid`
 * error with name and place; so is a source in which the pipeline is not found. `values` are those of the run's params.
 */
export function sourceFingerprint(plan: Plan, source: PlanSource, values: ParamValues = {}): PlanFingerprint {
  const names = new SourceNames(source)
  const [made, ...others] = pipelinesIn(source, names, plan)
  const where = source.modules.length === 1 ? source.modules[0]!.name : `${source.modules.length} cells`
  if (made === undefined || others.length > 0) {
    throw new ObslabError(
      'pipeline-invalid',
      `Expected pipeline('${plan.name}')….to('${plan.output}') once in ${where}, found it ` +
        `${made === undefined ? 'nowhere' : `${others.length + 1} times`}. Write the chain of verbs out, from the name to .to(…).`,
    )
  }
  const form = names.form(made.to)
  const steps = stepArguments(plan, made, names)
  const known = new Map(
    [...(steps ?? [])].map(([node, args]) => [node, args.map(one => names.form(one)).join(' ')]),
  )
  // The source of the schema has what its refinements refer to.
  const declared = plan.schema === undefined ? '' : names.form(schemaSource(made) ?? made.to)
  if (names.unresolved.length > 0) throw unresolvedError(plan, names.unresolved)
  // Where helpers made steps, a change anywhere counts for every step.
  return assembled(plan, 'source', { step: node => known.get(node) ?? form, schema: declared }, [], values)
}

/**
 * The fingerprint of a plan from its functions as they are in this process: their own text and the values that the names
 * in it have now. The same pipeline may have another one where another tool made JavaScript of it. What has no form, a
 * connection, a class, is named in `unresolved` and not in it.
 */
export function runFingerprint(plan: Plan, values: ParamValues = {}): PlanFingerprint {
  const forms = new ClosureForm()
  const formOf = (node: PlanNode): string =>
    verbOf(node)
      .functions(node)
      .map(({ call, step }) => `${step} ${forms.of(call as never, step)}`)
      .join('\n')
  const refinements = plan.schema === undefined ? [] : refinementsOf(plan.schema)
  const schema = refinements.map(call => forms.of(call as never, '.to(…)')).join('\n')
  const fingerprint = assembled(plan, 'run', { step: formOf, schema }, forms.unresolved, values)
  return { ...fingerprint, unresolved: forms.unresolved }
}

/** The value of `schema` in the options of `.to(…)`, where they are written there. */
function schemaSource({ calls }: PipelineSource): Definition | null {
  const options = calls.at(-1)?.values[1]
  if (options?.node.type !== 'ObjectExpression') return null
  const property = options.node.properties.find(
    one => one.type === 'Property' && propertyName(one) === 'schema',
  )
  return property?.type === 'Property' ? { node: property.value, module: options.module } : null
}

function assembled(
  plan: Plan,
  from: PlanFingerprint['from'],
  forms: { step: (node: PlanNode) => string; schema: string },
  unresolved: readonly Unresolved[],
  values: ParamValues,
): PlanFingerprint {
  const params = [...bindParams(paramsOf(plan), values)].map(
    ([name, value]) => `${name}=${typeof value} ${value}`,
  )
  const prints = new Map<PlanNode, string>()
  const printOf = (node: PlanNode): string => {
    let print = prints.get(node)
    if (print === undefined) {
      print = hash([node.verb, dataOf(node), forms.step(node), ...params, ...inputsOf(node).map(printOf)])
      prints.set(node, print)
    }
    return print
  }
  const steps = new Map(stepsOf(plan.root).map(({ name, node }) => [name, printOf(node)]))
  const declared = plan.schema === undefined ? [] : [schemaForm(plan.schema), forms.schema]
  steps.set(
    `${steps.size}:to`,
    hash(['to', plan.output, JSON.stringify(plan.key), printOf(plan.root), ...declared]),
  )
  return { plan: steps.get(`${steps.size - 1}:to`)!, steps, from, unresolved }
}

/** What a step says besides its functions. What only matters to displays is left out. */
function dataOf(node: PlanNode): string {
  const {
    input: _,
    inputs: __,
    other: ___,
    sensitive: ____,
    declassified: _____,
    ...rest
  } = node as unknown as Record<string, unknown>
  const data = node.verb === 'from' ? { topic: node.topic, key: node.key, deleted: node.deleted } : rest
  const plain = (name: string, value: unknown): unknown => {
    if (node.verb === 'aggregate' && name === 'aggregates')
      return Object.entries(node.aggregates).map(([one, { kind }]) => [one, kind])
    return typeof value === 'function' ? undefined : typeof value === 'bigint' ? `${value}n` : value
  }
  return JSON.stringify(data, plain)
}

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

function unresolvedError({ name }: Plan, unresolved: readonly Unresolved[]): ObslabError {
  const told = unresolved.slice(0, 5).map(one => `${one.name} at ${one.place}: ${one.reason}`)
  const more = unresolved.length > told.length ? `; and ${unresolved.length - told.length} more` : ''
  return new ObslabError(
    'pipeline-invalid',
    `The pipeline ${name} takes values from outside that its source does not tell: ${told.join('; ')}${more}. ` +
      'Write them as constants, import them, or hand them in by param().',
  )
}
