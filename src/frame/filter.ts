import type { Column } from './column.js'
import { RowReader } from './row-reader.js'

/** The rows for which `test` is truthy. Only the columns that `test` reads are touched. */
export function filterRows<R extends object>(
  columns: readonly Column[],
  length: number,
  test: (row: R, i: number) => unknown,
): Int32Array {
  const reader = new RowReader(columns)
  const kept = new Int32Array(length)
  let count = 0
  for (let i = 0; i < length; i++) if (test(reader.row<R>(i), i)) kept[count++] = i
  return kept.slice(0, count)
}
