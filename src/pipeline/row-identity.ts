import type { Row } from '../change/column-type.js'
import { compareValues, rowKey } from '../change/row-key.js'

/** Which row a row is, whatever else it holds: its key columns, and the same as one text to look it up by. */
export interface RowIdentity {
  text: string
  key: Row
}

/** A row and which one it is. */
export interface IdentifiedRow {
  id: RowIdentity
  row: Row
}

/** A row that comes (+1) or goes (-1): what steps pass on. A change of a row is both. */
export interface WeightedRow extends IdentifiedRow {
  weight: 1 | -1
}

/** Takes the rows that one step passes on to the next. */
export type Sink = (weighted: WeightedRow) => void

/** The identity of a row by its key columns. */
export function identify(row: Row, columns: readonly string[]): RowIdentity {
  const key: Record<string, Row[string]> = {}
  for (const column of columns) key[column] = row[column] ?? null
  return { text: rowKey(row, columns), key }
}

/** Total order of the identities of one step's rows: by key column, as the database would order its primary key. */
export function compareIdentities(a: RowIdentity, b: RowIdentity): number {
  for (const column in a.key) {
    const order = compareValues(a.key[column] ?? null, b.key[column] ?? null)
    if (order !== 0) return order
  }
  return 0
}
