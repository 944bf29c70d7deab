import { isSensitive } from '../change/masking.js'
import { columnsRead } from './columns-read.js'
import type { AggregateNode, PlanNode } from './plan.js'

type RowFunction = (row: never) => unknown

/**
 * Which of the output columns `columns` of a step may tell something of a sensitive column of its topic: those of a
 * function that may read one. A function whose reads cannot be told from its source is taken to read everything.
 */
export function sensitiveColumns(node: PlanNode, columns: readonly string[]): Set<string> {
  switch (node.verb) {
    case 'from': {
      const kindOf = (name: string) => node.columns.find(column => column.name === name)?.kind
      return new Set(columns.filter(name => isSensitive({ name, kind: kindOf(name) }, node.topic, node)))
    }
    case 'filter':
      return sensitiveColumns(node.input, columns)
    case 'aggregate': {
      const tells = (rowFunction: RowFunction): boolean => mayReadSensitive(node.input, rowFunction)
      const keyTells = tells(node.key)
      return new Set(columns.filter(column => node.aggregates[column]?.functions.some(tells) ?? keyTells))
    }
  }
}

function mayReadSensitive(input: PlanNode, rowFunction: RowFunction): boolean {
  const read = columnsRead(rowFunction)
  return read === 'all' ? mayHoldSensitive(input) : sensitiveColumns(input, [...read]).size > 0
}

/** A topic may have columns that its definition leaves out: those of any topic may be sensitive. */
function mayHoldSensitive(node: PlanNode): boolean {
  if (node.verb === 'from') return true
  return node.verb === 'filter' ? mayHoldSensitive(node.input) : aggregateTells(node)
}

function aggregateTells(node: AggregateNode): boolean {
  const functions = [node.key, ...Object.values(node.aggregates).flatMap(aggregate => aggregate.functions)]
  return functions.some(rowFunction => mayReadSensitive(node.input, rowFunction))
}
