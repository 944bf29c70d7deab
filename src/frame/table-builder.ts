import type { AtRecord, Quarantined, RowChange, SourcePosition, Tombstone } from '../change/change.js'
import type { ColumnKind, ColumnType, Row } from '../change/column-type.js'
import { FullSnapshots } from '../change/full-snapshot.js'
import { isSensitive, type Masking } from '../change/masking.js'
import type { TopicEvent } from '../change/message.js'
import { rowKey } from '../change/row-key.js'
import type { Verdict } from '../change/run.js'
import { isDeleted, type TypedTopic } from '../change/topic.js'
import { TopicFindings } from '../change/topic-findings.js'
import { ChangeArrays } from './change-arrays.js'
import { anyRead, effect, fullRead, type Leave } from './change-log.js'
import type { Column } from './column.js'
import { ColumnBuilder } from './column-builder.js'
import { KeyNumbers } from './key-numbers.js'
import { columnUnknown } from './names.js'
import { RowsBuilder } from './rows.js'
import { type KeyedQuarantine, Table, type TableCounts } from './table.js'
import { addTableFindings, type TopicRead } from './table-findings.js'

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
  /** What is read of the topic. Default: it is not known, and nothing is concluded from its end. */
  read?: TopicRead | null
  /** The topic's findings, asked for at the end, to which those of the table are added. Default: its own. */
  findings?: () => TopicFindings | undefined
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

/** A change on its way into the columns. */
interface Appended {
  at: AtRecord
  op: string
  verdict: Verdict
  source: SourcePosition | null
  transaction: string | null
  key: Row | null
  row: Row | null
  /** See {@link effect}. */
  does: number
}

/**
 * Gathers the changes of one topic into a {@link Table}. Feed it every change of the topic, those of one partition in
 * order, with the verdict of the redelivery rule.
 */
export class TableBuilder<R extends object = Row> {
  readonly #options: TableOptions
  readonly #kept: ReadonlySet<string> | null
  readonly #meta = Object.entries(metaKinds).map(([name, kind]) => new ColumnBuilder(name, { kind }))
  readonly #rows: RowsBuilder
  readonly #images: RowsBuilder
  readonly #imageRows: number[] = []
  readonly #arrays = new ChangeArrays()
  readonly #keys = new KeyNumbers()
  readonly #snapshots = new FullSnapshots()
  readonly #leaves: Leave[] = []
  readonly #truncates: number[] = []
  readonly #quarantined: KeyedQuarantine[] = []
  readonly #newKeys = new Map<number, Row>()
  readonly #oldKeys = new Map<number, Row>()
  readonly #reasons = new Map<number, string>()
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
  /** The columns that the last event was written with. */
  #written: readonly ColumnType[] | null = null
  #neverSeen = 0
  #key: readonly string[] | null

