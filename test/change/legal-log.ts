import fc from 'fast-check'
import type { Change, Quarantined, RowChange, SourcePosition } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'

/** A row of the played tables. */
export interface PlayedRow {
  id: number
  v: number
  voided: number
}

/** A change of one row within a transaction. */
export type Write =
  | { do: 'put'; table: number; key: number; v: number; voided: number; sameEvent: boolean }
  | { do: 'delete'; table: number; key: number; tombstone: boolean }
  | { do: 'move'; table: number; key: number; to: number }

/** What happens to the database, to its server or to its connector. */
export type Step =
  | { do: 'transaction'; writes: readonly Write[]; skew: number }
  | { do: 'snapshot'; lost: readonly Write[] | null; abortedAfter: number }
  | { do: 'window'; table: number; keys: readonly number[] }
  | { do: 'server'; server: number; file: number }
  | { do: 'truncate'; table: number }

/** What may happen in a legal log. */
export interface LegalLogOptions {
  /** How many tables there are. Default 1. */
  tables?: number
  /** Whether changes are lost before a snapshot, which then is how they come to be known. Default false. */
  losing?: boolean
  /** Whether tables are truncated. Default false. */
  truncating?: boolean
  /** Whether only creates, updates, deletes and changes of keys happen. Default false. */
  streaming?: boolean
}

const keys = 6
const key = fc.nat(keys - 1)

function writeOf(tables: number): fc.Arbitrary<Write> {
  const table = fc.nat(tables - 1)
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('put' as const),
        table,
        key,
        v: fc.nat(99),
        voided: fc.constantFrom(0, 0, 0, 1, 7),
        sameEvent: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('delete' as const), table, key, tombstone: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), table, key, to: key }) },
  )
}

/** Any sequence of steps. */
export function legalSteps(options: LegalLogOptions = {}): fc.Arbitrary<Step[]> {
  const { tables = 1, losing = false, truncating = false, streaming = false } = options
  const write = writeOf(tables)
  const transaction = fc.record({
    do: fc.constant('transaction' as const),
    writes: fc.array(write, { minLength: 1, maxLength: 4 }),
    skew: fc.integer({ min: -1_500, max: 0 }),
  })
  const snapshot = fc.record({
    do: fc.constant('snapshot' as const),
    lost: losing ? fc.array(write, { maxLength: 4 }) : fc.constant(null),
    abortedAfter: fc.constantFrom(0, 0, 0, 1, 3),
  })
  const window = fc.record({
    do: fc.constant('window' as const),
    table: fc.nat(tables - 1),
    keys: fc.uniqueArray(key, { maxLength: 3 }),
  })
  const server = fc.record({
    do: fc.constant('server' as const),
    server: fc.integer({ min: 1, max: 3 }),
    file: fc.integer({ min: 1, max: 3 }),
  })
  const truncate = fc.record({ do: fc.constant('truncate' as const), table: fc.nat(tables - 1) })
  const others = streaming
    ? []
    : [
        { weight: 1, arbitrary: snapshot },
        { weight: 2, arbitrary: window },
        { weight: 1, arbitrary: server },
        ...(truncating ? [{ weight: 1, arbitrary: truncate }] : []),
      ]
  return fc.array(
    fc.oneof<
      [
        { weight: number; arbitrary: fc.Arbitrary<Step> },
        ...{ weight: number; arbitrary: fc.Arbitrary<Step> }[],
      ]
    >({ weight: 12, arbitrary: transaction }, ...others),
    {
      minLength: 1,
      maxLength: 20,
    },
  )
}

/** Blocks to be delivered again, for {@link LegalLog.replayed}. */
export const replayedBlocks: fc.Arbitrary<[number, number][]> = fc.array(fc.tuple(fc.nat(999), fc.nat(999)), {
  maxLength: 3,
})

/** Picks among partitions, for {@link interleaved}. */
export const picks: fc.Arbitrary<number[]> = fc.array(fc.nat(99), { minLength: 1, maxLength: 30 })

