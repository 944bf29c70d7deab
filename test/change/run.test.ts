import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Change, Quarantined, RowChange, SourcePosition, Tombstone } from '../../src/change/change.js'
import { Redelivery } from '../../src/change/run.js'
import { blockStart, legalSteps, played, replayed, undecoded, withUndecoded } from './legal-log.js'

const steps = legalSteps()
const blocks = fc.array(fc.tuple(fc.nat(999), fc.nat(999)), { minLength: 1, maxLength: 3 })

function apply(table: Map<unknown, unknown>, change: Change): void {
  const id = change.kind === 'truncate' ? null : change.key?.id
  if (change.kind !== 'row' || change.after === null) table.delete(id)
  else table.set(id, change.after)
}

function consumed(log: readonly Change[]): Map<unknown, unknown> {
  const rule = new Redelivery()
  const table = new Map()
  for (const change of log) if (rule.accept(change) === 'applied') apply(table, change)
  return table
}

describe('the redelivery rule', () => {
  test('leaves a log in which nothing is delivered twice as it is', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (steps, gtids) => {
        const { records } = played(steps, { gtids })
        const rule = new Redelivery()
        for (const change of records) expect(rule.accept(change)).toBe('applied')
      }),
      { numRuns: 500 },
    )
  })

  test('ends with the database’s rows whatever block is delivered again at whatever cut', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), blocks, (steps, gtids, blocks) => {
        const { records, tables } = played(steps, { gtids })
        expect(consumed(replayed(records, blocks, { snapshots: true }))).toEqual(tables[0])
      }),
      { numRuns: 3000 },
    )
  })

  test('a row whose newest version cannot be decoded is out of the table, whatever block is delivered again', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), blocks, fc.array(fc.nat(999)), (steps, gtids, blocks, bad) => {
        const log = withUndecoded(played(steps, { gtids }).records, bad)
        expect(consumed(replayed(log, blocks, { snapshots: true }))).toEqual(consumed(log))
      }),
      { numRuns: 2000 },
    )
  })

  test('changes nothing at any record of a block of creates, updates and deletes delivered again', () => {
    fc.assert(
      fc.property(
        legalSteps({ streaming: true }),
        fc.boolean(),
        fc.nat(999),
        fc.nat(999),
        (steps, gtids, a, b) => {
          const { records } = played(steps, { gtids })
          const cut = a % (records.length + 1)
          const rule = new Redelivery()
          const table = new Map()
          for (const change of records.slice(0, cut))
            if (rule.accept(change) === 'applied') apply(table, change)
          const before = new Map(table)
          for (const change of records.slice(blockStart(records, cut === 0 ? 0 : b % cut), cut)) {
            if (rule.accept(change) === 'applied') apply(table, change)
            expect(table).toEqual(before)
          }
        },
      ),
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
    newKey: null,
    oldKey: null,
    headers: [],
  }
}

function tombstone(id: number): Tombstone {
  return { kind: 'tombstone', ...at, key: { id } }
}

function bad(id: number, source: Partial<SourcePosition> | null): Quarantined {
  return undecoded(row('u', id, source))
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
    [
      'what cannot be decoded is judged by its position',
      [
        row('c', 1, { pos: 10 }),
        row('u', 1, { pos: 20 }),
        bad(1, { pos: 10 }),
        bad(1, { pos: 30 }),
        bad(1, null),
      ],
      'aaraa',
    ],
    [
      'what was decoded is redelivered below what was not',
      [row('c', 1, { pos: 10 }), bad(2, { pos: 20 }), row('c', 1, { pos: 10 })],
      'aar',
    ],
    [
      'a tombstone shares the fate of a delete that cannot be decoded',
      [bad(1, { pos: 10 }), tombstone(1), row('c', 1, { pos: 20 }), bad(1, { pos: 10 }), tombstone(1)],
      'aaarr',
    ],
    [
      'a snapshot row that cannot be decoded always applies',
      [row('c', 1, { pos: 90 }), bad(1, { ...snapshot, pos: 4 }), row('u', 1, { pos: 10 })],
      'aaa',
    ],
    [
      'creates that are snapshot rows, of old connectors, always apply',
      [
        row('u', 1, { pos: 90 }),
        row('c', 1, { ...snapshot, pos: 4 }),
        row('c', 2, { ...snapshot, pos: 4 }),
        row('u', 1, { pos: 10 }),
      ],
      'aaaa',
    ],
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

  test('what begins a run after the first is told, for each partition', () => {
    const causes: string[] = []
    const rule = new Redelivery(cause => causes.push(cause))
    rule.accept(row('r', 1, { ...snapshot, pos: 4 }))
    rule.accept(row('c', 1, { pos: 90, gtid: a(1) }))
    expect(causes).toEqual([])
    rule.accept(row('u', 1, { pos: 10, gtid: b(1) }))
    rule.accept(row('r', 1, { ...snapshot, pos: 50 }))
    rule.accept({ ...row('r', 2, { ...snapshot, pos: 50 }), partition: 1 })
    expect(causes).toEqual(['server', 'snapshot'])
  })
})
