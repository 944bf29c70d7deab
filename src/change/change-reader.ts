import { ObslabError } from '../errors.js'
import type { Finding } from '../finding.js'
import type { KafkaRecord } from '../source/record.js'
import type { AtRecord, Change, Op, Quarantined, RowChange, SourcePosition } from './change.js'
import { ChangeFindings, cascadingColumns } from './change-findings.js'
import { ColumnResolver, type TableName } from './column-resolver.js'
import type { ColumnType, Row } from './column-type.js'
import { type RawChange, readEnvelope } from './envelope.js'
import type { InferredColumn } from './inference.js'
import { isJsonObject } from './json.js'
import type { TopicEvent } from './message.js'
import type { ConnectorSettings } from './mysql-type.js'
import { partialRow } from './partial-row.js'
import type { PlainData, ReaderMemory } from './reader-memory.js'
import type { RowCheck } from './row-check.js'
import { Redelivery, type RedeliveryMemory } from './run.js'
import type { SchemaHistory } from './schema-history.js'
import { type BinaryParser, SchemaPrefixes } from './schema-prefix.js'
import type { TypedTopic } from './topic.js'
import { TopicFindings } from './topic-findings.js'

/** What a {@link ChangeReader} takes from its topic's definition. */
export interface ReaderDefinition extends Pick<TypedTopic<unknown>, 'columns'> {
  /** The columns that identify a row, where its records may carry no key. Default: those of the record key. */
  readonly key?: readonly string[]
  /** The settings of the connector that writes it. Default: Debezium's own, as far as values do not show others. */
  readonly connector?: ConnectorSettings
  /** Why a decoded row does not fit, or null when it does. Default: every row does. */
  readonly check?: RowCheck
}

/** What a {@link ChangeReader} may be told about its topic. */
export interface ChangeReaderOptions {
  /**
   * The topic's definition: its columns decide kinds, and a record whose `after` does not pass its check is quarantined
   * with what the check says. Default: none.
   */
  definition?: ReaderDefinition | null
  /** The DDL of the connector's schema-change topic, which gives types where records carry no schema. Default: none. */
  history?: SchemaHistory | null
  /** Reads keys and values that are Avro, once their schemas are loaded. Default: they are quarantined. */
  avro?: BinaryParser | null
  /** What {@link ChangeReader.dump} gave of a reader that had read as far as this one begins. Default: none. */
  kept?: ReaderMemory | null
}

/**
 * How many records were read and what they were. `records` is the sum of all the others. A change delivered again is
 * counted in `redelivered` and nowhere else, what could not be decoded in `quarantined` and nowhere else; `messages`
 * are records that change no row (op `m`, DDL, begins and ends of transactions, heartbeats).
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
  /**
   * The columns that a change of a row was written with; null for anything else. Changes written under one schema have
   * the same object.
   */
  columns: readonly ColumnType[] | null
}

/**
 * Reads the records of one topic as changes. Each record is told by itself: with schema, without, unwrapped, tombstone;
 * what cannot be decoded is quarantined with its position and the reason, never dropped and never thrown. Give it the
 * records of each partition in order; partitions may be interleaved in any way.
 */
export class ChangeReader {
  readonly topic: string
  readonly #values: SchemaPrefixes
  readonly #keys: SchemaPrefixes
  readonly #resolver: ColumnResolver
  readonly #redelivery: Redelivery
  readonly #findings: TopicFindings
  readonly #notices: ChangeFindings
  readonly #history: SchemaHistory | null
  readonly #tableOfName: TableName | null
  readonly #definition: ReaderDefinition | null
  readonly #lastColumns = new Map<number, readonly ColumnType[]>()
  #columns: readonly ColumnType[] = []
  #unknownColumns = 0
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

