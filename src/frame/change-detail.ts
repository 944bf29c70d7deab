import type { Row } from '../change/column-type.js'
import { formatLogPosition } from '../change/position.js'
import { type ShowChangeOptions, type ShownChange, valueText } from './change-line.js'
import { columnOf } from './column-builder.js'
import { escapeControls, groupDigits, isoTime } from './format.js'
import { frameHtml } from './html.js'
import { frameText } from './text.js'

/** Everything about a change as text: what is known of the record, then its columns, before and after. */
export function changeText(change: ShownChange, options: ShowChangeOptions): string {
  const facts = factsOf(change)
  const width = Math.max(...facts.map(([name]) => name.length))
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  const columns = columnsOf(change, options)
  const rows = columns[0]!.length
  return [...lines, ...(rows === 0 ? [] : ['', frameText(columns, rows, { limit: rows })])].join('\n')
}

/** The same as HTML. */
export function changeHtml(change: ShownChange): string {
  const facts = factsOf(change)
  const about = [
    columnOf(
      'of the record',
      facts.map(([name]) => name),
      { kind: 'text' },
    ),
    columnOf(
      'is',
      facts.map(([, value]) => value),
      { kind: 'text' },
    ),
  ]
  const columns = columnsOf(change, {})
  const rows = columns[0]!.length
  const row = rows === 0 ? '' : frameHtml(columns, rows, { limit: rows })
  return `${frameHtml(about, facts.length, { limit: facts.length })}\n${row}`
}

const meanings: Readonly<Record<string, string>> = {
  c: 'c, a row was created',
  u: 'u, a row was updated',
  d: 'd, a row was deleted',
  r: 'r, a row as a snapshot read it',
  t: 't, the table was emptied',
  m: 'm, a message that changes no row',
  tombstone: 'tombstone, the key is gone',
  quarantined: 'quarantined, it could not be decoded',
}

function factsOf(change: ShownChange): (readonly [string, string])[] {
  const { source, remark, transaction, processedAt, headers, keyBytes, valueBytes } = change
  const bytes = (count: number | null): string => (count === null ? 'null' : `${groupDigits(count)} bytes`)
  const facts: (readonly [string, string | null])[] = [
    ['position', change.position],
    ['op', meanings[change.op] ?? change.op],
    ['remark', remark && escapeControls(remark)],
    ['delivered before', change.redelivered ? 'yes' : null],
    ['committed', source && isoTime(source.time, 'Z')],
    ['handled by Debezium', processedAt === null ? null : isoTime(processedAt, 'Z')],
    ['written to Kafka', isoTime(change.timestamp, 'Z')],
    ['in the log at', source && formatLogPosition(source)],
    ['GTID', source?.gtid ?? null],
    ['transaction', transaction],
    ['schema', change.schema ?? null],
    ['key', bytes(keyBytes)],
    ['value', bytes(valueBytes)],
    ['headers', headers.length === 0 ? null : headers.map(({ key }) => escapeControls(key)).join(', ')],
  ]
  return facts.filter((fact): fact is readonly [string, string] => fact[1] !== null)
}

/** A frame's columns with one row for each column of the changed row, or of the key where there is no row. */
function columnsOf(change: ShownChange, options: ShowChangeOptions): ReturnType<typeof columnOf>[] {
  const { before, after, key } = change as { before: Row | null; after: Row | null; key: Row | null }
  const names = Object.keys(after ?? before ?? key ?? {})
  const changed = new Set(before !== null && after !== null ? change.changed : [])
  const text = (row: Row) => (name: string) => valueText(change, row, name, options, 60)
  const shown = [
    ['column', names.map(name => escapeControls(name))],
    ['type', names.map(name => change.columnType(name)?.kind ?? null)],
    ...(before === null ? [] : [['before', names.map(text(before))] as const]),
    ...(changed.size === 0 ? [] : [['', names.map(name => (changed.has(name) ? '→' : ''))] as const]),
    ...(after === null ? [] : [['after', names.map(text(after))] as const]),
    ...(before !== null || after !== null || key === null ? [] : [['key', names.map(text(key))] as const]),
  ] as const
  return shown.map(([name, values]) => columnOf(name, values, { kind: 'text' }))
}
