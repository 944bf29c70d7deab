import { z } from 'zod'
import type { Row } from '../change/column-type.js'
import type { TopicFindings } from '../change/topic-findings.js'
import { ObslabError } from '../errors.js'
import type { Finding } from '../finding.js'
import { printAs } from '../inspect.js'
import { parseOptions } from '../options.js'
import { type LogIndex, logIndex, rowsAsOf } from './as-of.js'
import { type ChangeLog, metaNumbers } from './change-log.js'
import { keyText } from './changed-text.js'
import { type Column, takeColumns } from './column.js'
import { columnOf } from './column-builder.js'
import { type Cut, cutsAt, endCut } from './cut.js'
import { diffColumns } from './diff.js'
import { groupDigits } from './format.js'
import { Frame } from './frame.js'
import { freeNames } from './free-names.js'
import { entriesByTime, firstRows, historyColumns, keyIdOf, type Remarks } from './history.js'
import { escapeHtml } from './html.js'
import { type Moment, parseMoment } from './moment.js'
import { type VersionClock, versionsOf } from './scd2.js'
import { sortRows } from './sort.js'
import { addRowsNotReadAgain } from './table-findings.js'
import { plural } from './text.js'

/** A record that could not be decoded. */
export interface QuarantinedRow {
  readonly partition: number
  readonly offset: number
  /** The record's Kafka timestamp, milliseconds. */
  readonly timestamp: number
  /** Its key, `obs_id 42`, masked; null where there is none or it could not be decoded either. */
  readonly key: string | null
  readonly reason: string
}

/** A record that could not be decoded, with the key as it is. */
export interface KeyedQuarantine extends Omit<QuarantinedRow, 'key'> {
  readonly key: Row | null
}

/** How the records of a topic were counted; `records` is the sum of the others. */
export interface TableCounts {
  records: number
  c: number
  u: number
  d: number
  r: number
  tombstones: number
  truncates: number
  /** Of any of the above, delivered before: counted here only. */
  redelivered: number
  quarantined: number
  /** Records that change no row. */
  messages: number
}

/** How many records were of one kind. */
export interface OpCount {
  readonly op: string
  readonly meaning: string
  readonly records: number
}

/** Which rows a table shows. */
export interface RowsOptions {
  /** Also those that the topic's definition counts as deleted. Default false. */
  includeDeleted?: boolean
}

/** How the versions of rows are told. */
export interface Scd2Options extends RowsOptions {
  /**
   * By which clock versions begin and end: `sourceTime`, when the change was committed in the database (where a record
   * does not say, its Kafka timestamp), or `time`, Kafka's timestamps. Default `sourceTime`.
   */
  clock?: VersionClock
}

/** What a {@link Table} is made of; `TableBuilder` makes it. */
export interface TableParts {
  topic: string
  key: readonly string[]
  /** The columns to show, or null for all. */
  shown: ReadonlySet<string> | null
  counts: Readonly<TableCounts>
  quarantined: readonly KeyedQuarantine[]
  findings: TopicFindings
  log: ChangeLog
  remarks: Remarks
}

const meanings: readonly (readonly [Exclude<keyof TableCounts, 'records'>, string, string])[] = [
  ['c', 'c', 'created'],
  ['u', 'u', 'updated'],
  ['d', 'd', 'deleted'],
  ['r', 'r', 'read by a snapshot'],
  ['tombstones', 'tombstone', 'the key is gone'],
  ['truncates', 't', 'the table was emptied'],
  ['redelivered', 'redelivered', 'delivered before, skipped'],
  ['quarantined', 'quarantined', 'could not be decoded'],
  ['messages', 'message', 'changes no row'],
]

const rowsSchema: z.ZodType<RowsOptions> = z.strictObject({ includeDeleted: z.boolean().optional() })
const scd2Schema: z.ZodType<Scd2Options> = z.strictObject({
  includeDeleted: z.boolean().optional(),
  clock: z.enum(['sourceTime', 'time']).optional(),
})

/**
 * The changes of one topic, in columns, and the table they make: as it is, as it was at any moment, and what happened in
 * between. `R` is the type of a row. Values of sensitive columns are masked wherever they are shown or exported.
 *
 * A row that the topic's definition counts as deleted (`voided`) is not in the table, unless `includeDeleted` is true:
 * voiding it is a delete everywhere, and taking that back an insert. A row whose newest version could not be decoded is
 * not in the table until a later version can. A row that a full snapshot did not read again is gone once the snapshot
 * was completed.
 */
export class Table<R extends object = Row> {
  /** The topic's full name. */
  readonly topic: string
  /** The columns that identify a row; empty when the records have no key. */
  readonly key: readonly string[]
  /** How the records were counted. */
  readonly counts: Readonly<TableCounts>
  /**
   * How many keys have changes in more than one partition, which happens when the number of partitions was changed.
   * Which change is newer is then told by their places in the database's log, deletes included. Where those do not
   * compare, the rows are an `order-unknown` error.
   */
  readonly keysInSeveralPartitions: number
  readonly #parts: TableParts
  readonly #index: LogIndex
  #keyOrder: Int32Array | undefined
  #findings: readonly Finding[] | undefined

