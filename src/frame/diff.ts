import type { ChangeLog } from './change-log.js'
import { changedText, columnsChanged } from './changed-text.js'
import { type Column, takeColumns } from './column.js'
import { columnOf } from './column-builder.js'
import { freeNames } from './free-names.js'

/** The names of the columns that a difference has before those of the table. */
const diffNames = ['_change', '_columns', '_changed'] as const

/**
 * The rows that differ between two states of a table, each given as the change that made the row of each key (−1 for
 * none), in the order of keys: what happened, in which columns, before → after, and the row as it is in the second state,
 * or for a removed one as it was in the first.
 */
export function diffColumns(
  log: ChangeLog,
  shown: readonly Column[],
  before: Int32Array,
  after: Int32Array,
  keyOrder: Int32Array,
): Column[] {
  const rows: number[] = []
  const told: [string, string | null, string | null][] = []
  for (const id of keyOrder) {
    const from = before[id]!
    const to = after[id]!
    if (from === to) continue
    if (from < 0 || to < 0) {
      rows.push(from < 0 ? to : from)
      told.push([from < 0 ? 'added' : 'removed', null, null])
      continue
    }
    const changed = columnsChanged(
      log.columns,
      column => column.at(from),
      column => column.at(to),
    )
    const seen = changed.filter(i => shown.includes(log.columns[i]!))
    if (seen.length === 0) continue
    const names = seen.map(i => log.columns[i]!.name).join(', ')
    rows.push(to)
    told.push([
      'changed',
      names,
      changedText(
        log.columns,
        seen,
        column => column.at(from),
        column => column.at(to),
      ),
    ])
  }
  const names = freeNames(diffNames, shown)
  const own = names.map((name, i) =>
    columnOf(
      name,
      told.map(row => row[i]),
      { kind: 'text' },
    ),
  )
  return [...own, ...takeColumns(shown, rows)]
}