  constructor(options: TableOptions) {
    const { definition = null, columns = null } = options
    this.#options = options
    this.#key = definition === null ? null : definition.key
    this.#kept = columns === null ? null : new Set([...columns, ...(definition?.deleted ?? [])])
    const kept = (name: string): { kind: ColumnKind | undefined; lenient: boolean } | null => {
      const key = this.#key ?? []
      if (this.#kept !== null && !this.#kept.has(name) && !key.includes(name)) return null
      return { kind: options.kindOf?.(name), lenient: true }
    }
    this.#rows = new RowsBuilder(kept)
    this.#images = new RowsBuilder(kept)
  }

  /** How the records so far were counted. */
  get counts(): Readonly<TableCounts> {
    return { ...this.#counts }
  }

  /** Bytes held so far: columns, positions, keys. Text in dictionaries and keys are estimated. */
  get byteLength(): number {
    const meta = this.#meta.reduce((total, builder) => total + builder.byteLength, 0)
    const rows = this.#rows.byteLength + this.#images.byteLength
    return meta + rows + this.#arrays.byteLength + this.#keys.byteLength
  }

  /**
   * Takes the next event of the topic. `columns` are those it was written with, where they are known: a column whose type
   * was altered becomes what holds the values of both types.
   */
  append(event: TopicEvent, verdict: Verdict, columns: readonly ColumnType[] | null = null): void {
    if (columns !== null && columns !== this.#written) this.#expect(columns)
    const counts = this.#counts
    counts.records++
    switch (event.kind) {
      case 'row':
        this.#count(event.op, verdict)
        this.#appendRow(event, verdict)
        break
      case 'tombstone':
        this.#count('tombstones', verdict)
        this.#appendTombstone(event, verdict)
        break
      case 'truncate': {
        this.#count('truncates', verdict)
        if (verdict === 'applied') this.#truncates.push(this.#arrays.length)
        const { source } = event
        const does = effect.truncate
        this.#append({ at: event, op: 't', verdict, source, transaction: null, key: null, row: null, does })
        break
      }
      case 'quarantined':
        counts.quarantined++
        this.#appendQuarantined(event, verdict)
        break
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
    const { topic, columns = null, read = null } = this.#options
    const key = this.#key ?? []
    const findings = this.#options.findings?.() ?? new TopicFindings(topic)
    const table = new Table<R>({
      topic,
      key,
      shown: columns === null ? null : new Set([...key, ...columns]),
      counts: this.counts,
      quarantined: this.#quarantined,
      findings,
      remarks: {
        images: { rows: this.#imageRows, columns: this.#masked(this.#images.finish()) },
        newKeys: this.#newKeys,
        oldKeys: this.#oldKeys,
        reasons: this.#reasons,
      },
      log: {
        topic,
        key,
        meta: this.#meta.map(builder => builder.finish()),
        columns: this.#masked(this.#rows.finish()),
        ...this.#arrays.finish(),
        keyCount: this.#keys.count,
        leaves: this.#leaves,
        truncates: this.#truncates,
        snapshots: this.#snapshots.list,
        splitKeys: this.#keys.split,
        whole: read?.whole ?? false,
        read: read?.partitions.map(({ partition }) => partition) ?? null,
      },
    })
    addTableFindings(findings, {
      read,
      records: this.#counts.records,
      splitKeys: table.keysInSeveralPartitions,
      neverSeen: this.#neverSeen,
      snapshots: this.#snapshots.list,
    })
    return table
  }

  #masked(columns: readonly Column[]): Column[] {
    const { topic, definition = null } = this.#options
    return columns.map(column => column.withSensitive(isSensitive(column, topic, definition)))
  }

  #expect(columns: readonly ColumnType[]): void {
    this.#written = columns
    this.#rows.expect(columns)
    this.#images.expect(columns)
  }

  #count(what: 'c' | 'u' | 'd' | 'r' | 'tombstones' | 'truncates', verdict: Verdict): void {
    this.#counts[verdict === 'redelivered' ? 'redelivered' : what]++
  }

  #appendRow(change: RowChange, verdict: Verdict): void {
    const { op, key, before, after, source } = change
    const row = this.#arrays.length
    if (change.newKey !== null) this.#newKeys.set(row, change.newKey)
    if (change.oldKey !== null) this.#oldKeys.set(row, change.oldKey)
    const known = this.#keys.count
    const does = this.#effectOf(change)
    if (verdict === 'applied' && op === 'u') this.#noteMove(change)
    this.#append({
      at: change,
      op,
      verdict,
      source,
      transaction: change.transaction?.id ?? null,
      key,
      row: op === 'd' ? (before ?? key) : after,
      does: isRead(change) ? does | anyRead : does,
    })
    const isFirst = this.#keys.count > known
    if (!isFirst || verdict === 'redelivered' || (op !== 'u' && op !== 'd')) return
    this.#neverSeen++
    if (op === 'u' && before !== null) {
      this.#imageRows.push(row)
      this.#images.append(before)
    }
  }

  #effectOf({ op, after }: RowChange): number {
    if (op === 'd' || after === null) return effect.remove
    const { definition = null } = this.#options
    return definition !== null && isDeleted(definition, after) ? effect.void : effect.put
  }

  /** An update of the key columns of a table whose records have another key, or none, takes the row to a new key. */
  #noteMove({ key, before, after, partition }: RowChange): void {
    const names = this.#key
    if (names === null || names.length === 0 || before === null || after === null || holds(key, names)) return
    if (!holds(before, names) || rowKey(before, names) === rowKey(after, names)) return
    const keyId = this.#keys.of(before, names, partition)
    this.#leaves.push({ row: this.#arrays.length, keyId })
  }

  #appendTombstone(event: Tombstone, verdict: Verdict): void {
    const { key } = event
    const does = holds(key, this.#key ?? Object.keys(key ?? {})) ? effect.remove : effect.none
    this.#append({
      at: event,
      op: 'tombstone',
      verdict,
      source: null,
      transaction: null,
      key,
      row: key,
      does,
    })
  }

  #appendQuarantined(event: Quarantined, verdict: Verdict): void {
    const { partition, offset, timestamp, reason, key, source } = event
    this.#quarantined.push({ partition, offset, timestamp, reason, key })
    if (!holds(key, this.#key ?? Object.keys(key ?? {}))) return
    this.#reasons.set(this.#arrays.length, reason)
    const does = source !== null && source.snapshot !== 'false' ? effect.unknown | anyRead : effect.unknown
    this.#append({ at: event, op: 'quarantined', verdict, source, transaction: null, key, row: key, does })
  }

  #append({ at, op, verdict, source, transaction, key, row, does }: Appended): void {
    if (this.#key === null && key !== null) this.#key = Object.keys(key)
    const place = this.#arrays.length
    const partitionId = this.#arrays.partitionId(at.partition)
    const applies = verdict === 'applied'
    const isFull = (does & anyRead) !== 0 && source !== null && source.snapshot !== 'incremental'
    if (isFull) this.#snapshots.read(partitionId, place, source)
    else if (applies && source !== null && (does & anyRead) === 0) this.#snapshots.logged(partitionId, place)
    const bits = applies ? (isFull ? does | fullRead : does) : effect.none
    this.#arrays.append(partitionId, source, this.#keyId(at.partition, key, row), bits)
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

  #keyId(partition: number, key: Row | null, row: Row | null): number {
    const names = this.#key
    if (names === null || names.length === 0) return -1
    const holder = holds(key, names) ? key : row
    return holds(holder, names) ? this.#keys.of(holder, names, partition) : -1
  }
}

function holds(row: Row | null, names: readonly string[]): row is Row {
  return row !== null && names.every(name => name in row)
}

/** Old connectors write the rows of a snapshot as creates. */
function isRead({ op, source }: RowChange): boolean {
  return op === 'r' || (op === 'c' && source !== null && source.snapshot !== 'false')
}
