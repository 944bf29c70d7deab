import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Change, RowChange } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { topic } from '../../src/change/topic.js'
import { count, first, last } from '../../src/pipeline/aggregate.js'
import { Engine } from '../../src/pipeline/engine.js'
import { encodeKey, encodeRow, type Upsert } from '../../src/pipeline/output.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { recompute } from '../../src/pipeline/recompute.js'

interface Reading {
  id: number
  box: number | null
  at: number
  value: number | null
  voided: number
}

const readings = topic<Reading>('readings', z.custom<Reading>(), { key: ['id'], deleted: 'voided' })

const perBox = pipeline('per-box')
  .from(readings)
  .filter(row => row.box !== null)
  .groupBy(row => ({ box: row.box }))
  .aggregate({
    readings: count(),
    high: count({ where: row => (row.value ?? 0) > 5 }),
    oldest: first(row => row.value, { by: row => row.at }),
    newest: last(row => row.value, { by: row => row.at, where: row => row.value !== null }),
  })
  .to('per-box')

let offset = 0
const change = (op: RowChange['op'], id: number, after: Partial<Reading> | null): Change => ({
  kind: 'row',
  topic: 'readings',
  partition: 0,
  offset: offset++,
  timestamp: 0,
  op,
  key: { id },
  before: null,
  after: after === null ? null : { id, box: 1, at: 0, value: 0, voided: 0, ...after },
  source: null,
  transaction: null,
  processedAt: null,
  newKey: null,
  oldKey: null,
  headers: [],
})
const tombstone = (id: number): Change => ({
  kind: 'tombstone',
  topic: 'readings',
  partition: 0,
  offset: offset++,
  timestamp: 0,
  key: { id },
})
const applied = (engine: Engine, changes: Change[]): Upsert[] => {
  engine.apply(changes)
  return engine.flush()
}
const out = (upserts: Upsert[]): string[] =>
  upserts.map(({ key, row }) => `${encodeKey(key)} ${row === null ? 'gone' : encodeRow(row)}`)

test('a row that comes, changes, moves, is voided and un-voided is in exactly the group it belongs to', () => {
  const engine = new Engine(perBox.plan)
  const steps: [Change, string[]][] = [
    [
      change('c', 1, { value: 7, at: 1 }),
      ['{"box":1} {"box":1,"readings":1,"high":1,"oldest":7,"newest":7}'],
    ],
    [
      change('u', 1, { value: 3, at: 1 }),
      ['{"box":1} {"box":1,"readings":1,"high":0,"oldest":3,"newest":3}'],
    ],
    [
      change('u', 1, { value: 3, at: 1, box: 2 }),
      ['{"box":1} gone', '{"box":2} {"box":2,"readings":1,"high":0,"oldest":3,"newest":3}'],
    ],
    [change('u', 1, { value: 3, at: 1, box: 2, voided: 1 }), ['{"box":2} gone']],
    [
      change('u', 1, { value: 3, at: 1, box: 2 }),
      ['{"box":2} {"box":2,"readings":1,"high":0,"oldest":3,"newest":3}'],
    ],
    [change('d', 1, null), ['{"box":2} gone']],
    [tombstone(1), []],
  ]
  for (const [step, expected] of steps) expect(out(applied(engine, [step]))).toEqual(expected)
})

test('an update that leaves the output as it was gives no record', () => {
  const engine = new Engine(perBox.plan)
  applied(engine, [change('c', 1, { value: 7, at: 1 })])
  expect(applied(engine, [change('u', 1, { value: 7, at: 2 })])).toEqual([])
})

test('rows with the same time are ordered by their key, as a number', () => {
  const engine = new Engine(perBox.plan)
  const given = applied(
    engine,
    [10, 9, 2].map(id => change('c', id, { value: id })),
  )
  expect(given[0]?.row).toMatchObject({ oldest: 2, newest: 10 })
})

test('a truncate empties every group', () => {
  const engine = new Engine(perBox.plan)
  applied(engine, [change('c', 1, {}), change('c', 2, { box: 2 })])
  const truncate: Change = {
    kind: 'truncate',
    topic: 'readings',
    partition: 0,
    offset: 9,
    timestamp: 0,
    source: null,
  }
  expect(out(applied(engine, [truncate]))).toEqual(['{"box":1} gone', '{"box":2} gone'])
})

