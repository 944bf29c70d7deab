import type { ColumnKind, Value } from '../change/column-type.js'
import type { Column } from './column.js'
import { ColumnBuilder } from './column-builder.js'
import { RowReader } from './row-reader.js'

/** Rows `R` with the columns of `D`, functions of a row, in place of those of the same name. */
export type Derived<R extends object, D> = Omit<R, keyof D> & {
  readonly [K in keyof D]: D[K] extends (...args: never[]) => infer V ? V : never
}

/**
 * A column of what `of` returns for each row. It is sensitive when a column that `of` read in any row is. `kind` left
 * out is inferred from the values.
 */
export function deriveColumn<R extends object>(
  name: string,
  of: (row: R, i: number) => Value | undefined,
  columns: readonly Column[],
  length: number,
  kind: ColumnKind | undefined,
): Column {
  const reader = new RowReader(columns)
  const builder = new ColumnBuilder(name, { kind })
  for (let i = 0; i < length; i++) builder.append(of(reader.row<R>(i), i))
  return builder.finish().withSensitive([...reader.read].some(column => column.sensitive))
}
