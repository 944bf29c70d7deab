import type { SourcePosition } from '../change/change.js'
import type { ReadChange } from '../change/change-reader.js'
import type { ColumnType, Row } from '../change/column-type.js'
import { isSensitive, type Masking } from '../change/masking.js'
import type { TopicEvent } from '../change/message.js'
import { compareValues } from '../change/row-key.js'
import { formatPosition } from '../errors.js'
import { printAs } from '../inspect.js'
import type { Header } from '../log/record-batch.js'
import type { KafkaRecord } from '../source/record.js'
import { changeHtml, changeText } from './change-detail.js'
import { changeJson, maskedRow, rowJson } from './change-json.js'
import { changeLine, type LineOptions, type ShowChangeOptions, type ShownChange } from './change-line.js'
import type { JsonScalar } from './json-value.js'

/**
 * What a record of a topic did: Debezium's `c`, `u`, `d`, `r` to a row, `t` to a whole table; `tombstone`; or nothing to
 * a row (`m`, `schema-change`, `transaction`, `heartbeat`); or `quarantined` when it could not be decoded.
 */
export type ChangeOp =
  | 'c'
  | 'u'
  | 'd'
  | 'r'
  | 't'
  | 'm'
  | 'tombstone'
  | 'quarantined'
  | 'schema-change'
  | 'transaction'
  | 'heartbeat'

/** What a {@link ChangeRecord} is made of. */
export interface ChangeRecordParts {
  change: TopicEvent
  /** Null where the records before it were not read. */
  redelivered: ReadChange['redelivered'] | null
  record: Pick<KafkaRecord, 'key' | 'value' | 'headers'>
  /** The columns of its row and of its key. */
  columns: readonly ColumnType[]
  keyColumns: readonly ColumnType[]
  definition: Masking | null
  /** The columns of the row to keep; all when null. */
  kept?: ReadonlySet<string> | null
  /** When this process got it, milliseconds; null where that says nothing, as of a recorded one. */
  receivedAt?: number | null
}

type MaskedRow = Readonly<Record<string, JsonScalar>> | null

/** What `JSON.stringify` writes of a {@link ChangeRecord}: its fields, rows and key masked. */
export type ChangeJson = Pick<
  ChangeRecord,
  | 'topic'
  | 'partition'
  | 'offset'
  | 'timestamp'
  | 'op'
  | 'redelivered'
  | 'source'
  | 'transaction'
  | 'processedAt'
  | 'receivedAt'
  | 'remark'
> & { readonly key: MaskedRow; readonly before: MaskedRow; readonly after: MaskedRow }

/**
 * One record of a topic, decoded. `R` is the type of its rows. `before`, `after` and `key` hold real values; whatever
 * prints it masks those of sensitive columns.
 */
export class ChangeRecord<R extends object = Row> {
  /** The topic's full name. */
  readonly topic: string
  /** The partition it is in. */
  readonly partition: number
  /** Its offset in the partition. */
  readonly offset: number
  /** The record's Kafka timestamp, milliseconds since the epoch. */
  readonly timestamp: number
  /** What it did. */
  readonly op: ChangeOp
  /** Whether it was delivered before and is to be skipped; null where the records before it were not read. */
  readonly redelivered: boolean | null
  /** Where the change stood in the database's log, and when it was committed; null where the record does not say. */
  readonly source: SourcePosition | null
  /** The database transaction; null where the connector does not write it. */
  readonly transaction: string | null
  /** When Debezium handled it, milliseconds since the epoch. */
  readonly processedAt: number | null
  /** When this process got it, milliseconds since the epoch; null for a recorded one. */
  readonly receivedAt: number | null
  /** The record's headers, as bytes. */
  readonly headers: readonly Header[]
  /** Bytes of the key as it was written; null without one. */
  readonly keyBytes: number | null
  /** Bytes of the value as it was written; null for a tombstone. */
  readonly valueBytes: number | null
  /** Why it could not be decoded, its DDL, or the mark of a transaction; null for a change of a row. */
  readonly remark: string | null
  readonly #key: Row | null
  readonly #before: R | null
  readonly #after: R | null
  readonly #raw: ShownChange['raw']
  readonly #columns: ReadonlyMap<string, ColumnType>
  readonly #definition: Masking | null

