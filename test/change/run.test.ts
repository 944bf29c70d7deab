import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Change, RowChange, SourcePosition, Tombstone } from '../../src/change/change.js'
import { Redelivery } from '../../src/change/run.js'

const partitions = 2

type Step =
  | { do: 'write'; key: number; value: number; sameEvent: boolean }
  | { do: 'delete'; key: number; tombstone: boolean }
  | { do: 'move'; key: number; to: number }
  | { do: 'snapshot' }
  | { do: 'window'; keys: number[] }
  | { do: 'server'; server: number; file: number }

const key = fc.integer({ min: 0, max: 4 })
const write = fc.record({
  do: fc.constant('write' as const),
  key,
  value: fc.nat(99),
  sameEvent: fc.boolean(),
})
const erase = fc.record({ do: fc.constant('delete' as const), key, tombstone: fc.boolean() })
const move = fc.record({ do: fc.constant('move' as const), key, to: key })
const snapshot = fc.constant({ do: 'snapshot' as const })
const window = fc.record({ do: fc.constant('window' as const), keys: fc.uniqueArray(key, { maxLength: 3 }) })
const server = fc.record({
  do: fc.constant('server' as const),
  server: fc.integer({ min: 1, max: 3 }),
  file: fc.integer({ min: 1, max: 3 }),
})
const streaming = [
  { weight: 8, arbitrary: write },
  { weight: 3, arbitrary: erase },
  { weight: 2, arbitrary: move },
] as const
const steps = fc.array(
  fc.oneof(
    ...streaming,
    { weight: 1, arbitrary: snapshot },
    { weight: 2, arbitrary: window },
    { weight: 1, arbitrary: server },
  ),
  { minLength: 1, maxLength: 25 },
)
const replays = fc.array(fc.tuple(fc.nat(999), fc.nat(999)), { minLength: 1, maxLength: 3 })

/** Plays steps as a database would and gives the records a connector would write. */
class Connector {
  readonly log: Change[] = []
  readonly table = new Map<number, number>()
  readonly #gtids: boolean
  readonly #transactions = new Map<number, number>()
  readonly #ends = new Map<number, { file: number; pos: number }>()
  #server = 1
  #file = 1
  #pos = 100
  #row = 0
  #inEvent = false

  constructor(gtids: boolean) {
    this.#gtids = gtids
  }

  play(step: Step): void {
    if (step.do === 'write') this.#write(step.key, step.value, step.sameEvent && this.#inEvent)
    else if (step.do === 'delete') this.#delete(step.key, step.tombstone)
    else if (step.do === 'move') this.#move(step.key, step.to)
    else if (step.do === 'server') this.#failOver(step.server, step.file)
    else this.#read(step.do === 'snapshot' ? [...this.table.keys()] : step.keys, step.do === 'snapshot')
  }

  #read(keys: readonly number[], full: boolean): void {
    this.#pos += 10
    this.#inEvent = false
    for (const key of keys) {
      const value = this.table.get(key)
      const position = this.#position(full ? 'true' : 'incremental')
      if (value !== undefined) this.#change('r', key, null, value, position)
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

  #write(key: number, value: number, sameEvent: boolean): void {
    const before = this.table.get(key)
    if (!sameEvent) this.#next()
    else this.#row++
    this.table.set(key, value)
    this.#change(before === undefined ? 'c' : 'u', key, before ?? null, value, this.#position('false'))
  }

  #delete(key: number, tombstone: boolean): void {
    const before = this.table.get(key)
    if (before === undefined) return
    this.#next()
    this.#gone(key, before, tombstone)
  }

  #gone(key: number, before: number, tombstone: boolean): void {
    this.table.delete(key)
    this.#change('d', key, before, null, this.#position('false'))
    if (tombstone) this.log.push({ kind: 'tombstone', ...this.#at(key), key: { id: key } })
  }

  #move(key: number, to: number): void {
    const value = this.table.get(key)
    if (value === undefined || this.table.has(to)) return
    this.#next()
    this.#gone(key, value, true)
    this.table.set(to, value)
    this.#change('c', to, null, value, this.#position('false'))
  }

  #next(): void {
    this.#pos += 100
    this.#row = 0
    this.#inEvent = true
    this.#transactions.set(this.#server, (this.#transactions.get(this.#server) ?? 0) + 1)
  }

  #position(snapshot: string): SourcePosition {
    const full = snapshot === 'true'
    const number = this.#transactions.get(this.#server) ?? 0
    return {
      file: `bin.${this.#file}`,
      pos: this.#pos,
      row: snapshot === 'false' ? this.#row : 0,
      serverId: full ? 0 : this.#server,
      gtid: full || !this.#gtids ? null : `uuid-${this.#server}:${number}`,
      snapshot,
      time: 0,
    }
  }

  #at(key: number): { topic: string; partition: number; offset: number; timestamp: number } {
    return { topic: 't', partition: key % partitions, offset: this.log.length, timestamp: 0 }
  }

  #change(
    op: RowChange['op'],
    key: number,
    before: number | null,
    after: number | null,
    source: SourcePosition,
  ): void {
    this.log.push({
      kind: 'row',
      ...this.#at(key),
      op,
      key: { id: key },
      before: before === null ? null : { id: key, v: before },
      after: after === null ? null : { id: key, v: after },
      source,
      transaction: null,
      processedAt: null,
      headers: [],
    })
  }
}