/** What the database held after a transaction, or when a snapshot was taken. */
export interface PlayedState {
  /** When it was committed or taken, milliseconds. */
  time: number
  /** Whether it is a snapshot's. */
  snapshot: boolean
  /** All transactions executed by then, as `gtid_executed` says them. */
  gtids: string
  tables: ReadonlyMap<number, PlayedRow>[]
}

/** A log as a connector writes it, and the database that it tells of. */
export interface LegalLog {
  /** The records in the order written, over all topics and partitions. */
  readonly records: readonly Change[]
  /** What the tables hold in the end, rows that count as deleted too. */
  readonly tables: readonly ReadonlyMap<number, PlayedRow>[]
  /** What they held after each transaction that was captured and at each snapshot, in order. */
  readonly states: readonly PlayedState[]
}

/** How steps are played. */
export interface PlayOptions {
  tables?: number
  partitions?: number
  gtids?: boolean
}

/** Plays steps as a database would and gives the records a connector would write. */
export function played(steps: readonly Step[], options: PlayOptions = {}): LegalLog {
  const connector = new Connector(options)
  for (const step of steps) connector.play(step)
  return connector
}

/** The topic of a table. */
export function topicOf(table: number): string {
  return `db.shop.t${table}`
}

/**
 * The log with blocks sent again: at a cut, everything from some earlier record on comes once more. A connector resumes at
 * source positions: no block begins between a delete and its tombstone, which has none of its own; nor within or before a
 * full snapshot, which would be taken anew, unless `snapshots` are to be sent again as well.
 */
export function replayed(
  records: readonly Change[],
  blocks: readonly (readonly [number, number])[],
  { snapshots = false }: { snapshots?: boolean } = {},
): readonly Change[] {
  let again = records
  for (const [a, b] of blocks) {
    const cut = a % (again.length + 1)
    const first = snapshots ? 0 : again.slice(0, cut).findLastIndex(isFullRead) + 1
    const isAmidSnapshot =
      !snapshots && cut > 0 && cut < again.length && isFullRead(again[cut]!) && first === cut
    if (first === cut || isAmidSnapshot) continue
    const from = blockStart(again, first + (b % (cut - first)))
    again = [...again.slice(0, cut), ...again.slice(from, cut), ...again.slice(cut)]
  }
  return again
}

/** Where a block may begin that is to begin at a record: not between a delete and its tombstone. */
export function blockStart(records: readonly Change[], from: number): number {
  return records[from]?.kind === 'tombstone' ? from - 1 : from
}

/** The log with some changes that cannot be decoded, save for the marks of where a snapshot begins and ends. */
export function withUndecoded(records: readonly Change[], picks: readonly number[]): readonly Change[] {
  const chosen = new Set(picks.map(at => at % (records.length + 1)))
  return records.map((change, at) =>
    change.kind === 'row' && chosen.has(at) && !isMark(change) ? undecoded(change) : change,
  )
}

/** The change as a record that could not be decoded but for its key and position. */
export function undecoded({ topic, partition, offset, timestamp, key, source }: RowChange): Quarantined {
  return { kind: 'quarantined', topic, partition, offset, timestamp, reason: 'Expected JSON.', key, source }
}

function isMark({ source }: RowChange): boolean {
  return /first|last/.test(source?.snapshot ?? '')
}

/** The log with the offsets that its records have in the order given. */
export function withOffsets(records: readonly Change[]): Change[] {
  const next = new Map<string, number>()
  return records.map((record, i) => {
    const name = `${record.topic}-${record.partition}`
    const offset = next.get(name) ?? 0
    next.set(name, offset + 1)
    return { ...record, offset, timestamp: 1_000_000 + i * 10 }
  })
}

/** The records of partitions in another order among each other, each partition's own order kept. */
export function interleaved(records: readonly Change[], picks: readonly number[]): Change[] {
  const queues = new Map<string, Change[]>()
  for (const record of records) {
    const name = `${record.topic}-${record.partition}`
    queues.set(name, [...(queues.get(name) ?? []), record])
  }
  const left = [...queues.values()]
  const mixed: Change[] = []
  for (let i = 0; left.length > 0; i++) {
    const at = picks[i % picks.length]! % left.length
    mixed.push(left[at]!.shift()!)
    if (left[at]!.length === 0) left.splice(at, 1)
  }
  return mixed
}