  constructor(parts: ChangeRecordParts) {
    const { change, record, columns, keyColumns, definition, kept = null } = parts
    const isRow = change.kind === 'row'
    this.topic = change.topic
    this.partition = change.partition
    this.offset = change.offset
    this.timestamp = change.timestamp
    this.op = opOf(change)
    this.redelivered = parts.redelivered
    this.#key = isRow || change.kind === 'tombstone' ? change.key : null
    this.#before = isRow ? keep<R>(change.before, kept) : null
    this.#after = isRow ? keep<R>(change.after, kept) : null
    this.source = 'source' in change ? change.source : null
    this.transaction = isRow ? (change.transaction?.id ?? null) : null
    this.processedAt = isRow ? change.processedAt : null
    this.receivedAt = parts.receivedAt ?? null
    this.headers = record.headers.map(({ key, value }) => ({ key, value: copy(value) }))
    this.#raw = change.kind === 'quarantined' ? { key: copy(record.key), value: copy(record.value) } : null
    this.keyBytes = record.key?.length ?? null
    this.valueBytes = record.value?.length ?? null
    this.remark = remarkOf(change)
    this.#columns = new Map([...keyColumns, ...columns].map(column => [column.name, column]))
    this.#definition = definition
  }

  /** The record's key; null without one. */
  get key(): Row | null {
    return this.#key
  }

  /** The row before; null for a create, and where the record does not say. */
  get before(): R | null {
    return this.#before
  }

  /** The row after; null for a delete. */
  get after(): R | null {
    return this.#after
  }

  /** Key and value as they were written, of a record that could not be decoded; null of any other. */
  get raw(): ShownChange['raw'] {
    return this.#raw
  }

  /** `topic:partition:offset`, which `lab.at` takes. */
  get position(): string {
    return formatPosition(this)
  }

  /**
   * The columns whose values the change set: those that differ of an update, all those of the row that are not null
   * otherwise, or where the record does not say what was before.
   */
  get changed(): readonly string[] {
    const before = this.before as Row | null
    const after = this.after as Row | null
    const row = after ?? before
    if (row === null) return []
    const names = Object.keys(row)
    if (before === null || after === null) return names.filter(name => row[name] != null)
    return names.filter(name => compareValues(before[name] ?? null, after[name] ?? null) !== 0)
  }

  /** The type of a column of the row or the key; undefined for one it does not have. */
  columnType(name: string): ColumnType | undefined {
    return this.#columns.get(name)
  }

  /** Whether what shows the change masks the column's value. */
  isSensitive(name: string): boolean {
    return isSensitive({ name, kind: this.#columns.get(name)?.kind }, this.topic, this.#definition)
  }

  /** One line: time, what it did, the key, and the columns it changed, before → after. Masked unless asked not to. */
  line(options: LineOptions = {}): string {
    return changeLine(this, options)
  }

  /** The key as JSON, `null` without one. Masked unless asked not to. */
  keyJson(options: ShowChangeOptions = {}): string {
    return rowJson(this, this.key, options)
  }

  /** One line of JSON, bigints with all their digits, bytes as base64. Masked unless asked not to. */
  json(options: ShowChangeOptions = {}): string {
    return changeJson(this, options)
  }

  /**
   * What `JSON.stringify` writes of it, masked: the fields it has, with rows as {@link Frame.toJSON} gives them. Headers
   * and the bytes of a record that could not be decoded are left out.
   */
  toJSON(): ChangeJson {
    const { topic, partition, offset, timestamp, op, redelivered, source, transaction, remark } = this
    const { processedAt, receivedAt } = this
    const [key, before, after] = [this.key, this.before as Row | null, this.after as Row | null].map(row =>
      maskedRow(this, row),
    ) as [MaskedRow, MaskedRow, MaskedRow]
    return {
      ...{ topic, partition, offset, timestamp, op, redelivered, key, before, after },
      ...{ source, transaction, processedAt, receivedAt, remark },
    }
  }

  /** All that is known of it, column by column. Masked unless asked not to. */
  text(options: ShowChangeOptions = {}): string {
    return changeText(this, options)
  }

  /** What a notebook shows for it: HTML, and text for viewers without. Masked. */
  mimeBundle(): { 'text/html': string; 'text/plain': string } {
    return { 'text/html': changeHtml(this), 'text/plain': this.text() }
  }
}
printAs(ChangeRecord, change => change.line())

/** A view of one value would keep the whole batch it came in. */
function copy(bytes: Uint8Array | null): Uint8Array | null {
  return bytes && Uint8Array.from(bytes)
}

/** What a record did, in a word. */
export function opOf(change: TopicEvent): ChangeOp {
  if (change.kind === 'row') return change.op
  if (change.kind === 'truncate') return 't'
  return change.kind === 'message' ? 'm' : change.kind
}

function keep<R extends object>(row: Row | null, kept: ReadonlySet<string> | null): R | null {
  if (row === null || kept === null) return row as R | null
  return Object.fromEntries(Object.entries(row).filter(([name]) => kept.has(name))) as R
}

function remarkOf(change: TopicEvent): string | null {
  if (change.kind === 'quarantined') return change.reason
  if (change.kind === 'schema-change') return change.ddl
  if (change.kind !== 'transaction') return null
  const events = change.eventCount === null ? '' : `, ${change.eventCount} events`
  return `${change.status} ${change.id}${events}`
}
