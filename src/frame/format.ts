import type { ColumnKind, Value } from '../change/column-type.js'
import { maskText } from '../change/masking.js'

/** How {@link formatValue} treats one value. */
export interface FormatOptions {
  /** Show the mask in place of the value. */
  masked: boolean
}

/** Bytes shown of a binary value. */
const shownBytes = 16

/** The text a display shows for a value: times as ISO text, bytes as hex, null as `null`, all digits of a number. */
export function formatValue(kind: ColumnKind, value: Value, options: FormatOptions): string {
  if (value === null) return 'null'
  if (options.masked) return maskText
  if (typeof value === 'number') return formatNumber(kind, value)
  if (value instanceof Uint8Array) return formatBytes(value)
  return typeof value === 'string' ? escapeControls(value) : String(value)
}

/** What a header says of a column: its kind, and for times which zone they are in. */
export function formatKind(kind: ColumnKind): string {
  if (kind === 'datetime') return 'datetime (local)'
  return kind === 'timestamp' ? 'timestamp (UTC)' : kind
}

/** The text that stands for a value in a file: times as ISO text, bytes as base64, all digits of a number. */
export function plainText(kind: ColumnKind, value: Exclude<Value, null>): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'number' ? formatNumber(kind, value) : String(value)
}

/** Whether values of the kind are set flush right. */
export function isNumeric(kind: ColumnKind): boolean {
  return kind === 'int' || kind === 'bigint' || kind === 'double' || kind === 'decimal'
}

function formatNumber(kind: ColumnKind, value: number): string {
  if (kind === 'datetime') return isoTime(value)
  return kind === 'timestamp' ? isoTime(value, 'Z') : String(value)
}

/**
 * Milliseconds since the epoch as ISO text with as many digits of a second as there are, none, three or six, and
 * `zone` behind. A number that is no time is shown as the number.
 */
export function isoTime(ms: number, zone = ''): string {
  const whole = Math.floor(ms)
  const micros = Math.round((ms - whole) * 1000)
  const date = new Date(micros === 1000 ? whole + 1 : whole)
  if (Number.isNaN(date.getTime())) return String(ms)
  const text = date.toISOString().slice(0, -1)
  if (micros > 0 && micros < 1000) return text + String(micros).padStart(3, '0') + zone
  return (text.endsWith('.000') ? text.slice(0, -4) : text) + zone
}

function formatBytes(bytes: Uint8Array): string {
  const hex = `0x${Buffer.from(bytes.subarray(0, shownBytes)).toString('hex')}`
  return bytes.length <= shownBytes ? hex : `${hex}… (${groupDigits(bytes.length)} bytes)`
}

/** A count with its thousands apart: 1,234. */
export function groupDigits(count: number): string {
  return count.toLocaleString('en-US')
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Control characters and those that turn the direction of writing, spelled out: they could redraw a terminal. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu,
    character => named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
