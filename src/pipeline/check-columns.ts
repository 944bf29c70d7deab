import { ObslabError } from '../errors.js'
import { nearest } from '../source/nearest.js'
import { columnsRead } from './columns-read.js'
import { inputsOf, type Plan, type PlanNode, stepsOf } from './plan.js'
import { columnsOf, isUniform } from './step-columns.js'
import { expressionOf } from './step-failure.js'
import { verbOf } from './verbs.js'

/**
 * Refuses a plan of which a function reads a column that its input does not have, with a `column-unknown` error that
 * names the function, its step and the nearest column: types are stripped and not checked, and the column would be null
 * in every row. Inputs whose columns nothing tells are left for {@link checkStep}.
 */
export function checkColumns(plan: Plan): void {
  for (const { node } of stepsOf(plan.root)) {
    inputsOf(node).forEach((input, i) => {
      const columns = columnsOf(input)
      if (columns !== null) checkStep(plan.name, node, i, columns)
    })
  }
  const columns = columnsOf(plan.root)
  if (columns !== null) checkSchema(plan, columns)
  const unknown = columns === null ? undefined : plan.key?.find(column => !columns.includes(column))
  if (columns === null || unknown === undefined) return
  throw columnUnknown({
    pipeline: plan.name,
    input: plan.root,
    columns,
    reader: `The key of .to(…) of the pipeline ${plan.name}`,
    unknown,
  })
}

/** No row would fit a schema of other columns. */
function checkSchema({ name, output, schema }: Plan, columns: readonly string[]): void {
  if (schema === undefined) return
  const declared = Object.keys(schema.shape)
  const missing = declared.filter(column => !columns.includes(column))
  const extra = columns.filter(column => !declared.includes(column))
  if (missing.length + extra.length === 0) return
  const rows = `the rows of the pipeline ${name}`
  throw new ObslabError(
    'column-unknown',
    `Expected the schema of .to('${output}') to have the columns of ${rows}, ${columns.join(', ')}` +
      `${missing.length === 0 ? '' : `; ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not among them`}` +
      `${extra.length === 0 ? '' : `; it lacks ${extra.join(', ')}`}.`,
  )
}

/** Refuses the step `node` when one of its functions reads a column that its input `i` does not have. */
export function checkStep(pipeline: string, node: PlanNode, i: number, columns: readonly string[]): void {
  const verb = verbOf(node)
  const unknownOf = (read: Iterable<string>): string | undefined =>
    [...read].find(column => !columns.includes(column) && !(column in Object.prototype))
  const input = inputsOf(node)[i]!
  for (const { step, call, takes } of verb.functions(node)) {
    for (const [parameter, taken] of takes.entries()) {
      const read = taken === i ? columnsRead(call, parameter) : 'all'
      const unknown = read === 'all' ? undefined : unknownOf(read)
      const reader = `\`${expressionOf(call)}\` in ${step} of the pipeline ${pipeline}`
      if (unknown !== undefined) throw columnUnknown({ pipeline, input, columns, reader, unknown })
    }
  }
  const unknown = unknownOf(verb.mentions?.(node) ?? [])
  const reader = `.${node.verb}(…) of the pipeline ${pipeline}`
  if (unknown !== undefined) throw columnUnknown({ pipeline, input, columns, reader, unknown })
}

/** Whether the first row of input `i` of a step is to be checked, for nothing told its columns before. */
export function needsRow(node: PlanNode, i: number): boolean {
  const input = inputsOf(node)[i]!
  return columnsOf(input) === null && isUniform(input)
}

interface Unknown {
  pipeline: string
  input: PlanNode
  columns: readonly string[]
  reader: string
  unknown: string
}

function columnUnknown({ input, columns, reader, unknown }: Unknown): ObslabError {
  const producer = producerOf(input)
  const near = nearest(unknown, columns)[0]
  const advice = near === undefined ? `Its columns are ${columns.join(', ')}.` : `Did you mean ${near}?`
  const isTopic = producer.verb === 'from'
  const later =
    isTopic && producer.columns.length === 0
      ? ' If the table was given it later, declare the columns of the topic.'
      : ''
  return new ObslabError(
    'column-unknown',
    `${reader} reads ${unknown}, which is no column of ` +
      `${isTopic ? producer.topic : `the rows that .${producer.verb}(…) before it gives`}. ${advice}${later}`,
  )
}

/** What gives a step its columns: a topic, or a step that makes other columns than it takes. */
function producerOf(node: PlanNode): PlanNode {
  return node.verb === 'filter' || node.verb === 'declassify' ? producerOf(node.input) : node
}
