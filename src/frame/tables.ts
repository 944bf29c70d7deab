import type { Frame } from './frame.js'
import type { Moment } from './moment.js'
import { type RowsOptions, Table } from './table.js'

/** The frames of several tables, in their order. */
export type FramesOf<T extends readonly Table<object>[]> = {
  -readonly [I in keyof T]: T[I] extends Table<infer R> ? Frame<R> : never
}

/**
 * Several tables as of one moment that they share, in the order given:
 * `const [obs, encounters] = asOf([obsTable, encounterTable], { sourceTime: '2026-03-01T10:00:00Z' })`. The moment is one
 * that `table.asOf` takes, except offsets, which are of one topic. By `sourceTime`, the first transaction that was
 * committed later in any of the tables ends the log for all of them; so no table shows a transaction that another does
 * not. A moment from before anything is known of one of them is a `moment-unknown` error that names it.
 */
export function asOf<const T extends readonly Table<object>[]>(
  tables: T,
  moment: Moment,
  options: RowsOptions = {},
): FramesOf<T> {
  return Table.asOf(tables, moment, options) as FramesOf<T>
}