function isFullRead(record: Change): boolean {
  if (record.kind === 'tombstone') return false
  return record.source !== null && !['false', 'incremental'].includes(record.source.snapshot)
}

class Connector implements LegalLog {
  readonly records: Change[] = []
  readonly tables: Map<number, PlayedRow>[]
  readonly states: PlayedState[] = []
  readonly #partitions: number
  readonly #gtids: boolean
  readonly #executed = new Map<number, number>()
  readonly #ends = new Map<number, { file: number; pos: number }>()
  #now = 1_700_000_000_000
  #time = 0
  /** That of the last transaction, which is also what an incremental snapshot gives its rows. */
  #gtid: string | null = null
  #server = 1
  #file = 1
  #pos = 100
  #row = 0
  #inEvent = false
  /** Whether what happens is captured. */
  #captures = true

  constructor({ tables = 1, partitions = 2, gtids = true }: PlayOptions) {
    this.tables = Array.from({ length: tables }, () => new Map())
    this.#partitions = partitions
    this.#gtids = gtids
  }

  play(step: Step): void {
    this.#now += 1_000
    switch (step.do) {
      case 'transaction':
        this.#commit(step.writes, step.skew)
        break
      case 'snapshot':
        this.#snapshot(step.lost, step.abortedAfter)
        break
      case 'window':
        this.#window(step.table, step.keys)
        break
      case 'server':
        this.#failOver(step.server, step.file)
        break
      case 'truncate':
        this.#truncate(step.table)
        break
    }
  }

