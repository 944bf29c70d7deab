import { isSensitive } from '../change/masking.js'
import { type ColumnsRead, columnsBehind, columnsOfResult, columnsRead } from './columns-read.js'
import { type FromNode, inputsOf, type PlanNode } from './plan.js'
import { columnsOf } from './step-columns.js'
import type { StepFunction } from './verb.js'
import { verbOf } from './verbs.js'

/**
 * Which of the output columns `columns` of a step may tell something of a sensitive column of a topic: those of a
 * function that may read one, until they are declassified. A function whose reads cannot be told from its source is
 * taken to read everything.
 */
export function sensitiveColumns(node: PlanNode, columns: readonly string[]): Set<string> {
  return new Set(columns.filter(column => tells(node, column)))
}

function tells(node: PlanNode, column: string): boolean {
  if (node.verb === 'from') return isSensitiveOf(node, column)
  const verb = verbOf(node)
  if (verb.declassifies?.(node, column)) return false
  const functions = verb.functions(node)
  const named = functions.filter(({ gives }) => gives !== 'rest' && gives.includes(column))
  if (named.length > 0) return named.some(one => functionTells(node, one))
  if (verb.adds?.(node).includes(column)) return false
  const passes = verb.passes(node)
  if (passes === 'all' || passes.includes(column)) return inputsOf(node).some(input => tells(input, column))
  return functions.some(one => one.gives === 'rest' && restTells(node, one, column))
}

function isSensitiveOf(node: FromNode, name: string): boolean {
  const kind = node.columns.find(column => column.name === name)?.kind
  return isSensitive({ name, kind }, node.topic, node)
}

/** Whether what a function gives may tell something. */
function functionTells(node: PlanNode, { call, takes }: StepFunction): boolean {
  return takes.some((_, parameter) => readTells(node, takes, parameter, columnsRead(call, parameter)))
}

/** Whether a column of what a function gives may tell something. */
function restTells(node: PlanNode, one: StepFunction, column: string): boolean {
  const { call, takes, returns } = one
  if (returns !== 'columns') return functionTells(node, one)
  const behind = columnsBehind(columnsOfResult(call, takes.length), column)
  return behind.some((read, parameter) => readTells(node, takes, parameter, read))
}

/** A parameter that is no row is made of what the step's other functions read, which are asked themselves. */
function readTells(
  node: PlanNode,
  takes: StepFunction['takes'],
  parameter: number,
  read: ColumnsRead,
): boolean {
  const taken = takes[parameter] ?? null
  if (taken === null) return false
  const input = inputsOf(node)[taken]!
  return read === 'all' ? anyTells(input) : [...read].some(column => tells(input, column))
}

/** A topic may have columns that its definition leaves out: those of any topic may be sensitive. */
function anyTells(node: PlanNode): boolean {
  if (node.verb === 'from') return true
  const verb = verbOf(node)
  const functions = verb.functions(node).filter(({ gives }) => gives.length > 0)
  const passes = verb.passes(node)
  if (passes !== 'all') {
    const columns = columnsOf(node)
    if (columns !== null) return columns.some(column => tells(node, column))
    return functions.some(one => functionTells(node, one))
  }
  return inputsOf(node).some(anyTells) || functions.some(one => functionTells(node, one))
}
