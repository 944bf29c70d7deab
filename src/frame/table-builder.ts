import type { AtRecord, RowChange, SourcePosition } from '../change/change.js'
import type { ColumnKind, Row } from '../change/column-type.js'
import { isSensitive, type Masking } from '../change/masking.js'
import type { TopicEvent } from '../change/message.js'
import { rowKey } from '../change/row-key.js'
import type { Verdict } from '../change/run.js'
import type { TypedTopic } from '../change/topic.js'
import { textOverhead } from './chunk.js'
import { ColumnBuilder } from './column-builder.js'
import { columnUnknown } from './names.js'
import { RowsBuilder } from './rows.js'
import { effect, type QuarantinedRow, Table, type TableCounts, type TruncateRow } from './table.js'

/** What a {@link TableBuilder} is told about its topic. */
export interface TableOptions {
  /** The topic's full name. */
  topic: string
  /** The topic's definition: key, deleted and sensitive columns. Without one, the key is that of the records. */
  definition?: (Pick<TypedTopic<never>, 'key' | 'deleted'> & Masking) | null
  /** The columns to keep. Key columns always are. Default: all. */
  columns?: readonly string[] | null
  /** What a column holds, asked when it is first met; undefined leaves it to its values. Default: it is inferred. */
  kindOf?: (column: string) => ColumnKind | undefined
}

/** The columns that say of each change where it was read and where it stood in the database's log, by name and kind. */
const metaKinds = {
  _op: 'text',
  _status: 'text',
  _partition: 'int',
  _offset: 'int',
  _timestamp: 'timestamp',
  _source_time: 'timestamp',
  _file: 'text',
  _pos: 'int',
  _row: 'int',
  _server: 'int',
  _gtid: 'text',
  _transaction: 'text',
} as const satisfies Record<string, ColumnKind>

/**
 * Gathers the changes of one topic into a {@link Table}. Feed it every change of the topic, those of one partition in
 * order, with the verdict of the redelivery rule.
 */
