import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
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

const obs = (op: 'c' | 'u', id: number, v: string, pos: number, before: string | null = null): Change =>
  change(op, { id }, { id, v }, before === null ? null : { id, v: before }, { source: position(pos) })
const definition = { key: ['id'], deleted: [], sensitive: [] }

test('a history tells what each change made of the row, and which were delivered before', () => {
  const table = tableOf(
    [
      obs('c', 1, 'a', 100),
      obs('c', 2, 'x', 200),
      obs('u', 1, 'b', 300, 'a'),
      obs('u', 1, 'b', 300, 'a'),
      obs('c', 1, 'a', 100),
      change('d', { id: 1 }, null, { id: 1, v: 'b' }, { source: position(400) }),
      tombstone({ id: 1 }),
    ],
    { definition },
  )
  expect(
    table.history({ id: 1 }).select('_op', '_status', '_changed', '_present', '_pos', 'v').rows(),
  ).toEqual([
    { _op: 'c', _status: 'applied', _changed: null, _present: true, _pos: 100, v: 'a' },
    { _op: 'u', _status: 'applied', _changed: 'v a → b', _present: true, _pos: 300, v: 'b' },
    { _op: 'u', _status: 'applied', _changed: 'nothing changed', _present: true, _pos: 300, v: 'b' },
    { _op: 'c', _status: 'redelivered', _changed: null, _present: true, _pos: 100, v: 'a' },
    { _op: 'd', _status: 'applied', _changed: null, _present: false, _pos: 400, v: 'b' },
    { _op: 'tombstone', _status: 'applied', _changed: null, _present: false, _pos: null, v: null },
  ])
})

test('what the row was before its first change is what the record says', () => {
  const table = tableOf([obs('u', 1, 'b', 300, 'a'), obs('u', 1, 'c', 400, 'not what was there')], {
    definition,
  })
  expect(table.history({ id: 1 }).column('_changed').toArray()).toEqual(['v a → b', 'v b → c'])
})

test('a truncate is in the history of the rows it took', () => {
  const table = tableOf([obs('c', 1, 'a', 100), truncate(position(200)), obs('c', 2, 'b', 300)], {
    definition,
  })
  expect(table.history({ id: 1 }).select('_op', '_changed', '_present').rows()).toEqual([
    { _op: 'c', _changed: null, _present: true },
    { _op: 't', _changed: 'the table was emptied', _present: false },
  ])
  expect(table.history({ id: 2 }).length).toBe(1)
})

test('what changed is masked in sensitive columns', () => {
  const table = tableOf([obs('c', 1, 'Amina', 100), obs('u', 1, 'Aisha', 200)], {
    definition: { ...definition, sensitive: ['v'] },
  })
  expect(table.history({ id: 1 }).column('_changed').toArray()).toEqual([null, 'v ••• → •••'])
  expect(table.history({ id: 1 }).csv()).not.toMatch(/Amina|Aisha/)
})

describe('the key of a history', () => {
  const two = { key: ['a', 'b'], deleted: [], sensitive: [] }
  const table = tableOf([change('c', { a: 1n, b: '7' }, { a: 1n, b: '7', v: 1 })], { definition: two })

  test('is the same as number and as bigint, and a key without changes has no lines', () => {
    expect(table.history({ a: 1, b: '7' }).length).toBe(1)
    expect(table.history({ a: 2n, b: '7' }).length).toBe(0)
    expect(tableOf([], { definition: two }).history({ a: 1, b: '7' }).length).toBe(0)
  })

  test.each<[string, object, RegExp]>([
    ['a column that is not of it', { a: 1, b: '7', v: 1 }, /\{ a, b \}: v is not of its key\.$/],
    ['a missing part', { a: 1 }, /\{ a, b \}: b is missing\.$/],
    ['both', { A: 1, b: '7' }, /\{ a, b \}: A is not of its key, a is missing\.$/],
    [
      'a number for a text',
      { a: 1, b: 7 },
      /^Expected for b of the key of .* a text, found another type of value\.$/,
    ],
    ['no key', 42 as never, /^Expected the key of a row of .* as \{ a, b \}\.$/],
  ])('with %s is an error that says so', (_, key, message) => {
    expect(() => table.history(key)).toThrow(message)
  })

  test('is not there in a table without one', () => {
    expect(() => tableOf([change('c', null, { v: 1 })]).history({ v: 1 })).toThrow('Expected the records of')
  })
})

test('on legal logs, every record of a key is a line, and the last says whether the row is there', () => {
  fc.assert(
    fc.property(legalSteps({ losing: true }), replayedBlocks, picks, (steps, blocks, order) => {
      const records = interleaved(withOffsets(replayed(played(steps).records, blocks)), order)
      fc.pre(records.length > 0)
      const table = playedTable(records)
      const there = new Set(table.current().column('id').toArray())
      for (const id of new Set(records.map(record => idOf(record)))) {
        const lines = table.history({ id }).rows()
        const own = records.filter(record => idOf(record) === id)
        expect(lines.filter(({ _changed }) => _changed !== 'a full snapshot did not find it').length).toBe(
          own.length,
        )
        expect(lines.at(-1)!._present).toBe(there.has(id))
      }
    }),
    { numRuns: 300 },
  )
})

function idOf(record: Change): number {
  return (record.kind === 'truncate' ? null : record.key)?.id as number
}
