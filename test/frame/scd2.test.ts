import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Row } from '../../src/change/column-type.js'
import {
  interleaved,
  legalSteps,
  picks,
  played,
  replayed,
  replayedBlocks,
  withOffsets,
} from '../change/legal-log.js'
import { change, position, tombstone, truncate } from './changes.js'
import { playedTable, tableOf } from './tables-of.js'

const definition = { key: ['id'], deleted: [], sensitive: [] }
const at = (pos: number, time = pos) => ({ source: { ...position(pos), time } })

test('each version of a row is there from its change to the next, the last without an end', () => {
  const table = tableOf(
    [
      change('c', { id: 2 }, { id: 2, v: 'x' }, null, at(50)),
      change('c', { id: 1 }, { id: 1, v: 'a' }, null, at(100)),
      change('u', { id: 1 }, { id: 1, v: 'b' }, null, at(200)),
      change('d', { id: 1 }, null, { id: 1, v: 'b' }, at(300)),
      tombstone({ id: 1 }),
      change('c', { id: 1 }, { id: 1, v: 'c' }, null, at(400)),
    ],
    { definition },
  )
  expect(table.scd2().rows()).toEqual([
    { id: 1, v: 'a', valid_from: 100, valid_to: 200 },
    { id: 1, v: 'b', valid_from: 200, valid_to: 300 },
    { id: 1, v: 'c', valid_from: 400, valid_to: null },
    { id: 2, v: 'x', valid_from: 50, valid_to: null },
  ])
  expect(table.scd2().column('valid_from').kind).toBe('timestamp')
})

test('by Kafka’s clock, versions begin when they were written to Kafka', () => {
  const one = { ...change('c', { id: 1 }, { id: 1 }, null, at(100)), timestamp: 7 }
  expect(tableOf([one], { definition }).scd2({ clock: 'time' }).column('valid_from').toArray()).toEqual([7])
  expect(
    tableOf([{ ...one, source: null }], { definition })
      .scd2()
      .column('valid_from')
      .toArray(),
  ).toEqual([7])
  expect(() => tableOf([one]).scd2({ clock: 'gtid' as never })).toThrow("expected 'sourceTime' or 'time'")
})

test('a row that is read again or applied again is the same version as long as it says the same', () => {
  const read = (v: string, pos: number) =>
    change('r', { id: 1 }, { id: 1, v }, null, { source: { ...at(pos).source, snapshot: 'incremental' } })
  const put = (v: string, pos: number) => change('u', { id: 1 }, { id: 1, v }, null, at(pos))
  const versions = (...changes: ReturnType<typeof put>[]) =>
    tableOf(changes, { definition }).scd2().select('v', 'valid_from').rows()
  expect(versions(put('a', 100), read('a', 200), read('b', 300))).toEqual([
    { v: 'a', valid_from: 100 },
    { v: 'b', valid_from: 300 },
  ])
  expect(versions(put('a', 100), put('a', 100), put('a', 200)).length).toBe(2)
})

test('the times of a key never go back', () => {
  const table = tableOf(
    [
      change('c', { id: 1 }, { id: 1, v: 'a' }, null, at(100, 5000)),
      change('u', { id: 1 }, { id: 1, v: 'b' }, null, at(200, 4000)),
      change('u', { id: 1 }, { id: 1, v: 'c' }, null, at(300, 6000)),
    ],
    { definition },
  )
  expect(table.scd2().select('v', 'valid_from', 'valid_to').rows()).toEqual([
    { v: 'a', valid_from: 5000, valid_to: 5000 },
    { v: 'b', valid_from: 5000, valid_to: 6000 },
    { v: 'c', valid_from: 6000, valid_to: null },
  ])
})

test('a truncate ends the versions that were there', () => {
  const table = tableOf(
    [
      change('c', { id: 1 }, { id: 1 }, null, at(100)),
      truncate(at(200).source),
      change('c', { id: 2 }, { id: 2 }, null, at(300)),
    ],
    { definition },
  )
  expect(table.scd2().select('id', 'valid_to').rows()).toEqual([
    { id: 1, valid_to: 200 },
    { id: 2, valid_to: null },
  ])
})

test('a table with a column of such a name keeps it', () => {
  const table = tableOf([change('c', { id: 1 }, { id: 1, valid_to: 'mine' })], { definition })
  expect(table.scd2().names).toEqual(['id', 'valid_to', 'valid_from', '_valid_to'])
})

test('on legal logs of one clock, the versions of a moment are the table as of that source time', () => {
  const steps = legalSteps().map(steps =>
    steps
      .filter(step => step.do !== 'server')
      .map(step => (step.do === 'transaction' ? { ...step, skew: 0 } : step)),
  )
  fc.assert(
    fc.property(steps, replayedBlocks, picks, (steps, blocks, order) => {
      const log = played(steps, { partitions: 1 })
      const records = interleaved(withOffsets(replayed(log.records, blocks)), order)
      fc.pre(records.length > 0)
      const table = playedTable(records)
      const versions = table.scd2().rows() as unknown as (Row & {
        valid_from: number
        valid_to: number | null
      })[]
      for (const { time } of log.states) {
        const valid = versions
          .filter(({ valid_from, valid_to }) => valid_from <= time && (valid_to === null || valid_to > time))
          .map(({ valid_from, valid_to, ...row }) => row)
        expect(valid).toEqual(table.asOf({ sourceTime: time }).rows())
      }
    }),
    { numRuns: 300 },
  )
})
