import type { SourcePosition } from '../change/change.js'
import type { ColumnType, Row } from '../change/column-type.js'
import type { Header } from '../log/record-batch.js'
import { escapeControls, formatValue, isoTime } from './format.js'
import { elide } from './text-width.js'

/** How a change is shown. */
export interface ShowChangeOptions {
  /** Show the values of sensitive columns. Default false: they are masked. */
  unmask?: boolean
}

/** What a line of a change holds. */
export interface LineOptions extends ShowChangeOptions {
  /** Whether the key is in it. Default true. */
  key?: boolean
}

/** How what a change did is shown. */
export interface WhatOptions extends ShowChangeOptions {
  /** Columns that go without saying, unless an update changed them. */
  omit?: ReadonlySet<string>
}

/** What is shown of a change; a `ChangeRecord` is one, whatever the type of its rows. */
export interface ShownChange {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly position: string
  readonly timestamp: number
  readonly op: string
  readonly redelivered: boolean | null
  readonly key: Row | null
  readonly before: object | null
  readonly after: object | null
  readonly changed: readonly string[]
  readonly source: SourcePosition | null
  readonly transaction: string | null
  readonly processedAt: number | null
  readonly headers: readonly Header[]
  readonly keyBytes: number | null
  readonly valueBytes: number | null
  readonly remark: string | null
  /** Which version of its table's columns it was written under, in words, where that was looked up. */
  readonly schema?: string | null
  readonly raw: { readonly key: Uint8Array | null; readonly value: Uint8Array | null } | null
  columnType(name: string): ColumnType | undefined
  isSensitive(name: string): boolean
}

/** Characters a value may take in a line. */
const valueWidth = 40

/** One line of a change: `2026-03-01T10:00:00.120Z  u  obs_id 42  value_numeric 61 → 62`. */
export function changeLine(change: ShownChange, options: LineOptions): string {
  const parts = [
    isoTime(change.timestamp, 'Z'),
    change.op,
    options.key === false ? '' : keyText(change, options),
    markedText(change, options),
  ]
  return parts.filter(part => part !== '').join('  ')
}

/** The key as columns with their values, `obs_id 42`; empty without one. */
export function keyText(change: ShownChange, options: ShowChangeOptions): string {
  return pairs(change, change.key, Object.keys(change.key ?? {}), options)
}

/** What a change did, marked when it was delivered before. */
export function markedText(change: ShownChange, options: ShowChangeOptions): string {
  const text = whatText(change, options)
  return change.redelivered ? `(delivered before) ${text}`.trimEnd() : text
}

/** What a change did, in one line: changed columns before → after, or the columns that have a value. */
export function whatText(change: ShownChange, options: WhatOptions): string {
  if (change.remark !== null) return escapeControls(change.remark) + rawText(change, options)
  const { before, after } = change as { before: Row | null; after: Row | null }
  if (before === null || after === null) {
    const names = change.changed.filter(name => !(name in (change.key ?? {}) || options.omit?.has(name)))
    return pairs(change, after ?? before, names, options)
  }
  const changes = change.changed.map(
    name =>
      `${name} ${valueText(change, before, name, options)} → ${valueText(change, after, name, options)}`,
  )
  return changes.length === 0 ? 'nothing changed' : changes.join(' · ')
}

/** Key and value of a record that could not be decoded, as they are: nobody knows what in them is sensitive. */
function rawText({ raw }: ShownChange, { unmask = false }: ShowChangeOptions): string {
  if (raw === null || !unmask) return ''
  const text = (bytes: Uint8Array | null): string =>
    bytes === null ? 'null' : escapeControls(Buffer.from(bytes).toString())
  return ` · key ${text(raw.key)} · value ${text(raw.value)}`
}

/** The text of one value of a row of the change. */
export function valueText(
  change: ShownChange,
  row: Row,
  name: string,
  { unmask = false }: ShowChangeOptions,
  width: number = valueWidth,
): string {
  const kind = change.columnType(name)?.kind ?? 'text'
  const masked = change.isSensitive(name) && !unmask
  return elide(formatValue(kind, row[name] ?? null, { masked }), width)
}

function pairs(
  change: ShownChange,
  row: Row | null,
  names: readonly string[],
  options: ShowChangeOptions,
): string {
  if (row === null) return ''
  return names.map(name => `${escapeControls(name)} ${valueText(change, row, name, options)}`).join(' · ')
}