test('a second aggregate follows the rows of the first', () => {
  const boxes = pipeline('boxes')
    .from(readings)
    .groupBy(row => ({ box: row.box }))
    .aggregate({ readings: count() })
    .filter(row => row.readings > 1)
    .groupBy(row => ({ readings: row.readings }))
    .aggregate({ boxes: count() })
    .to('boxes')
  const engine = new Engine(boxes.plan)
  expect(
    applied(engine, [change('c', 1, {}), change('c', 2, {}), change('c', 3, { box: 2 })]).map(u => u.row),
  ).toEqual([{ readings: 2, boxes: 1 }])
  expect(out(applied(engine, [change('u', 2, { box: 2 })]))).toEqual([])
  expect(out(applied(engine, [change('c', 4, { box: 2 })]))).toEqual([
    '{"readings":2} gone',
    '{"readings":3} {"readings":3,"boxes":1}',
  ])
})

test('a group whose key is null is refused with the filter to add', () => {
  const unfiltered = pipeline('unfiltered')
    .from(readings)
    .groupBy(row => ({ box: row.box }))
    .aggregate({ readings: count() })
    .to('unfiltered')
  const stopping = new Engine(unfiltered.plan, { onError: 'stop' })
  const advice = '.filter(row => row.box !== null)'
  expect(() => applied(stopping, [change('c', 1, { box: null })])).toThrow(advice)
  const engine = new Engine(unfiltered.plan)
  const given = applied(engine, [change('c', 1, { box: null }), change('c', 2, {})])
  expect(out(given)).toEqual(['{"box":1} {"box":1,"readings":1}'])
  expect(engine.setAside).toMatchObject([{ step: '.to(…)', error: 'key-missing' }])
  expect(engine.setAside[0]?.reason).toContain(advice)
})

test.each([
  ['{ f: row.box }', (row: Reading) => ({ f: row.box }), '.filter(row => row.box !== null)'],
  ['{ f: row.box && 1 }', (row: Reading) => ({ f: row.box && 1 }), 'the rows whose key has no f'],
])('a null key of %s is refused with advice on input columns, or in words', (_, key, told) => {
  const { plan } = pipeline('renamed').from(readings).groupBy(key).aggregate({ readings: count() }).to('out')
  const engine = new Engine(plan, { onError: 'stop' })
  expect(() => applied(engine, [change('c', 1, { box: null })])).toThrow(told)
})

test('whatever the changes and wherever they are cut, the incremental result equals the recomputed one', () => {
  const reading = fc.record({
    box: fc.option(fc.integer({ min: 1, max: 3 })),
    at: fc.integer({ min: 0, max: 3 }),
    value: fc.option(fc.integer({ min: 0, max: 9 })),
    voided: fc.constantFrom(0, 0, 0, 1),
  })
  const step = fc.record({
    id: fc.integer({ min: 1, max: 6 }),
    after: fc.option(reading, { freq: 5 }),
    cut: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const engine = new Engine(perBox.plan)
      const rows = new Map<number, Row>()
      const output = new Map<string, string>()
      const settle = (upserts: Upsert[]): void => {
        for (const { key, row } of upserts) {
          if (row === null) expect(output.delete(String(encodeKey(key)))).toBe(true)
          else output.set(String(encodeKey(key)), String(encodeRow(row)))
        }
      }
      let batch: Change[] = []
      for (const { id, after, cut } of steps) {
        batch.push(change(after === null ? 'd' : 'u', id, after))
        if (after === null || after.voided === 1) rows.delete(id)
        else rows.set(id, { id, ...after })
        if (cut) settle(applied(engine, batch))
        if (cut) batch = []
      }
      settle(applied(engine, batch))
      const expected = recompute(perBox.plan, () => rows.values()).map(({ row }) => String(encodeRow(row!)))
      expect([...output.values()].sort()).toEqual(expected.sort())
    }),
    { numRuns: 300 },
  )
})
