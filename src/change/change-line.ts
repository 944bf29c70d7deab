import type { Change, SourcePosition } from './change.js'
import type { Row, Value } from './column-type.js'

/** A change of a table as JSON, to be run again: its place, what was done, and the row as it became. */
export interface WrittenChange {
  topic: string
  partition: number
  offset: number
  /** Debezium's, or `tombstone`, `t` for a truncate, `quarantined`. */
  op: string
  key?: WrittenRow | null
  after?: WrittenRow | null
  source?: SourcePosition | null
}

/** A row as JSON. A bigint is `{ "$bigint": "1" }`, bytes are `{ "$bytes": "base64" }`. */
export type WrittenRow = Readonly<Record<string, unknown>>

/** Replaces values of a row before it is written. */
export type RowMask = (topic: string, row: Row | null) => Row | null

/** A change as it is written, `masked` first. Its times, headers and before-image are left out. */
export function writtenChange(change: Change, masked: RowMask): WrittenChange {
  const { topic, partition, offset } = change
  const about = { topic, partition, offset }
  const row = (one: Row | null): WrittenRow | null => writtenRow(masked(topic, one))
  switch (change.kind) {
    case 'row':
      return {
        ...about,
        op: change.op,
        key: row(change.key),
        after: row(change.after),
        source: change.source,
      }
    case 'tombstone':
      return { ...about, op: 'tombstone', key: row(change.key) }
    case 'truncate':
      return { ...about, op: 't', source: change.source }
    default:
      return { ...about, op: 'quarantined', key: row(change.key), source: change.source }
  }
}

/** The change that was written. */
export function readChange(written: WrittenChange): Change {
  const { topic, partition, offset, op, key, after, source = null } = written
  const at = { topic, partition, offset, timestamp: 0 }
  switch (op) {
    case 'tombstone':
      return { kind: 'tombstone', ...at, key: readRow(key) }
    case 't':
      return { kind: 'truncate', ...at, source }
    case 'quarantined': {
      const reason = 'It could not be decoded when it was written here.'
      return { kind: 'quarantined', ...at, key: readRow(key), source, reason }
    }
    default:
      return {
        kind: 'row',
        ...at,
        op: op as 'c' | 'u' | 'd' | 'r',
        key: readRow(key),
        before: null,
        after: readRow(after),
        source,
        transaction: null,
        newKey: null,
        oldKey: null,
        processedAt: null,
        headers: [],
      }
  }
}

function writtenRow(row: Row | null): WrittenRow | null {
  if (row === null) return null
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, writtenValue(value)]))
}

function writtenValue(value: Value): unknown {
  if (typeof value === 'bigint') return { $bigint: value.toString() }
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('base64') } : value
}

function readRow(row: WrittenRow | null | undefined): Row | null {
  if (row === null || row === undefined) return null
  return Object.freeze(Object.fromEntries(Object.entries(row).map(([name, json]) => [name, readValue(json)])))
}

function readValue(json: unknown): Value {
  if (typeof json !== 'object' || json === null) return json as Value
  if ('$bigint' in json) return BigInt(String(json.$bigint))
  return '$bytes' in json ? new Uint8Array(Buffer.from(String(json.$bytes), 'base64')) : null
}