  constructor(topic: string, options: ChangeReaderOptions = {}) {
    const { definition = null, history = null, avro = null, kept = null } = options
    this.topic = topic
    this.#values = new SchemaPrefixes(avro)
    this.#keys = new SchemaPrefixes(avro)
    this.#definition = definition
    this.#history = history
    this.#findings = new TopicFindings(topic)
    this.#notices = new ChangeFindings(this.#findings, definition?.key ?? null)
    this.#redelivery = new Redelivery(cause =>
      this.#findings.add(cause === 'snapshot' ? 're-snapshot' : 'server-changed'),
    )
    this.#resolver = new ColumnResolver({
      declared: definition?.columns ?? [],
      history,
      settings: definition?.connector,
      findings: this.#findings,
    })
    if (kept !== null) this.#restore(kept)
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

  /** The surprises that the records read so far held. */
  get findings(): readonly Finding[] {
    return this.topicFindings.list
  }

  /** Where {@link findings} are gathered, for what else reads the topic to add to. */
  get topicFindings(): TopicFindings {
    this.#addLateFindings()
    return this.#findings
  }

  /** Reads one record. */
  read(record: KafkaRecord): ReadChange {
    this.#findings.reading(record)
    const change = this.#decode(record)
    const redelivered = isChange(change) && this.#redelivery.accept(change) === 'redelivered'
    this.#count(change, redelivered)
    this.#notices.add(change, redelivered)
    return { change, redelivered, columns: change.kind === 'row' ? this.#columns : null }
  }

  /**
   * What has to be known of the records read so far for those after them to be read as they would be: which were
   * delivered before, the types that values suggested, the columns of each partition's last row. Counts and findings are
   * not in it. It grows with partitions and columns, not with records.
   */
  dump(): ReaderMemory {
    const columns = [...new Set(this.#lastColumns.values())]
    return {
      redelivery: this.#redelivery.dump(),
      inferred: this.#resolver.inferred(),
      columns: columns.map(columnsCell),
      last: Array.from(this.#lastColumns, ([partition, last]) => [partition, columns.indexOf(last)]),
    }
  }

  #restore({ redelivery, inferred, columns, last }: ReaderMemory): void {
    this.#redelivery.restore(redelivery as RedeliveryMemory)
    this.#resolver.restore(inferred as readonly InferredColumn[])
    const known = columns as unknown as readonly (readonly ColumnType[])[]
    for (const [partition, at] of last as [number, number][]) this.#lastColumns.set(partition, known[at]!)
  }

  #addLateFindings(): void {
    const unknown = this.#resolver.unknown.slice(this.#unknownColumns).map(({ name }) => name)
    this.#unknownColumns += unknown.length
    const { database, table } = this.#tableOfName ?? { database: '', table: '' }
    this.#notices.addLate(unknown, cascadingColumns(this.#history?.timeline(database, table) ?? []))
  }

  #decode(record: KafkaRecord): TopicEvent {
    const { topic, partition, offset, timestamp } = record
    const at: AtRecord = { topic, partition, offset, timestamp }
    const envelope = readEnvelope(record.value, this.#values, record)
    try {
      switch (envelope.form) {
        case 'unknown':
          return this.#quarantined(record, at, envelope.reason, envelope.source)
        case 'message':
          return { ...envelope.message, ...at }
        case 'tombstone':
          return { kind: 'tombstone', ...at, key: this.#key(record) }
        default:
          return this.#change(record, at, envelope)
      }
    } catch (error) {
      if (!(error instanceof ObslabError)) throw error
      return this.#quarantined(record, at, error.message, 'source' in envelope ? envelope.source : null)
    }
  }

  #quarantined(
    record: KafkaRecord,
    at: AtRecord,
    reason: string,
    source: SourcePosition | null,
  ): Quarantined {
    return { kind: 'quarantined', ...at, reason, key: this.#keyIfReadable(record), source }
  }

  #change(record: KafkaRecord, at: AtRecord, raw: RawChange): TopicEvent {
    const { op, before, after, source } = raw
    if (op === 't') return { kind: 'truncate', ...at, source }
    if (op === 'm') return { kind: 'message', ...at, source }
    const table = raw.table ?? this.#tableOfName
    const rows =
      before === null ? (after === null ? [] : [after]) : after === null ? [before] : [before, after]
    const { columns, decode } = this.#resolver.rowColumns(raw.schema, table, source, rows)
    this.#lastColumns.set(at.partition, columns)
    this.#columns = columns
    this.#notices.addForm(raw)
    this.#notices.addColumns(columns)
    const partial = partialRow(before, after, raw.schema === null ? null : columns)
    if (partial !== null) {
      this.#findings.add('partial-row')
      return this.#quarantined(record, at, partial, source)
    }
    const key = this.#key(record)
    const change: RowChange = {
      kind: 'row',
      ...at,
      op,
      key,
      before: before === null ? null : decode(before),
      after: after === null ? null : decode(after),
      source,
      transaction: raw.transaction,
      processedAt: raw.processedAt,
      newKey: op === 'd' ? this.#linkedKey(record, '__debezium.newkey') : null,
      oldKey: op !== 'd' ? this.#linkedKey(record, '__debezium.oldkey') : null,
      headers: record.headers,
    }
    const wrong = change.after === null ? null : (this.#definition?.check?.(change.after, columns) ?? null)
    return wrong === null ? change : { kind: 'quarantined', ...at, reason: wrong, key, source }
  }

  /** The other key of a change of key, which the connector writes into a header of both its records. */
  #linkedKey(record: KafkaRecord, name: string): Row | null {
    for (const { key, value } of record.headers) {
      if (key === name && value !== null) return this.#keyIfReadable({ ...record, key: value })
    }
    return null
  }

  #keyIfReadable(record: KafkaRecord): Row | null {
    try {
      return this.#key(record)
    } catch (error) {
      if (!(error instanceof ObslabError)) throw error
      return null
    }
  }

  /** The decoded key; its columns have the types of the partition's last row. */
  #key(record: KafkaRecord): Row | null {
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
    const rowColumns = this.#lastColumns.get(record.partition) ?? null
    const { columns, decode } = this.#resolver.keyColumns(schema, payload, this.#tableOfName, rowColumns)
    if (columns !== this.#keyColumns) this.#notices.addKeyColumns(columns)
    this.#keyColumns = columns
    return decode(payload)
  }

  #count(change: TopicEvent, redelivered: boolean): void {
    const counts = this.#counts
    counts.records++
    if (change.kind === 'quarantined') counts.quarantined++
    else if (redelivered) counts.redelivered++
    else if (change.kind === 'row') counts[change.op as Exclude<Op, 't' | 'm'>]++
    else if (change.kind === 'tombstone') counts.tombstones++
    else if (change.kind === 'truncate') counts.truncates++
    else counts.messages++
  }
}

const columnCells = new WeakMap<readonly ColumnType[], PlainData>()

/** Columns as plain data; the same object for the same columns. */
function columnsCell(columns: readonly ColumnType[]): PlainData {
  let cell = columnCells.get(columns)
  if (cell === undefined) {
    const plain = columns.map(column =>
      Object.fromEntries(Object.entries(column).filter(([, value]) => value !== undefined)),
    )
    cell = plain as PlainData
    columnCells.set(columns, cell)
  }
  return cell
}

function isChange(event: TopicEvent): event is Change {
  const { kind } = event
  return kind === 'row' || kind === 'tombstone' || kind === 'truncate' || kind === 'quarantined'
}
