import { columnsOfResult } from './columns-read.js'
import { inputsOf, type PlanNode } from './plan.js'
import type { StepFunction } from './verb.js'
import { verbOf } from './verbs.js'

type Columns = readonly string[] | null

/** The columns of a step's rows, as far as definitions and the text of its functions tell; null when they do not. */
export function columnsOf(node: PlanNode): Columns {
  if (node.verb === 'from') return node.columns.length === 0 ? null : node.columns.map(({ name }) => name)
  const verb = verbOf(node)
  const inputs = inputsOf(node).map(columnsOf)
  const passes = verb.passes(node)
  const passed = passes === 'all' ? together(inputs) : passes
  const given = together(verb.functions(node).map(one => givenBy(one, inputs)))
  return together([passed, given, verb.adds?.(node) ?? []])
}

function together(lists: readonly Columns[]): Columns {
  return lists.some(list => list === null) ? null : [...new Set(lists.flatMap(list => list ?? []))]
}

function givenBy({ call, takes, gives, returns }: StepFunction, inputs: readonly Columns[]): Columns {
  if (gives !== 'rest') return gives
  if (returns !== 'columns') return []
  const { columns, passed, others } = columnsOfResult(call, takes.length)
  if (others !== null) return null
  const rows = passed.map(parameter => {
    const input = takes[parameter]
    return input === null || input === undefined ? null : (inputs[input] ?? null)
  })
  return together([...rows, [...columns.keys()]])
}

/** Whether the rows of a step all have the same columns, whatever these are. */
export function isUniform(node: PlanNode): boolean {
  return verbOf(node).uniform && inputsOf(node).every(isUniform)
}