function played(steps: readonly Step[], gtids: boolean): Connector {
  const connector = new Connector(gtids)
  for (const step of steps) connector.play(step)
  return connector
}

/**
 * The log with blocks sent again: at a cut, everything from some earlier record on comes once more. A connector resumes
 * at source positions, and a tombstone has that of its delete: no block begins between the two.
 */
function withReplays(
  log: readonly Change[],
  replays: readonly (readonly [number, number])[],
): readonly Change[] {
  let again = log
  for (const [a, b] of replays) {
    const cut = a % (again.length + 1)
    const from = blockStart(again, cut, b)
    again = [...again.slice(0, cut), ...again.slice(from, cut), ...again.slice(cut)]
  }
  return again
}

function blockStart(log: readonly Change[], cut: number, at: number): number {
  const from = cut === 0 ? 0 : at % cut
  return log[from]?.kind === 'tombstone' ? from - 1 : from
}

function apply(table: Map<number, number>, change: Change): void {
  if (change.kind === 'tombstone') table.delete(change.key?.id as number)
  if (change.kind !== 'row') return
  if (change.after === null) table.delete(change.key?.id as number)
  else table.set(change.key?.id as number, change.after.v as number)
}

function consumed(log: readonly Change[]): Map<number, number> {
  const rule = new Redelivery()
  const table = new Map<number, number>()
  for (const change of log) if (rule.accept(change) === 'applied') apply(table, change)
  return table
}

const sorted = (table: Map<number, number>): [number, number][] => [...table].sort(([a], [b]) => a - b)

