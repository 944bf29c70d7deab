import { ObslabError } from '../errors.js'
import { nearest } from '../source/nearest.js'
import { columnsRead } from './columns-read.js'
import type { Plan, PlanNode } from './plan.js'

/**
 * Refuses a plan of which a function reads a column that its input does not have, with a `column-unknown` error that
 * names the function, its step and the nearest column: types are stripped and not checked, and the column would be null
 * in every row. Inputs whose columns no definition tells are left for {@link checkStep}.
 */
export function checkColumns(plan: Plan): void {
  for (let node = plan.root; node.verb !== 'from'; node = node.input) {
    const columns = declaredColumns(node.input)
    if (columns !== null) checkStep(plan.name, node, columns)
  }
}

/** Refuses the step `node` when one of its functions reads a column that is not among its input's `columns`. */
export function checkStep(pipeline: string, node: PlanNode, columns: readonly string[]): void {
  for (const { step, rowFunction } of functionsOf(node)) {
    const read = columnsRead(rowFunction)
    if (read === 'all') continue
    const unknown = [...read].find(column => !columns.includes(column) && !(column in Object.prototype))
    if (unknown !== undefined) throw columnUnknown({ pipeline, node, columns, step, rowFunction, unknown })
  }
}

/** The columns that the definition of a step's topic gives its rows; null when it gives none or they are computed. */
export function declaredColumns(node: PlanNode): readonly string[] | null {
  if (node.verb === 'filter') return declaredColumns(node.input)
  return node.verb === 'from' && node.columns.length > 0 ? node.columns.map(({ name }) => name) : null
}

type RowFunction = (row: never) => unknown

interface StepFunction {
  step: string
  rowFunction: RowFunction
}

function functionsOf(node: PlanNode): StepFunction[] {
  switch (node.verb) {
    case 'from':
      return []
    case 'filter':
      return [{ step: filterStep, rowFunction: node.test }]
    case 'aggregate':
      return [
        { step: groupByStep, rowFunction: node.key },
        ...Object.entries(node.aggregates).flatMap(([name, { functions }]) =>
          functions.map(rowFunction => ({ step: aggregateStep(name), rowFunction })),
        ),
      ]
  }
}

/** How messages name a `filter`. */
export const filterStep = '.filter(…)'
/** How messages name a `groupBy`. */
export const groupByStep = '.groupBy(…)'
/** How messages name an aggregate. */
export function aggregateStep(name: string): string {
  return `.aggregate({ ${name}: … })`
}

interface Unknown extends StepFunction {
  pipeline: string
  node: PlanNode
  columns: readonly string[]
  unknown: string
}

function columnUnknown({ pipeline, node, columns, step, rowFunction, unknown }: Unknown): ObslabError {
  const input = inputOf(node)
  const near = nearest(unknown, columns)[0]
  const advice = near === undefined ? `Its columns are ${columns.join(', ')}.` : `Did you mean ${near}?`
  const later =
    input.verb === 'from' && declaredColumns(input) === null
      ? ' If the table was given it later, declare the columns of the topic.'
      : ''
  return new ObslabError(
    'column-unknown',
    `\`${expressionOf(rowFunction)}\` in ${step} of the pipeline ${pipeline} reads ${unknown}, which is no column of ` +
      `${input.verb === 'from' ? input.topic : 'the rows that .aggregate(…) before it gives'}. ${advice}${later}`,
  )
}

/** What gives a step its rows: a topic or an aggregate. */
function inputOf(node: PlanNode): PlanNode {
  let input = node.verb === 'from' ? node : node.input
  while (input.verb === 'filter') input = input.input
  return input
}

/** A function as written, on one line and cut where it is long. */
function expressionOf(rowFunction: RowFunction): string {
  const text = rowFunction.toString().replaceAll(/\s+/g, ' ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