  constructor(parts: TableParts) {
    this.topic = parts.topic
    this.key = parts.key
    this.counts = parts.counts
    this.keysInSeveralPartitions = parts.log.splitKeys.length
    this.#parts = parts
    this.#index = logIndex(parts.log)
  }

  /**
   * Several tables as of one moment that they share, in the order given: see `asOf` of a table. By `sourceTime`, the
   * first transaction that was committed later in any of them ends the log for all of them. Offsets are not shared.
   */
  static asOf(tables: readonly Table<object>[], moment: Moment, options: RowsOptions = {}): Frame[] {
    const { includeDeleted = false } = parseOptions(rowsSchema, options)
    const cuts = cutsAt(
      tables.map(table => table.#parts.log),
      parseMoment(moment),
    )
    return tables.map((table, i) => table.#frameAt(cuts[i]!, includeDeleted) as unknown as Frame)
  }

  /** How many records there were of each kind. The numbers add up to the records read. */
  ops(): Frame<OpCount> {
    const rows = meanings.map(([count, op, meaning]) => ({ op, meaning, records: this.counts[count] }))
    return Frame.from<OpCount>(rows, { records: 'int' })
  }

  /**
   * The table as it is after all changes: one row a key, ordered by key. Rows that the topic's definition counts as
   * deleted are left out unless `includeDeleted` is true (default false). A topic whose records have no key is a
   * `key-missing` error.
   */
  current(options: RowsOptions = {}): Frame<R> {
    const { includeDeleted = false } = parseOptions(rowsSchema, options)
    return this.#frameAt(endCut(this.#parts.log), includeDeleted)
  }

  /**
   * The table as it was at a moment, by one of four clocks: `{ offsets: { 0: 100, 2: 250 } }`, by what had been read, the
   * next offset of each partition (one left out is read to its end); `{ time: '2026-03-01T10:00:00Z' }`, by Kafka's
   * timestamps; `{ sourceTime: '2026-03-01T10:00:00Z' }`, by what had been committed in the database, the prefix of its
   * log up to the first transaction committed later; `{ gtid: '<uuid>:1-5' }`, by the transactions a server had executed,
   * snapshot rows belonging to every set that has the transactions before them. A moment from before anything is known,
   * or (by `time`) while the first snapshot was still being read, is a `moment-unknown` error. Times name their zone.
   */
  asOf(moment: Moment, options: RowsOptions = {}): Frame<R> {
    const { includeDeleted = false } = parseOptions(rowsSchema, options)
    return this.#frameAt(this.#cutAt(moment), includeDeleted)
  }

  /**
   * What happened to one row, `history({ obs_id: 42 })`, change by change: `_changed` tells before → after (masked), the
   * row before being what the table had, or for its first change what the record says; `_present` whether the row is in
   * the table from then on; `_status` whether the change was delivered before and skipped; `_moved_from` and `_moved_to`
   * link a change of key; then where it was read and stood in the database's log, and the row as it became, for a delete
   * as it was. A key without changes has no lines. Columns that are not those of the key are an `option-invalid` error.
   */
  history(key: { readonly [K in keyof R]?: R[K] }): Frame {
    const { log, remarks } = this.#parts
    if (log.key.length === 0) throw this.#noKey()
    const id = log.keyCount === 0 ? -1 : keyIdOf(log, key)
    const entries = id < 0 ? [] : this.#index.keys.of(id)
    const timestamps = metaNumbers(log, '_timestamp')
    const ordered = log.splitKeys.includes(id) ? entriesByTime(entries, row => timestamps.at(row)) : entries
    return Frame.fromColumns(historyColumns(this.#index, ordered, this.#shownColumns(), remarks))
  }

  /**
   * The rows that differ between two moments, ordered by key: `_change` says added, removed or changed, `_columns` which
   * columns changed, `_changed` before → after (masked), then the row as at the later moment, or as it was if it was
   * removed. `from` and `to` are moments as for `asOf`; without `to`, the end. A row that was voided is removed, unless
   * deleted ones are included.
   */
  diff(from: Moment, to?: Moment, options: RowsOptions = {}): Frame {
    const { includeDeleted = false } = parseOptions(rowsSchema, options)
    const { log } = this.#parts
    const rows = [this.#cutAt(from), to === undefined ? endCut(log) : this.#cutAt(to)].map(cut =>
      rowsAsOf(this.#index, cut, includeDeleted),
    ) as [Int32Array, Int32Array]
    return Frame.fromColumns(diffColumns(log, this.#shownColumns(), ...rows, this.#order()))
  }

  /**
   * Every version of every row, ordered by key and time: the row, and `valid_from` and `valid_to`, from when it was so to
   * just before when it was not any more, null for a version that is there still. The clock is when changes were
   * committed in the database unless `clock: 'time'` asks for Kafka's. A row that a snapshot read may have been so
   * before its `valid_from`. One read again is a version of its own only if it says something else. The times of a key
   * never go back: where the clock did, a version begins when the one before it did.
   */
  scd2(options: Scd2Options = {}): Frame<R & { valid_from: number; valid_to: number | null }> {
    const { includeDeleted = false, clock = 'sourceTime' } = parseOptions(scd2Schema, options)
    if (this.key.length === 0) throw this.#noKey()
    const shown = this.#shownColumns()
    const { rows, from, to } = versionsOf(this.#index, this.#order(), { clock, includeDeleted })
    const [validFrom, validTo] = freeNames(['valid_from', 'valid_to'], shown) as [string, string]
    return Frame.fromColumns([
      ...takeColumns(shown, rows),
      columnOf(validFrom, from, { kind: 'timestamp' }),
      columnOf(validTo, to, { kind: 'timestamp' }),
    ])
  }

  /**
   * Every change as a row, in the order read, also those that were skipped: where it was read and where it stood in
   * the database's log, in columns whose names begin with `_`, then the row as it became, for a delete as it was. Of a
   * record that could not be decoded and whose key is known there is the key.
   */
  changes(): Frame {
    const columns = this.#shownColumns()
    const { meta } = this.#parts.log
    const names = freeNames(
      meta.map(({ name }) => name),
      columns,
    )
    return Frame.fromColumns([...meta.map((column, i) => column.rename(names[i]!)), ...columns])
  }

  /** The records that could not be decoded, with position, key and reason. Their bytes stay in the source. */
  quarantined(): Frame<QuarantinedRow> {
    const { quarantined, log } = this.#parts
    const rows = quarantined.map(row => ({
      ...row,
      key: row.key === null ? null : keyText(log.columns, row.key),
    }))
    const kinds = {
      partition: 'int',
      offset: 'int',
      timestamp: 'timestamp',
      key: 'text',
      reason: 'text',
    } as const
    return Frame.fromColumns(
      Object.entries(kinds).map(([name, kind]) =>
        columnOf(
          name,
          rows.map(row => row[name as keyof QuarantinedRow]),
          { kind },
        ),
      ),
    )
  }

  /**
   * What is wrong with the topic or worth knowing about it: what was delivered twice or could not be decoded, keys in
   * several partitions, records that are gone, snapshots taken again, types that changed. Errors first.
   */
  findings(): readonly Finding[] {
    if (this.#findings === undefined) {
      addRowsNotReadAgain(this.#parts.findings, this.#index)
      this.#findings = this.#parts.findings.list
    }
    return this.#findings
  }

  /** A line about the topic, then the current table, or the changes where there is no key. */
  text(): string {
    return `${this.#title()}\n${this.#preview().text()}`
  }

  /** What a notebook shows for the table: HTML, and text for viewers without. Masked. */
  mimeBundle(): { 'text/html': string; 'text/plain': string } {
    const html = `<p style="margin:0 0 4px">${escapeHtml(this.#title())}</p>\n${this.#preview().html()}`
    return { 'text/html': html, 'text/plain': this.text() }
  }

  #title(): string {
    const key = this.key.length === 0 ? 'no key' : `key ${this.key.join(', ')}`
    return `${this.topic}: ${groupDigits(this.counts.records)} ${plural(this.counts.records, 'record')}, ${key}`
  }

  #preview(): Frame<R> | Frame {
    if (this.key.length === 0) return this.changes()
    try {
      return this.current()
    } catch (error) {
      if (error instanceof ObslabError && error.code === 'order-unknown') return this.changes()
      throw error
    }
  }

  #shownColumns(): readonly Column[] {
    const { log, shown } = this.#parts
    return shown === null ? log.columns : log.columns.filter(column => shown.has(column.name))
  }

  #cutAt(moment: Moment): Cut {
    return cutsAt([this.#parts.log], parseMoment(moment))[0]!
  }

  #frameAt(cut: Cut, includeDeleted: boolean): Frame<R> {
    const rowOfKey = rowsAsOf(this.#index, cut, includeDeleted)
    const rows = new Int32Array(rowOfKey.length)
    let length = 0
    for (const id of this.#order()) if (rowOfKey[id]! >= 0) rows[length++] = rowOfKey[id]!
    return Frame.fromColumns<R>(takeColumns(this.#shownColumns(), rows.subarray(0, length)))
  }

  /** The keys' numbers in the order of their values. */
  #order(): Int32Array {
    if (this.#keyOrder === undefined) {
      const { log } = this.#parts
      const keys = log.columns.filter(column => this.key.includes(column.name))
      keys.sort((a, b) => this.key.indexOf(a.name) - this.key.indexOf(b.name))
      const sorted = takeColumns(keys, firstRows(log)).map(column => ({ column, order: 'asc' as const }))
      this.#keyOrder = sortRows(sorted, log.keyCount)
    }
    return this.#keyOrder
  }

  #noKey(): ObslabError {
    return new ObslabError(
      'key-missing',
      `Expected the records of ${this.topic} to have a key, found none. Name the key columns in a topic definition, or ` +
        'use changes().',
    )
  }
}
printAs(Table, table => table.text())
