import { type Aggregate, aggregateGroups } from './aggregate.js'
import { type Column, takeColumns } from './column.js'
import { encodeColumns } from './encode.js'
import { columnNamed } from './names.js'
import { sortRows } from './sort.js'

/**
 * One row for each combination of values of the key columns, ordered by them, with the keys and the aggregates as
 * columns. Null is a key of its own. Without keys there is one group, even of no rows.
 */
export function groupColumns(
  columns: readonly Column[],
  length: number,
  names: readonly string[],
  aggregates: Readonly<Record<string, Aggregate>>,
): Column[] {
  const keys = names.map(name => columnNamed(columns, name))
  const { codes, first } = encodeColumns(keys, length)
  const groups = { ids: codes, count: names.length === 0 ? 1 : first.length }
  const keyColumns = takeColumns(keys, first)
  const results = Object.entries(aggregates).map(([name, aggregate]) => {
    const column = aggregate.column === null ? null : columnNamed(columns, aggregate.column)
    return aggregateGroups(name, aggregate, column, groups)
  })
  if (keys.length === 0) return results
  const order = sortRows(
    keyColumns.map(column => ({ column, order: 'asc' })),
    groups.count,
  )
  return takeColumns([...keyColumns, ...results], order)
}
