import type { Column } from './column.js'
import { rankColumn } from './encode.js'

/** One key of a sort. */
export interface SortKey<Name extends string = string> {
  column: Name
  /** Default `asc`. */
  order?: 'asc' | 'desc'
}

/** Sorts by a column, largest first: `frame.sort(desc('obs_datetime'))`. */
export function desc<Name extends string>(column: Name): SortKey<Name> {
  return { column, order: 'desc' }
}

/**
 * The rows in order of `keys`, rows that are equal in all of them in the order they stand. As in MySQL, null is
 * smaller than every value: first in ascending order, last in descending.
 */
export function sortRows(
  keys: readonly { column: Column; order: 'asc' | 'desc' }[],
  length: number,
): Int32Array {
  // Counting sort by the dense ranks, from the last key to the first: stable, and linear but for the ranks.
  let rows = Int32Array.from({ length }, (_, i) => i)
  for (const { column, order } of [...keys].reverse()) {
    const { ranks, count } = rankColumn(column)
    const places = new Int32Array(count + 1)
    const rankOf = order === 'asc' ? (row: number) => ranks[row]! : (row: number) => count - 1 - ranks[row]!
    for (let row = 0; row < length; row++) places[rankOf(row) + 1]!++
    for (let rank = 0; rank < count; rank++) places[rank + 1] = places[rank + 1]! + places[rank]!
    const sorted = new Int32Array(length)
    for (const row of rows) sorted[places[rankOf(row)]!++] = row
    rows = sorted
  }
  return rows
}
