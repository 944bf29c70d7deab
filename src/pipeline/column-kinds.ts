import type { ColumnKind } from '../change/column-type.js'
import { columnGiven, columnsGiven } from './columns-read.js'
import type { PlanNode } from './plan.js'

/** What a column of a topic holds; undefined when that is not known. */
export type KindOf = (topic: string, column: string) => ColumnKind | undefined

/**
 * The kinds of those output columns of a step that a function gives as they are, `row => row.obs_datetime`: a time stays
 * a time. What a function computes has the kind of its values and is not among them.
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
  switch (node.verb) {
    case 'from':
      return kindOf(node.topic, column)
    case 'filter':
      return columnKind(node.input, column, kindOf)
    case 'aggregate': {
      const aggregate = node.aggregates[column]
      const given = aggregate === undefined ? columnsGiven(node.key).get(column) : valueColumn(aggregate)
      return given == null ? undefined : columnKind(node.input, given, kindOf)
    }
  }
}

function valueColumn({
  kind,
  functions: [value],
}: {
  kind: string
  functions: readonly ((row: never) => unknown)[]
}): string | null {
  return kind === 'count' || value === undefined ? null : columnGiven(value)
}
