import { columnsRead } from './columns-read.js'
import type { PlanNode } from './plan.js'

/**
 * Which of the output columns `columns` of a step may tell something of a sensitive column of its topic: those of a
 * function that may read one. A function whose reads cannot be told from its source is taken to read everything.
 */
export function sensitiveColumns(node: PlanNode, columns: readonly string[]): Set<string> {
  switch (node.verb) {
    case 'from':
      return new Set(node.sensitive)
    case 'filter':
      return sensitiveColumns(node.input, columns)
    case 'aggregate': {
      const tells = (rowFunction: (row: never) => unknown): boolean =>
        mayReadSensitive(node.input, rowFunction)
      const keyTells = tells(node.key)
      return new Set(columns.filter(column => node.aggregates[column]?.functions.some(tells) ?? keyTells))
    }
  }
}

function mayReadSensitive(input: PlanNode, rowFunction: (row: never) => unknown): boolean {
  const read = columnsRead(rowFunction)
  if (read === 'all') return hasSensitive(input)
  const columns = [...read]
  const sensitive = sensitiveColumns(input, columns)
  return columns.some(column => sensitive.has(column))
}

function hasSensitive(node: PlanNode): boolean {
  return node.verb === 'from' ? node.sensitive.length > 0 : hasSensitive(node.input)
}
