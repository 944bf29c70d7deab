import type { SourcePosition } from '../change/change.js'
import type { Row } from '../change/column-type.js'
import { comparePositions } from '../change/position.js'
import { ObslabError } from '../errors.js'
import { printAs } from '../inspect.js'
import { type Column, takeColumns } from './column.js'
import { columnOf } from './column-builder.js'
import { groupDigits } from './format.js'
import { Frame } from './frame.js'
import { escapeHtml } from './html.js'
import { columnNamed } from './names.js'
import { sortRows } from './sort.js'
import { plural } from './text.js'

/** A record that could not be decoded. */
export interface QuarantinedRow {
  readonly partition: number
  readonly offset: number
  /** The record's Kafka timestamp, milliseconds. */
  readonly timestamp: number
  readonly reason: string
}

/** A TRUNCATE among the changes. */
export interface TruncateRow {
  /** Its place among the changes. */
  readonly row: number
  readonly source: SourcePosition | null
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

/** What a change does to the row of its key. */
export const effect = { none: 0, put: 1, remove: 2 } as const

/** What a {@link Table} is made of; `TableBuilder` makes it. */
export interface TableParts {
  topic: string
  key: readonly string[]
  deleted: readonly string[]
  /** The columns to show, or null for all. */
  shown: ReadonlySet<string> | null
  counts: Readonly<TableCounts>
  /** What is known of each change besides its row. */
  meta: readonly Column[]
  /** The row of each change: as it became, or for a delete as it was. */
  columns: readonly Column[]
  quarantined: readonly QuarantinedRow[]
  truncates: readonly TruncateRow[]
  /** The key of each change as a number below `keyCount`, −1 without one. */
  keyIds: Int32Array
  /** What each change does to the row of its key. */
  effects: Uint8Array
  keyCount: number
  keysInSeveralPartitions: number
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

/**
 * The changes of one topic, in columns, and the table they make. `R` is the type of a row. Values of sensitive
 * columns are masked wherever they are shown or exported.
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
   * The order of those changes is not known from their offsets: the one read last was taken.
   */
  readonly keysInSeveralPartitions: number
  readonly #parts: TableParts
  #keyOrder: Int32Array | undefined

  constructor(parts: TableParts) {
    this.topic = parts.topic
    this.key = parts.key
    this.counts = parts.counts
    this.keysInSeveralPartitions = parts.keysInSeveralPartitions
    this.#parts = parts
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
  current(options: { includeDeleted?: boolean } = {}): Frame<R> {
    const { columns, deleted } = this.#parts
    const marks = columns.filter(column => deleted.includes(column.name))
    const present = this.#currentRows()
    const rows = options.includeDeleted ? present : present.filter(row => !marks.some(mark => mark.at(row)))
    return Frame.fromColumns<R>(takeColumns(this.#shownColumns(), rows))
  }

  /**
   * Every change as a row, in the order read, also those that were skipped: where it was read and where it stood in
   * the database's log, in columns whose names begin with `_`, then the row as it became, for a delete as it was.
   */
  changes(): Frame {
    const columns = this.#shownColumns()
    const taken = new Set(columns.map(column => column.name))
    const meta = this.#parts.meta.map(column => {
      let name = column.name
      while (taken.has(name)) name = `_${name}`
      return column.rename(name)
    })
    return Frame.fromColumns([...meta, ...columns])
  }

  /** The records that could not be decoded, with position and reason. Their bytes stay in the source. */
  quarantined(): Frame<QuarantinedRow> {
    const kinds = { partition: 'int', offset: 'int', timestamp: 'timestamp', reason: 'text' } as const
    return Frame.fromColumns(
      Object.entries(kinds).map(([name, kind]) =>
        columnOf(
          name,
          this.#parts.quarantined.map(row => row[name as keyof QuarantinedRow]),
          { kind },
        ),
      ),
    )
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
    return this.key.length === 0 ? this.changes() : this.current()
  }

  #shownColumns(): readonly Column[] {
    const { columns, shown } = this.#parts
    return shown === null ? columns : columns.filter(column => shown.has(column.name))
  }

  /** The change that made each row that is there, ordered by key. */
  #currentRows(): Int32Array {
    const last = this.#lastChanges()
    for (const truncate of this.#parts.truncates) {
      const isBefore = this.#before(truncate)
      for (let id = 0; id < last.length; id++) if (last[id]! >= 0 && isBefore(last[id]!)) last[id] = -1
    }
    return this.#order()
      .map(id => last[id]!)
      .filter(row => row >= 0)
  }

  /** The last change of each key, −1 where it removed the row. */
  #lastChanges(): Int32Array {
    const { keyIds, effects, keyCount } = this.#parts
    const last = new Int32Array(keyCount).fill(-1)
    for (let row = 0; row < effects.length; row++) {
      const id = keyIds[row]!
      if (effects[row] === effect.none) continue
      if (id < 0) throw this.#noKey()
      last[id] = effects[row] === effect.put ? row : -1
    }
    return last
  }

  /** Whether a change came before the truncate: by source position where both have one of one server, else as read. */
  #before(truncate: TruncateRow): (row: number) => boolean {
    const [file, pos, within, server] = ['_file', '_pos', '_row', '_server'].map(name =>
      columnNamed(this.#parts.meta, name),
    )
    const { source } = truncate
    return row => {
      const name = file!.at(row)
      if (source === null || name === null || server!.at(row) !== source.serverId) return row < truncate.row
      const position = { file: name as string, pos: pos!.at(row) as number, row: within!.at(row) as number }
      return comparePositions(position, source) < 0
    }
  }

  /** The keys' numbers in the order of their values. */
  #order(): Int32Array {
    if (this.#keyOrder === undefined) {
      const { keyIds, keyCount, columns } = this.#parts
      const firstRow = new Int32Array(keyCount)
      for (let row = keyIds.length - 1; row >= 0; row--) if (keyIds[row]! >= 0) firstRow[keyIds[row]!] = row
      const keys = columns.filter(column => this.key.includes(column.name))
      keys.sort((a, b) => this.key.indexOf(a.name) - this.key.indexOf(b.name))
      const sorted = takeColumns(keys, firstRow).map(column => ({ column, order: 'asc' as const }))
      this.#keyOrder = sortRows(sorted, keyCount)
    }
    return this.#keyOrder
  }

  #noKey(): ObslabError {
    return new ObslabError(
      'key-missing',
      `Expected the records of ${this.topic} to have a key, found some without. Name the key columns in a topic ` +
        'definition, or use changes().',
    )
  }
}
printAs(Table, table => table.text())
