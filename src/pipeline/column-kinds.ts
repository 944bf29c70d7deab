import type { ColumnKind } from '../change/column-type.js'
import { columnsGiven, columnsGivenEither, columnsOfResult } from './columns-read.js'
import { inputsOf, type PlanNode } from './plan.js'
import type { StepFunction } from './verb.js'
import { verbOf } from './verbs.js'

/** What a column of a topic holds; undefined when that is not known. */
export type KindOf = (topic: string, column: string) => ColumnKind | undefined

/**
 * The kinds of those output columns of a step that a function gives as they are, `row => row.obs_datetime`: a time stays
 * a time, and the sum of decimals a decimal. A list of collected values is JSON. What a function computes has the kind of
 * its values and is not among them.
 */
export function columnKinds(
  node: PlanNode,
  columns: readonly string[],
  kindOf: KindOf,
): Record<string, ColumnKind> {
  const kinds: Record<string, ColumnKind> = {}
  for (const column of columns) {
    const kind = columnKind(node, column, kindOf)
    if (kind !== undefined) kinds[column] = kind
  }
  return kinds
}

function columnKind(node: PlanNode, column: string, kindOf: KindOf): ColumnKind | undefined {
  if (node.verb === 'from') return kindOf(node.topic, column)
  const verb = verbOf(node)
  const inputKind = (input: number | null | undefined, name: string): ColumnKind | undefined =>
    input === null || input === undefined ? undefined : columnKind(inputsOf(node)[input]!, name, kindOf)
  const functions = verb.functions(node)
  const named = functions.find(({ gives }) => gives !== 'rest' && gives.includes(column))
  if (named !== undefined) return namedKind(named, inputKind)
  if (verb.adds?.(node).includes(column)) return undefined
  const passes = verb.passes(node)
  if (passes === 'all' || passes.includes(column)) {
    const kinds = new Set(inputsOf(node).map((_, i) => inputKind(i, column)))
    return kinds.size === 1 ? [...kinds][0] : undefined
  }
  for (const { call, takes, gives, returns } of functions) {
    if (gives !== 'rest' || returns !== 'columns') continue
    for (const [parameter, input] of takes.entries()) {
      const given = columnsGiven(call, parameter).get(column)
      if (given !== undefined) return inputKind(input, given)
    }
    const spread = passedFrom(call, takes.length, column)
    if (spread !== null) return inputKind(takes[spread], column)
  }
  return undefined
}

/** The parameter whose row a function passes the column on from, `d => ({ ...d, obs: … })`; null where none does, or two may. */
function passedFrom(call: StepFunction['call'], parameters: number, column: string): number | null {
  const { columns, passed, others, conditions } = columnsOfResult(call, parameters)
  const isPlain =
    !columns.has(column) && others === null && conditions.every(read => read !== 'all' && read.size === 0)
  return isPlain && passed.length === 1 ? passed[0]! : null
}

function namedKind(
  { call, takes, returns }: StepFunction,
  inputKind: (input: number | null | undefined, name: string) => ColumnKind | undefined,
): ColumnKind | undefined {
  if (returns === 'list') return 'json'
  if (returns !== 'column' && returns !== 'sum') return undefined
  const given = columnsGivenEither(call) ?? []
  const kind = commonKind(given.map(column => inputKind(takes[0], column)))
  return returns === 'column' || kind === 'decimal' || kind === 'bigint' ? kind : undefined
}

/** The kind that values of any of these kinds have: an integer may be a double. */
function commonKind(kinds: readonly (ColumnKind | undefined)[]): ColumnKind | undefined {
  const [first, ...others] = new Set(kinds)
  if (others.length === 0) return first
  return kinds.every(kind => kind === 'int' || kind === 'double') ? 'double' : undefined
}
