import type { Cell, CellRow } from './cell.js'
import { columnsRead } from './columns-read.js'
import type { StepCall } from './step-failure.js'

/**
 * Makes the smallest row that `calls` give the same result of, to be remembered in place of the whole: the columns that
 * they may read of the row in place `parameter`. The row itself where that cannot be told.
 */
export function rowProjection(calls: readonly StepCall[], parameter: number): (row: CellRow) => CellRow {
  const columns = new Set<string>()
  for (const call of calls) {
    const read = columnsRead(call, parameter)
    if (read === 'all') return row => row
    for (const column of read) columns.add(column)
  }
  const names = [...columns]
  /** A copy of a row that has all columns is several times as fast as adding one column after another. */
  const template: CellRow = Object.fromEntries(names.map(name => [name, null]))
  return row => {
    const kept: Record<string, Cell> = { ...template }
    for (const name of names) {
      const cell = row[name]
      if (cell === undefined) delete kept[name]
      else kept[name] = cell
    }
    return kept
  }
}
