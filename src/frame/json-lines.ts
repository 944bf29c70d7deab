import type { Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import type { Column } from './column.js'
import { type ExportOptions, exposeColumns } from './expose.js'

/**
 * Columns as JSON lines, one object a row, each with its line feed. bigints are JSON integers with all their digits,
 * decimals text, times milliseconds since the epoch, bytes base64, nulls present. NaN and the infinities, which JSON
 * cannot write, are a `frame-invalid` error.
 */
export function* jsonLines(
  columns: readonly Column[],
  length: number,
  options: ExportOptions,
): Generator<string> {
  const exposed = exposeColumns(columns, options)
  const names = exposed.map(column => JSON.stringify(column.name))
  for (let i = 0; i < length; i++) {
    const members = exposed.map((column, c) => `${names[c]}:${json(column, column.at(i))}`)
    yield `{${members.join(',')}}\n`
  }
}

function json(column: Column, value: Value): string {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'))
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new ObslabError(
      'frame-invalid',
      `JSON has no NaN or infinity, but column '${column.name}' holds one: derive null in its place.`,
    )
  }
  return JSON.stringify(value)
}