describe('the redelivery rule', () => {
  test('leaves a log in which nothing is delivered twice as it is', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (steps, gtids) => {
        const { log } = played(steps, gtids)
        const rule = new Redelivery()
        for (const change of log) expect(rule.accept(change)).toBe('applied')
      }),
      { numRuns: 500 },
    )
  })

  test('ends with the database’s rows whatever block is delivered again at whatever cut', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), replays, (steps, gtids, replays) => {
        const { log, table } = played(steps, gtids)
        expect(sorted(consumed(withReplays(log, replays)))).toEqual(sorted(table))
      }),
      { numRuns: 3000 },
    )
  })

  test('changes nothing at any record of a block of creates, updates and deletes delivered again', () => {
    const streamed = fc.array(fc.oneof(...streaming), { minLength: 1, maxLength: 25 })
    fc.assert(
      fc.property(streamed, fc.boolean(), fc.nat(999), fc.nat(999), (steps, gtids, a, b) => {
        const { log } = played(steps, gtids)
        const cut = a % (log.length + 1)
        const rule = new Redelivery()
        const table = new Map<number, number>()
        for (const change of log.slice(0, cut)) if (rule.accept(change) === 'applied') apply(table, change)
        const before = sorted(table)
        for (const change of log.slice(blockStart(log, cut, b), cut)) {
          if (rule.accept(change) === 'applied') apply(table, change)
          expect(sorted(table)).toEqual(before)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

const at = { topic: 't', partition: 0, offset: 0, timestamp: 0 }

function row(op: RowChange['op'], id: number, source: Partial<SourcePosition> | null): RowChange {
  const position = { file: 'bin.000001', pos: 0, row: 0, serverId: 1, gtid: null, snapshot: 'false', time: 0 }
  return {
    kind: 'row',
    ...at,
    op,
    key: { id },
    before: null,
    after: op === 'd' ? null : { id },
    source: source === null ? null : { ...position, ...source },
    transaction: null,
    processedAt: null,
    headers: [],
  }
}

function tombstone(id: number): Tombstone {
  return { kind: 'tombstone', ...at, key: { id } }
}

describe('one change after another (constructed)', () => {
  const snapshot = { snapshot: 'true', serverId: 0 }
  const a = (n: number): string => `3e11fa47-71ca-11e1-9e33-c80aa9429562:${n}`
  const b = (n: number): string => `4e11fa47-71ca-11e1-9e33-c80aa9429562:${n}`

  test.each<[string, Change[], string]>([
    [
      'what is below the highest position is redelivered, equal is applied again',
      [
        row('c', 1, { pos: 10 }),
        row('c', 2, { pos: 20 }),
        row('c', 1, { pos: 10 }),
        row('c', 2, { pos: 20 }),
      ],
      'aara',
    ],
    [
      'rows of one event are told apart',
      [row('c', 1, { pos: 10, row: 0 }), row('c', 2, { pos: 10, row: 1 }), row('c', 1, { pos: 10, row: 0 })],
      'aar',
    ],
    [
      'binlog files compare by number, not by text',
      [
        row('c', 1, { file: 'bin.999999', pos: 90 }),
        row('c', 2, { file: 'bin.1000000', pos: 4 }),
        row('u', 1, { file: 'bin.999999', pos: 90 }),
      ],
      'aar',
    ],
    [
      'a tombstone shares the fate of its delete',
      [
        row('d', 1, { pos: 10 }),
        tombstone(1),
        row('c', 1, { pos: 20 }),
        row('d', 1, { pos: 10 }),
        tombstone(1),
      ],
      'aaarr',
    ],
    ['a tombstone without a delete applies', [row('c', 1, { pos: 10 }), tombstone(1)], 'aa'],
    [
      'a tombstone whose delete came before the row was created again applies',
      [
        row('d', 1, { pos: 10 }),
        row('c', 2, { pos: 20 }),
        row('d', 1, { pos: 10 }),
        row('c', 1, { pos: 30 }),
        tombstone(1),
      ],
      'aaraa',
    ],
    [
      'snapshot rows always apply',
      [
        row('r', 1, { ...snapshot, pos: 10 }),
        row('r', 2, { ...snapshot, pos: 10 }),
        row('r', 1, { ...snapshot, pos: 10 }),
      ],
      'aaa',
    ],
    [
      'an incremental snapshot’s rows apply and begin no run',
      [row('u', 1, { pos: 30 }), row('r', 2, { pos: 20, snapshot: 'incremental' }), row('u', 1, { pos: 25 })],
      'aar',
    ],
    [
      'a row read again from below counts again from there',
      [
        row('u', 1, { pos: 20 }),
        row('u', 2, { pos: 30 }),
        row('r', 1, { pos: 10, snapshot: 'incremental' }),
        row('u', 1, { pos: 20 }),
        row('u', 1, { pos: 15 }),
      ],
      'aaaar',
    ],
    [
      'a full snapshot after streaming begins a run',
      [row('c', 1, { pos: 90 }), row('r', 1, { ...snapshot, pos: 4 }), row('u', 1, { pos: 10 })],
      'aaa',
    ],
    [
      'a server not met before begins a run',
      [
        row('c', 1, { pos: 90, gtid: a(7) }),
        row('u', 1, { pos: 10, gtid: b(1) }),
        row('u', 1, { pos: 5, gtid: b(1) }),
      ],
      'aar',
    ],
    [
      'a MariaDB server is told by its GTID too',
      [
        row('c', 1, { pos: 90, gtid: '0-1-7' }),
        row('u', 1, { pos: 10, gtid: '0-2-8' }),
        row('u', 1, { pos: 5, gtid: '0-2-8' }),
      ],
      'aar',
    ],
    [
      'without GTIDs a server is told by its id',
      [row('c', 1, { pos: 90 }), row('u', 1, { pos: 10, serverId: 2 })],
      'aa',
    ],
    [
      'a newer transaction of the same server is never redelivered, wherever its position',
      [row('c', 1, { pos: 90, gtid: a(7) }), row('u', 1, { pos: 10, gtid: a(8) })],
      'aa',
    ],
    ['a change without a position applies', [row('c', 1, null), row('u', 1, null)], 'aa'],
  ])('%s', (_, changes, verdicts) => {
    const rule = new Redelivery()
    expect(changes.map(change => rule.accept(change)[0]).join('')).toBe(verdicts)
  })

  test('partitions are judged each by itself', () => {
    const rule = new Redelivery()
    expect(rule.accept(row('c', 1, { pos: 90 }))).toBe('applied')
    expect(rule.accept({ ...row('c', 2, { pos: 10 }), partition: 1 })).toBe('applied')
    expect(rule.accept({ kind: 'truncate', ...at, source: row('c', 1, { pos: 10 }).source })).toBe(
      'redelivered',
    )
  })

  test('runs are counted per partition', () => {
    const rule = new Redelivery()
    expect(rule.runs(0)).toBe(0)
    rule.accept(row('r', 1, { ...snapshot, pos: 4 }))
    rule.accept(row('c', 1, { pos: 90, gtid: a(1) }))
    expect(rule.runs(0)).toBe(1)
    rule.accept(row('u', 1, { pos: 10, gtid: b(1) }))
    expect(rule.runs(0)).toBe(2)
  })
})
