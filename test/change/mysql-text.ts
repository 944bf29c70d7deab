import type { ColumnType, Row, Value } from '../../src/change/column-type.js'

/**
 * A row's value as MySQL prints it: times of day and instants with six digits behind the second, binaries as hex, JSON
 * without blanks, doubles as the shortest text that reads back.
 */
export function mysqlText(value: Value, { kind }: ColumnType): string | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex').toUpperCase()
  if (typeof value === 'boolean') return String(Number(value))
  if (kind === 'json') return JSON.stringify(JSON.parse(value as string))
  if (kind === 'datetime' || kind === 'timestamp') return instantText(value as number)
  return kind === 'time' ? sixDigits(value as string) : String(value)
}

/** A row's values as MySQL prints them, by column. */
export function mysqlRow(row: Row, columns: readonly ColumnType[]): Record<string, string | null> {
  return Object.fromEntries(columns.map(column => [column.name, mysqlText(row[column.name] ?? null, column)]))
}

/** What MySQL printed, in the same form. */
export function sameForm(text: string | null, column: ColumnType): string | null {
  if (text === null) return null
  if (column.kind === 'json') return JSON.stringify(JSON.parse(text))
  if (column.kind === 'double') return String(Number(text))
  if (column.kind === 'boolean') return String(Number(`0x${text}`))
  if (column.kind === 'bytes') return text.padStart(bitDigits(column), '0').toUpperCase()
  const isTime = column.kind === 'datetime' || column.kind === 'timestamp' || column.kind === 'time'
  return isTime ? sixDigits(text) : text
}

/** HEX() of a BIT drops leading zeros: how many digits there are with them. */
function bitDigits({ encoding, mysqlType, name }: ColumnType): number {
  if (encoding !== 'bits') return 0
  const bits = Number(/\d+/.exec(mysqlType ?? name)?.[0])
  return Math.ceil(bits / 8) * 2
}

function sixDigits(text: string): string {
  const [whole, fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(6, '0')}`
}

function instantText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const us = Math.round((ms - seconds * 1000) * 1000)
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return `${text}.${String(us).padStart(6, '0')}`
}
