import type { Row, Value } from '../change/column-type.js'
import { compareValues } from '../change/row-key.js'
import type { Column } from './column.js'
import { escapeControls, formatValue } from './format.js'
import { elide } from './text-width.js'

/** Characters a value may take. */
const valueWidth = 40

/** A value of a row that is described: where it is from does not matter. */
export type ValueOf = (column: Column, i: number) => Value

/** Which columns differ between two rows, as places in `columns`. */
export function columnsChanged(columns: readonly Column[], before: ValueOf, after: ValueOf): number[] {
  const changed: number[] = []
  columns.forEach((column, i) => {
    if (!sameValue(before(column, i), after(column, i))) changed.push(i)
  })
  return changed
}

/** Whether two values of one column are the same; an integer is the same as number and as bigint. */
export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  const isNumber = (value: Value): boolean => typeof value === 'number' || typeof value === 'bigint'
  if (isNumber(a) ? !isNumber(b) : typeof a !== typeof b) return false
  return compareValues(a, b) === 0
}

/** The columns named by `changed` before → after, `voided 0 → 1 · date_voided null → 2026-03-01T10:00:00`, masked. */
export function changedText(
  columns: readonly Column[],
  changed: readonly number[],
  before: ValueOf,
  after: ValueOf,
): string {
  const text = (column: Column, value: Value): string => valueText(column, value)
  const parts = changed.map(i => {
    const column = columns[i]!
    return `${escapeControls(column.name)} ${text(column, before(column, i))} → ${text(column, after(column, i))}`
  })
  return parts.length === 0 ? 'nothing changed' : parts.join(' · ')
}

/** A key as its columns with their values, `obs_id 42`, masked. */
export function keyText(columns: readonly Column[], key: Row): string {
  return Object.entries(key)
    .map(([name, value]) => {
      const column = columns.find(one => one.name === name)
      return `${escapeControls(name)} ${column === undefined ? '?' : valueText(column, value)}`
    })
    .join(' · ')
}

function valueText({ kind, sensitive }: Column, value: Value): string {
  return elide(formatValue(kind, value, { masked: sensitive }), valueWidth)
}
