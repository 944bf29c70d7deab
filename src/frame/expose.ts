import { mask } from '../change/masking.js'
import type { Column } from './column.js'
import { columnOf } from './column-builder.js'

/** Whether an export carries the real values of sensitive columns. */
export interface ExportOptions {
  /** Write the values of sensitive columns. Default false: they are masked, and text whatever their kind. */
  unmask?: boolean | undefined
}

/** The columns as an export may show them: sensitive ones as text of masks, nulls as null. */
export function exposeColumns(columns: readonly Column[], options: ExportOptions): readonly Column[] {
  if (options.unmask ?? false) return columns
  return columns.map(column => (column.sensitive ? maskColumn(column) : column))
}

function maskColumn(column: Column): Column {
  const masks = Array.from({ length: column.length }, (_, i) => (column.isNull(i) ? null : mask('')))
  return columnOf(column.name, masks, { kind: 'text', sensitive: true })
}
