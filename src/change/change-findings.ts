import type { RowChange, SourcePosition, Tombstone } from './change.js'
import type { ColumnType, Row } from './column-type.js'
import type { RawChange } from './envelope.js'
import type { TopicEvent } from './message.js'
import { rowKey } from './row-key.js'
import type { SchemaVersion } from './schema-history.js'
import type { TopicFindings } from './topic-findings.js'

/** A delete whose tombstone is to come next. */
interface PendingDelete {
  partition: number
  offset: number
  key: string
}

/** Different times of commit, all in whole seconds, that show a clock without milliseconds: chance has 10⁻¹². */
const secondsThatShow = 4

/** Notices what the records of one topic and their order tell, and adds it to the topic's findings. */
export class ChangeFindings {
  readonly #findings: TopicFindings
  readonly #key: readonly string[] | null
  readonly #partitions = new Set<number>()
  readonly #deletes = new Map<number, PendingDelete>()
  readonly #begun = new Map<number, string>()
  readonly #columnsMet = new WeakSet<readonly ColumnType[]>()
  #columns: readonly ColumnType[] | null = null
  #unwrapped = false
  #seconds = 0
  #lastTime: number | null = null

  constructor(findings: TopicFindings, key: readonly string[] | null) {
    this.#findings = findings
    this.#key = key
  }

  /** Takes the next event of the topic, with whether it was delivered before. */
  add(event: TopicEvent, redelivered: boolean): void {
    const findings = this.#findings
    if (redelivered) findings.add('redelivered')
    this.#addPartition(event.partition)
    switch (event.kind) {
      case 'row':
        this.#addRow(event)
        break
      case 'tombstone':
        this.#addTombstone(event)
        break
      case 'truncate':
        findings.add('truncated')
        this.#addTruncate()
        break
      case 'quarantined':
        findings.add('quarantined')
        break
      case 'transaction':
        if (event.status === 'BEGIN') this.#addBegin(event.partition, event.id)
        else this.#begun.delete(event.partition)
        break
    }
  }

