import type { ColumnType } from './column-type.js'
import type { JsonObject } from './json.js'

/** Debezium's default `unavailable.value.placeholder`, as text and as binary columns write it. */
const placeholder = '__debezium_unavailable_value'
const placeholderBytes = Buffer.from(placeholder)
const written: ReadonlySet<unknown> = new Set([
  placeholder,
  placeholderBytes.toString('base64'),
  placeholderBytes.toString('base64url'),
  placeholderBytes.toString('hex'),
])

const settings =
  'Set binlog_row_image=FULL and binlog_row_value_options to nothing in the database, for every session that writes, ' +
  'and take a new snapshot of the table.'

/**
 * Why a record's rows are partial, told before they are decoded; null when they are whole. `columns` are those that its
 * own schema names, null without one: JsonConverter writes every field of a schema, so a missing one was taken away.
 */
export function partialRow(
  before: JsonObject | null,
  after: JsonObject | null,
  columns: readonly ColumnType[] | null,
): string | null {
  const column = unavailable(before) ?? unavailable(after)
  if (column !== null) {
    return `Expected the value of column ${column}, found Debezium’s placeholder for one that it does not have. ${settings}`
  }
  const old = before === null ? null : Object.keys(before).length
  const now = after === null ? null : Object.keys(after).length
  if (old !== null && now !== null && old !== now) {
    return `Expected before and after to have the same columns, found ${old} and ${now}. ${settings}`
  }
  const found = now ?? old
  if (columns === null || found === null || found >= columns.length) return null
  return `Expected the ${columns.length} columns of the record’s schema, found ${found}. ${settings}`
}

/** The first column whose value is a placeholder. */
function unavailable(row: JsonObject | null): string | null {
  if (row === null) return null
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'string' && value.length >= placeholder.length && written.has(value)) return name
  }
  return null
}