export class TableBuilder<R extends object = Row> {
  readonly #options: TableOptions
  readonly #kept: ReadonlySet<string> | null
  readonly #meta = Object.entries(metaKinds).map(([name, kind]) => new ColumnBuilder(name, { kind }))
  readonly #rows: RowsBuilder
  readonly #quarantined: QuarantinedRow[] = []
  readonly #truncates: TruncateRow[] = []
  readonly #counts: TableCounts = {
    records: 0,
    c: 0,
    u: 0,
    d: 0,
    r: 0,
    tombstones: 0,
    truncates: 0,
    redelivered: 0,
    quarantined: 0,
    messages: 0,
  }
  #key: readonly string[] | null
  readonly #keyIdOf: Map<string, number> = new Map()
  #keyBytes = 0
  /** The key of each change as a small number; −1 for a truncate, or without a key. */
  #keyIds: Int32Array = new Int32Array(1024)
  #effects: Uint8Array = new Uint8Array(1024)
  /** The partition each key was first met in. */
  readonly #partitionOf: number[] = []
  readonly #splitKeys: Set<number> = new Set()

  constructor(options: TableOptions) {
    const { definition = null, columns = null } = options
    this.#options = options
    this.#key = definition === null ? null : definition.key
    this.#kept = columns === null ? null : new Set([...columns, ...(definition?.deleted ?? [])])
    this.#rows = new RowsBuilder(name => {
      const key = this.#key ?? []
      if (this.#kept !== null && !this.#kept.has(name) && !key.includes(name)) return null
      return { kind: options.kindOf?.(name), lenient: true }
    })
  }

  /** How the records so far were counted. */
  get counts(): Readonly<TableCounts> {
    return { ...this.#counts }
  }

  /** Bytes held so far: columns, positions, keys. Text in dictionaries and keys are estimated. */
  get byteLength(): number {
    const meta = this.#meta.reduce((total, builder) => total + builder.byteLength, 0)
    return meta + this.#rows.byteLength + this.#keyIds.byteLength + this.#effects.byteLength + this.#keyBytes
  }

  /** Takes the next event of the topic. */
  append(event: TopicEvent, verdict: Verdict): void {
    const counts = this.#counts
    counts.records++
    switch (event.kind) {
      case 'row':
        this.#count(event.op, verdict)
        this.#appendRow(event, verdict)
        break
      case 'tombstone':
        this.#count('tombstones', verdict)
        this.#appendChange(event, 'tombstone', verdict, null, null, event.key, event.key)
        break
      case 'truncate':
        this.#count('truncates', verdict)
        if (verdict === 'applied') this.#truncates.push({ row: this.#rows.length, source: event.source })
        this.#appendChange(event, 't', verdict, event.source, null, null, null)
        break
      case 'quarantined': {
        counts.quarantined++
        const { partition, offset, timestamp, reason } = event
        this.#quarantined.push({ partition, offset, timestamp, reason })
        break
      }
      default:
        counts.messages++
    }
  }

  /** The table of everything appended. The builder is used up. A column asked for that no row has is an error. */
  finish(): Table<R> {
    const names = this.#rows.names
    for (const name of this.#options.columns ?? []) {
      if (names.length > 0 && !names.includes(name)) throw columnUnknown(name, names)
    }
    const { topic, definition = null, columns = null } = this.#options
    const key = this.#key ?? []
    return new Table<R>({
      topic,
      key,
      deleted: definition?.deleted ?? [],
      shown: columns === null ? null : new Set([...key, ...columns]),
      counts: this.counts,
      meta: this.#meta.map(builder => builder.finish()),
      columns: this.#rows
        .finish()
        .map(column => column.withSensitive(isSensitive(column, topic, definition))),
      quarantined: this.#quarantined,
      truncates: this.#truncates,
      keyIds: this.#keyIds.slice(0, this.#rows.length),
      effects: this.#effects.slice(0, this.#rows.length),
      keyCount: this.#keyIdOf.size,
      keysInSeveralPartitions: this.#splitKeys.size,
    })
  }

  #count(what: 'c' | 'u' | 'd' | 'r' | 'tombstones' | 'truncates', verdict: Verdict): void {
    this.#counts[verdict === 'redelivered' ? 'redelivered' : what]++
  }

  #appendRow(change: RowChange, verdict: Verdict): void {
    const { op, key, before, after, source } = change
    const row = op === 'd' ? (before ?? key) : after
    const transaction = change.transaction?.id ?? null
    this.#appendChange(change, op, verdict, source, transaction, key, row)
  }

  #appendChange(
    at: AtRecord,
    op: string,
    verdict: Verdict,
    source: SourcePosition | null,
    transaction: string | null,
    key: Row | null,
    row: Row | null,
  ): void {
    if (this.#key === null && key !== null) this.#key = Object.keys(key)
    this.#appendKey(at.partition, key, row, verdict === 'applied' ? effectOf(op) : effect.none)
    const values = [
      op,
      verdict,
      at.partition,
      at.offset,
      at.timestamp,
      source?.time,
      source?.file,
      source?.pos,
      source?.row,
      source?.serverId,
      source?.gtid,
      transaction,
    ]
    for (let i = 0; i < values.length; i++) this.#meta[i]!.append(values[i])
    this.#rows.append(this.#withKey(key, row))
  }

  /** The row with the key columns that it lacks. */
  #withKey(key: Row | null, row: Row | null): Row | null {
    if (key === null || row === null || row === key) return row
    return this.#key!.every(column => column in row || !(column in key)) ? row : { ...key, ...row }
  }

  #appendKey(partition: number, key: Row | null, row: Row | null, does: number): void {
    const at = this.#rows.length
    if (at === this.#keyIds.length) {
      this.#keyIds = grown(this.#keyIds, new Int32Array(at * 2))
      this.#effects = grown(this.#effects, new Uint8Array(at * 2))
    }
    this.#keyIds[at] = this.#keyId(partition, key, row)
    this.#effects[at] = does
  }

  #keyId(partition: number, key: Row | null, row: Row | null): number {
    const names = this.#key
    const holder = names === null || key === null || !names.every(name => name in key) ? row : key
    if (names === null || names.length === 0 || holder === null) return -1
    const text = rowKey(holder, names)
    const known = this.#keyIdOf.get(text)
    if (known !== undefined) {
      if (this.#partitionOf[known] !== partition) this.#splitKeys.add(known)
      return known
    }
    const id = this.#keyIdOf.size
    this.#keyIdOf.set(text, id)
    this.#keyBytes += text.length + textOverhead
    this.#partitionOf.push(partition)
    return id
  }
}

function effectOf(op: string): number {
  if (op === 't') return effect.none
  return op === 'd' || op === 'tombstone' ? effect.remove : effect.put
}

function grown<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
