import type { Row, Value } from '../change/column-type.js'
import { mask } from '../change/masking.js'
import type { ShowChangeOptions, ShownChange } from './change-line.js'
import { type JsonScalar, jsonValue } from './json-value.js'

/**
 * A change as one JSON object without a line feed: bigints as integers with all their digits, decimals as text, times as
 * milliseconds, bytes as base64, NaN and the infinities, which JSON has not, as null.
 */
export function changeJson(change: ShownChange, options: ShowChangeOptions): string {
  const { topic, partition, offset, timestamp, op, redelivered, source, transaction, processedAt } = change
  const members = [
    member('topic', topic),
    member('partition', partition),
    member('offset', offset),
    member('timestamp', timestamp),
    member('op', op),
    ...(redelivered === null ? [] : [member('redelivered', redelivered)]),
    `"key":${rowJson(change, change.key, options)}`,
    `"before":${rowJson(change, change.before as Row | null, options)}`,
    `"after":${rowJson(change, change.after as Row | null, options)}`,
    member('sourceTime', source?.time ?? null),
    member('processedAt', processedAt),
    member('transaction', transaction),
    ...(change.remark === null ? [] : [member('remark', change.remark)]),
    ...rawMembers(change, options),
  ]
  return `{${members.join(',')}}`
}

function rawMembers({ raw }: ShownChange, { unmask = false }: ShowChangeOptions): string[] {
  if (raw === null || !unmask) return []
  const text = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString()
  return [member('rawKey', text(raw.key)), member('rawValue', text(raw.value))]
}

/** A row of a change as a JSON object, `null` without one. */
export function rowJson(change: ShownChange, row: Row | null, { unmask = false }: ShowChangeOptions): string {
  if (row === null) return 'null'
  const members = Object.entries(row).map(([name, value]) =>
    member(name, change.isSensitive(name) && !unmask ? mask(value) : value),
  )
  return `{${members.join(',')}}`
}

/** A row of a change as an object that `JSON.stringify` can write, masked; null without one. */
export function maskedRow(change: ShownChange, row: Row | null): Record<string, JsonScalar> | null {
  if (row === null) return null
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      jsonValue(change.isSensitive(name) ? mask(value) : value),
    ]),
  )
}

function member(name: string, value: Value): string {
  return `${JSON.stringify(name)}:${json(value)}`
}

function json(value: Value): string {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'))
  return JSON.stringify(value)
}
