import { ObslabError } from '../errors.js'
import type { KafkaRecord } from '../source/record.js'
import type { AtRecord, Op } from './change.js'
import { ColumnResolver, type TableName } from './column-resolver.js'
import type { ColumnType, Row } from './column-type.js'
import { type RawChange, readEnvelope } from './envelope.js'
import { isJsonObject } from './json.js'
import type { TopicEvent } from './message.js'
import { Redelivery } from './run.js'
import type { SchemaHistory } from './schema-history.js'
import { SchemaPrefixes } from './schema-prefix.js'
import type { TypedTopic } from './topic.js'

/** What a {@link ChangeReader} may be told about its topic. */
export interface ChangeReaderOptions {
  /** The topic's definition, whose columns decide kinds. Default: none. */
  definition?: Pick<TypedTopic<unknown>, 'columns'> | null
  /** The DDL of the connector's schema-change topic, which gives types where records carry no schema. Default: none. */
  history?: SchemaHistory | null
}

/**
 * How many records were read and what they were. `records` is the sum of all the others. A change delivered again is
 * counted in `redelivered` and nowhere else; `messages` are records that change no row (op `m`, DDL, begins and ends
 * of transactions, heartbeats).
 */
export interface ChangeCounts {
  records: number
  c: number
  u: number
  d: number
  r: number
  tombstones: number
  truncates: number
  messages: number
  redelivered: number
  quarantined: number
}

/** One record read: what it meant, and whether it was delivered before and is to be skipped. */
export interface ReadChange {
  change: TopicEvent
  redelivered: boolean
}

/**
 * Reads the records of one topic as changes. Each record is told by itself: with schema, without, unwrapped, tombstone;
 * what cannot be decoded is quarantined with its position and the reason, never dropped and never thrown. Give it the
 * records of each partition in order; partitions may be interleaved in any way.
 */
export class ChangeReader {
  readonly topic: string
  readonly #values = new SchemaPrefixes()
  readonly #keys = new SchemaPrefixes()
  readonly #resolver: ColumnResolver
  readonly #redelivery = new Redelivery()
  readonly #tableOfName: TableName | null
  readonly #lastColumns = new Map<number, readonly ColumnType[]>()
  #columns: readonly ColumnType[] = []
  #keyColumns: readonly ColumnType[] = []
  readonly #counts: ChangeCounts = {
    records: 0,
    c: 0,
    u: 0,
    d: 0,
    r: 0,
    tombstones: 0,
    truncates: 0,
    messages: 0,
    redelivered: 0,
    quarantined: 0,
  }

  constructor(topic: string, { definition = null, history = null }: ChangeReaderOptions = {}) {
    this.topic = topic
    this.#resolver = new ColumnResolver({ declared: definition?.columns ?? [], history })
    const parts = topic.split('.')
    this.#tableOfName =
      parts.length < 3 ? null : { database: parts.at(-2) as string, table: parts.at(-1) as string }
  }

  /** What the records read so far were. */
  get counts(): Readonly<ChangeCounts> {
    return { ...this.#counts }
  }

  /** The columns of the last row read, empty before one. */
  get columns(): readonly ColumnType[] {
    return this.#columns
  }

  /** The columns of the last key read, empty before one or when the table has none. */
  get keyColumns(): readonly ColumnType[] {
    return this.#keyColumns
  }

  /** Columns met in rows that neither the rows' schema nor the DDL in force had, with the type a value suggested. */
  get unknownColumns(): readonly ColumnType[] {
    return this.#resolver.unknown
  }

  /** Reads one record. */
  read(record: KafkaRecord): ReadChange {
    const change = this.#decode(record)
    const redelivered =
      (change.kind === 'row' || change.kind === 'tombstone' || change.kind === 'truncate') &&
      this.#redelivery.accept(change) === 'redelivered'
    this.#count(change, redelivered)
    return { change, redelivered }
  }

  #decode(record: KafkaRecord): TopicEvent {
    const { topic, partition, offset, timestamp } = record
    const at: AtRecord = { topic, partition, offset, timestamp }
    const envelope = readEnvelope(record.value, this.#values)
    try {
      switch (envelope.form) {
        case 'unknown':
          return { kind: 'quarantined', ...at, reason: envelope.reason }
        case 'message':
          return { ...envelope.message, ...at }
        case 'tombstone': {
          const columns = this.#lastColumns.get(partition) ?? null
          return { kind: 'tombstone', ...at, key: this.#key(record, this.#tableOfName, columns) }
        }
        default:
          return this.#change(record, at, envelope)
      }
    } catch (error) {
      if (!(error instanceof ObslabError)) throw error
      return { kind: 'quarantined', ...at, reason: error.message }
    }
  }

  #change(record: KafkaRecord, at: AtRecord, raw: RawChange): TopicEvent {
    const { op, before, after, source } = raw
    if (op === 't') return { kind: 'truncate', ...at, source }
    if (op === 'm') return { kind: 'message', ...at, source }
    const table = raw.table ?? this.#tableOfName
    const rows =
      before === null ? (after === null ? [] : [after]) : after === null ? [before] : [before, after]
    const { columns, decode } = this.#resolver.rowColumns(raw.schema, table, source, rows)
    const key = this.#key(record, table, columns)
    this.#lastColumns.set(at.partition, columns)
    this.#columns = columns
    return {
      kind: 'row',
      ...at,
      op,
      key,
      before: before === null ? null : decode(before),
      after: after === null ? null : decode(after),
      source,
      transaction: raw.transaction,
      processedAt: raw.processedAt,
      headers: record.headers,
    }
  }

  #key(record: KafkaRecord, table: TableName | null, rowColumns: readonly ColumnType[] | null): Row | null {
    if (record.key === null) return null
    const { schema, payload } = this.#keys.parse(record.key)
    if (payload === null) return null
    if (!isJsonObject(payload)) {
      throw new ObslabError(
        'key-missing',
        'Expected the key of a table’s record to be a JSON object, found a single value. Keys have to be written by ' +
          'JsonConverter, not by a string converter or an extracting transform.',
      )
    }
    const { columns, decode } = this.#resolver.keyColumns(schema, payload, table, rowColumns)
    this.#keyColumns = columns
    return decode(payload)
  }

  #count(change: TopicEvent, redelivered: boolean): void {
    const counts = this.#counts
    counts.records++
    if (redelivered) counts.redelivered++
    else if (change.kind === 'row') counts[change.op as Exclude<Op, 't' | 'm'>]++
    else if (change.kind === 'tombstone') counts.tombstones++
    else if (change.kind === 'truncate') counts.truncates++
    else if (change.kind === 'quarantined') counts.quarantined++
    else counts.messages++
  }
}