  /** Takes how a change was written. */
  addForm({ form, opIsKnown, source }: RawChange): void {
    this.#unwrapped = form === 'unwrapped'
    if (!this.#unwrapped) return
    this.#findings.add('unwrapped')
    if (!opIsKnown) this.#findings.add('unwrapped-without-op')
    if (source === null) this.#findings.add('unwrapped-without-position')
  }

  /** Takes the columns of a row. */
  addColumns(columns: readonly ColumnType[]): void {
    if (columns === this.#columns) return
    const before = this.#columns
    this.#columns = columns
    if (this.#columnsMet.has(columns)) return
    this.#columnsMet.add(columns)
    const inferred = columns.filter(({ origin }) => origin === 'inferred').map(({ name }) => name)
    if (inferred.length > 0 && (before === null || isInferred(before) !== isInferred(columns)))
      this.#findings.add('types-inferred', { columns: inferred })
    const changed = before === null ? [] : columnsChanged(before, columns)
    if (changed.length > 0) this.#findings.add('columns-changed', { columns: changed })
  }

  /** Takes the columns of a record key. */
  addKeyColumns(columns: readonly ColumnType[]): void {
    if (this.#key === null || this.#findings.has('key-differs')) return
    const names = columns.map(({ name }) => name)
    const isSame = names.length === this.#key.length && names.every(name => this.#key?.includes(name))
    if (!isSame) this.#findings.add('key-differs', { columns: names })
  }

  /** Adds what only all records so far show. */
  addLate(unknown: readonly string[], cascading: readonly string[]): void {
    const findings = this.#findings
    if (unknown.length > 0)
      findings.add('column-unknown', { at: null, columns: unknown, count: unknown.length })
    if (cascading.length > 0 && !findings.has('cascade-possible'))
      findings.add('cascade-possible', { at: null, columns: cascading })
  }

  #addPartition(partition: number): void {
    if (this.#partitions.has(partition)) return
    this.#partitions.add(partition)
    if (this.#findings.has('truncated')) this.#addTruncate()
  }

  #addTruncate(): void {
    if (this.#partitions.size > 1) this.#findings.add('truncated-in-partitions')
  }

  #addRow(change: RowChange): void {
    this.#endDelete(change.partition)
    const { source, key, partition, offset } = change
    if (source !== null) this.#addSource(source)
    if (key === null && this.#key === null) this.#findings.add('key-null')
    if (change.newKey !== null) this.#findings.add('key-changed')
    if (change.op === 'd') this.#deletes.set(partition, { partition, offset, key: keyText(key) })
  }

  #addSource({ snapshot, time }: SourcePosition): void {
    if (snapshot === 'incremental') this.#findings.add('incremental-snapshot')
    if (snapshot !== 'false' || time === 0 || this.#seconds === -1) return
    if (time % 1000 !== 0) {
      this.#seconds = -1
      return
    }
    if (time !== this.#lastTime) this.#seconds++
    this.#lastTime = time
    if (this.#seconds >= secondsThatShow) this.#findings.add('times-in-seconds')
  }

  #addTombstone({ partition, key }: Tombstone): void {
    const pending = this.#deletes.get(partition)
    if (pending?.key === keyText(key)) {
      this.#deletes.delete(partition)
      return
    }
    this.#endDelete(partition)
    this.#findings.add(this.#unwrapped ? 'unwrapped-tombstone' : 'tombstone-without-delete')
  }

  #endDelete(partition: number): void {
    const pending = this.#deletes.get(partition)
    if (pending === undefined) return
    this.#findings.add('delete-without-tombstone', { at: pending })
    this.#deletes.delete(partition)
  }

  #addBegin(partition: number, id: string): void {
    const begun = this.#begun.get(partition)
    if (begun !== undefined && begun !== id) this.#findings.add('transaction-without-end')
    this.#begun.set(partition, id)
  }
}

const identifiers = '`?[\\w$]+`?(?:\\s*,\\s*`?[\\w$]+`?)*'
const foreignKey = new RegExp(
  `FOREIGN\\s+KEY[^(]*\\(\\s*(${identifiers})\\s*\\)\\s*REFERENCES[^(]+\\([^)]*\\)` +
    '((?:\\s+ON\\s+(?:UPDATE|DELETE)\\s+(?:CASCADE|RESTRICT|NO\\s+ACTION|SET\\s+\\w+))*)',
  'gi',
)

/** The columns that the database itself may change, or whose rows it may delete, for a foreign key in a table's DDL. */
export function cascadingColumns(versions: readonly SchemaVersion[]): readonly string[] {
  const columns = new Set<string>()
  for (const { ddl } of versions) {
    const statement = ddl?.replace(/'(?:[^'\\]|\\.|'')*'/g, "''") ?? ''
    for (const [, names = '', actions = ''] of statement.matchAll(foreignKey)) {
      if (!/CASCADE|SET\s+NULL/i.test(actions)) continue
      for (const name of names.split(',')) columns.add(name.trim().replaceAll('`', ''))
    }
  }
  return [...columns]
}

function isInferred(columns: readonly ColumnType[]): boolean {
  return columns.some(({ origin }) => origin === 'inferred')
}

/** The columns that only one of the two has, or that differ in type; an inferred type only ever grows. */
function columnsChanged(before: readonly ColumnType[], after: readonly ColumnType[]): string[] {
  const known = new Map(before.map(column => [column.name, column]))
  const changed = after.filter(column => {
    const old = known.get(column.name)
    return old === undefined || (typeText(old) !== typeText(column) && !bothInferred(old, column))
  })
  const now = new Set(after.map(({ name }) => name))
  const gone = before.filter(({ name }) => !now.has(name))
  return [...changed, ...gone].map(({ name }) => name)
}

function bothInferred(one: ColumnType, other: ColumnType): boolean {
  return one.origin === 'inferred' || other.origin === 'inferred'
}

function typeText({ kind, encoding, scale, mysqlType }: ColumnType): string {
  return [kind, encoding, scale, mysqlType].join()
}

function keyText(key: Row | null): string {
  return key === null ? '' : rowKey(key, Object.keys(key))
}
