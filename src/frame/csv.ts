import type { Value } from '../change/column-type.js'
import type { Column } from './column.js'
import { type ExportOptions, exposeColumns } from './expose.js'
import { plainText } from './format.js'

/**
 * Columns as CSV after RFC 4180, line by line, each with its CRLF: a line of names, then one a row. Null is an empty
 * field and empty text is `""`. Integers of any size and decimals have all their digits; times are ISO text,
 * timestamps with Z, datetimes without a zone; bytes are base64.
 */
export function* csvLines(
  columns: readonly Column[],
  length: number,
  options: ExportOptions,
): Generator<string> {
  const exposed = exposeColumns(columns, options)
  yield line(exposed.map(column => quote(column.name)))
  for (let i = 0; i < length; i++) yield line(exposed.map(column => field(column, column.at(i))))
}

function line(fields: readonly string[]): string {
  return `${fields.join(',')}\r\n`
}

function field(column: Column, value: Value): string {
  return value === null ? '' : quote(plainText(column.kind, value))
}

function quote(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