  #commit(writes: readonly Write[], skew: number): void {
    this.#begin(skew)
    const before = this.records.length
    for (const write of writes) this.#write(write)
    if (this.records.length > before) this.#note(false)
  }

  #begin(skew: number): void {
    this.#time = this.#now + skew
    this.#inEvent = false
    const number = (this.#executed.get(this.#server) ?? 0) + 1
    this.#executed.set(this.#server, number)
    this.#gtid = `${uuid(this.#server)}:${number}`
  }

  #note(snapshot: boolean): void {
    this.states.push({
      time: snapshot ? this.#now : this.#time,
      snapshot,
      gtids: [...this.#executed].map(([server, number]) => `${uuid(server)}:1-${number}`).join(',\n'),
      tables: this.tables.map(rows => new Map(rows)),
    })
  }

  #write(write: Write): void {
    const rows = this.tables[write.table]!
    const before = rows.get(write.key)
    if (write.do === 'put') {
      const after = { id: write.key, v: write.v, voided: write.voided }
      this.#next(write.sameEvent)
      rows.set(write.key, after)
      this.#change(write.table, before === undefined ? 'c' : 'u', write.key, before ?? null, after)
    } else if (before !== undefined && write.do === 'delete') {
      this.#next(false)
      this.#gone(write.table, before, write.tombstone, null)
    } else if (before !== undefined && write.do === 'move' && !rows.has(write.to)) {
      this.#next(false)
      this.#gone(write.table, before, true, write.to)
      const after = { ...before, id: write.to }
      rows.set(write.to, after)
      this.#change(write.table, 'c', write.to, null, after, { oldKey: { id: write.key } })
    }
  }

  #gone(table: number, before: PlayedRow, tombstone: boolean, to: number | null): void {
    this.tables[table]!.delete(before.id)
    this.#change(table, 'd', before.id, before, null, { newKey: to === null ? null : { id: to } })
    if (tombstone && this.#captures)
      this.records.push({ kind: 'tombstone', ...this.#at(table, before.id), key: { id: before.id } })
  }

  /**
   * A full snapshot of all tables; where changes were lost, each partition of each has a row in it. One that was aborted
   * is begun anew.
   */
  #snapshot(lost: readonly Write[] | null, abortedAfter: number): void {
    if (lost !== null) {
      this.#captures = false
      this.#commit([...lost, ...this.#missing(lost)], 0)
      this.#captures = true
    }
    this.#now += 1_000
    const before = this.records.length
    if (abortedAfter > 0) this.#readAll(abortedAfter)
    this.#now += 1_000
    this.#readAll(Number.POSITIVE_INFINITY)
    if (this.records.length > before) this.#note(true)
  }

  #missing(lost: readonly Write[]): Write[] {
    const writes: Write[] = []
    for (let table = 0; table < this.tables.length; table++) {
      for (let partition = 0; partition < this.#partitions; partition++) {
        const touched = lost.some(write => write.table === table)
        const rows = [...this.tables[table]!.keys()].filter(id => id % this.#partitions === partition)
        if (rows.length === 0 || touched)
          writes.push({ do: 'put', table, key: partition, v: 100, voided: 0, sameEvent: false })
      }
    }
    return writes
  }

  #readAll(limit: number): void {
    this.#pos += 10
    this.#inEvent = false
    const rows = this.tables.flatMap((table, t) => [...table.values()].map(row => ({ t, row })))
    rows.slice(0, limit).forEach(({ t, row }, i) => {
      const isFirst = rows[i - 1]?.t !== t
      const isLast = rows[i + 1]?.t !== t
      const name = isLast
        ? i === rows.length - 1
          ? 'last'
          : 'last_in_data_collection'
        : isFirst
          ? i === 0
            ? 'first'
            : 'first_in_data_collection'
          : 'true'
      this.#change(t, 'r', row.id, null, row, {}, name)
    })
  }

  #window(table: number, keys: readonly number[]): void {
    this.#pos += 10
    this.#inEvent = false
    for (const id of keys) {
      const row = this.tables[table]!.get(id)
      if (row !== undefined) this.#change(table, 'r', id, null, row, {}, 'incremental')
    }
  }

  /** Another server's log goes on where it ended, in the same or a later file; it may be behind the last one's. */
  #failOver(server: number, file: number): void {
    this.#ends.set(this.#server, { file: this.#file, pos: this.#pos })
    const end = this.#ends.get(server) ?? { file: 1, pos: 4 }
    this.#server = server
    this.#pos = file > end.file ? 4 : end.pos
    this.#file = Math.max(file, end.file)
    this.#inEvent = false
  }

  #truncate(table: number): void {
    this.#begin(0)
    this.#next(false)
    this.tables[table]!.clear()
    this.records.push({ kind: 'truncate', ...this.#at(table, 0), source: this.#position('false') })
    this.#note(false)
  }

  #next(sameEvent: boolean): void {
    if (sameEvent && this.#inEvent) {
      this.#row++
      return
    }
    this.#pos += 100
    this.#row = 0
    this.#inEvent = true
  }

  #position(snapshot: string): SourcePosition {
    const isFull = snapshot !== 'false' && snapshot !== 'incremental'
    return {
      file: `bin.${String(this.#file).padStart(6, '0')}`,
      pos: this.#pos,
      row: snapshot === 'false' ? this.#row : 0,
      serverId: isFull ? 0 : this.#server,
      gtid: isFull || !this.#gtids ? null : this.#gtid,
      snapshot,
      time: snapshot === 'false' ? this.#time : this.#now,
    }
  }

  #at(table: number, key: number): { topic: string; partition: number; offset: number; timestamp: number } {
    return { topic: topicOf(table), partition: key % this.#partitions, offset: 0, timestamp: 0 }
  }

  #change(
    table: number,
    op: RowChange['op'],
    key: number,
    before: PlayedRow | null,
    after: PlayedRow | null,
    links: { newKey?: Row | null; oldKey?: Row | null } = {},
    snapshot = 'false',
  ): void {
    if (!this.#captures) return
    this.records.push({
      kind: 'row',
      ...this.#at(table, key),
      op,
      key: { id: key },
      before: before && { ...before },
      after: after && { ...after },
      source: this.#position(snapshot),
      transaction: null,
      processedAt: null,
      newKey: links.newKey ?? null,
      oldKey: links.oldKey ?? null,
      headers: [],
    })
  }
}

function uuid(server: number): string {
  return `3e11fa47-71ca-11e1-9e33-c80aa942956${server}`
}
