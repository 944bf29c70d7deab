import { expect, test } from 'vitest'
import {
  type Aggregate,
  collect,
  count,
  countDistinct,
  first,
  last,
  max,
  mean,
  min,
  sum,
} from '../../../src/pipeline/aggregate.js'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { type Item, items, Run } from '../running.js'

type Values = (number | null)[]

const cases: [string, Aggregate<Item, unknown>, Values, unknown][] = [
  ['count takes every row', count(), [1, null, 3], 3],
  ['count of a value leaves nulls out', count(row => row.value), [1, null, 3], 2],
  ['count with where', count({ where: row => (row.value ?? 0) > 1 }), [1, null, 3], 1],
  ['count of none', count(row => row.value), [null], 0],
  ['countDistinct leaves nulls out', countDistinct(row => row.value), [1, 1, null, 2], 2],
  ['sum leaves nulls out', sum(row => row.value), [1, null, 3], 4],
  ['sum of none is null', sum(row => row.value), [null, null], null],
  ['sum rounds once', sum(row => row.value), [1e16, 1, 1, -1e16], 2],
  [
    'sum of bigints is exact',
    sum(row => (row.value === null ? null : 2n ** 60n + 1n)),
    [1, 1],
    2n ** 61n + 2n,
  ],
  [
    'sum of decimals has the longest scale',
    sum(row => ['1.10', '2.005', '-3'][row.value ?? 0]!),
    [0, 1, 2],
    '0.105',
  ],
  ['mean leaves nulls out', mean(row => row.value), [1, null, 4], 2.5],
  ['mean of decimals is a number', mean(row => (row.value === null ? null : '0.10')), [1, null], 0.1],
  ['mean of none is null', mean(row => row.value), [null], null],
  ['min leaves nulls out', min(row => row.value), [3, null, 2], 2],
  ['max of text is by code point', max(row => ['\uffff', '\u{1f600}'][row.value ?? 0]!), [0, 1], '\u{1f600}'],
  ['min of none is null', min(row => row.value), [null], null],
  ['first in the order of by', first(row => row.value, { by: row => row.value }), [3, 2], 2],
  ['nulls come first in the order of by', first(row => row.value, { by: row => row.value }), [3, null], null],
  ['last takes a null for a value', last(row => row.value, { by: row => -row.id }), [null, 3], null],
  ['ties are ordered by the key', last(row => row.value, { by: () => 0 }), [5, 4], 4],
  [
    'collect gives a list in order, nulls included',
    collect(row => ({ v: row.value, id: row.id }), { by: row => row.value }),
    [3, null, 2],
    [
      { v: null, id: 2 },
      { v: 2, id: 3 },
      { v: 3, id: 1 },
    ],
  ],
  [
    'collect of none is an empty list',
    collect(row => row.value, { by: row => row.id, where: () => false }),
    [1],
    [],
  ],
]

test.each(cases)('%s', (_, aggregate, values, expected) => {
  const plan = pipeline('p')
    .from(items('a'))
    .groupBy(row => ({ box: row.box }))
    .aggregate({ result: aggregate })
    .to('out')
  const run = new Run(plan)
  values.forEach((value, i) => {
    run.put('a', i + 1, { box: 1, value })
  })
  run.put('a', 99, { box: 1, value: 77 })
  run.drop('a', 99)
  const text = typeof expected === 'bigint' ? String(expected) : JSON.stringify(expected)
  expect([...run.engine.output.values()]).toEqual([`{"box":1,"result":${text}}`])
})

test('a row that moves is in its new group alone, and a group without rows is gone', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .groupBy(row => ({ box: row.box }))
      .aggregate({ rows: count() })
      .to('out'),
  )
  run.put('a', 1, { box: 1 })
  expect(run.put('a', 1, { box: 2 })).toEqual(['{"box":1} gone', '{"box":2} {"box":2,"rows":1}'])
})

test('a row on which one aggregate fails is in none, until a version of it succeeds', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .groupBy(row => ({ box: row.box }))
      .aggregate({ rows: count(), longest: max(row => row.note!.length) })
      .to('out'),
  )
  run.put('a', 1, { box: 1, note: 'abc' })
  expect(run.put('a', 2, { box: 1 })).toEqual([])
  expect(run.engine.setAside).toMatchObject([{ step: '.aggregate({ longest: … })', partition: 0, offset: 1 }])
  expect(run.put('a', 2, { box: 1, note: '' })).toEqual(['{"box":1} {"box":1,"rows":2,"longest":3}'])
  expect(run.engine.setAside).toEqual([])
})

test.each([
  ['text', '12a'],
  ['a boolean', true],
])('%s cannot be summed', (error, value) => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .groupBy(row => ({ box: row.box }))
      .aggregate({ total: sum(() => value as unknown as number) })
      .to('out'),
  )
  run.put('a', 1, { box: 1 })
  expect(run.engine.setAside[0]?.reason).toContain('Give a number, a bigint, a decimal as text, or null.')
  expect(run.engine.setAside).toMatchObject([{ error: error === 'text' ? 'a string' : error }])
})

test('keys that name other columns are other groups', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .groupBy(row => (row.box === 1 ? { box: row.box } : { other: row.box }) as { box: number | null })
      .aggregate({ rows: count() })
      .to('out'),
  )
  run.put('a', 1, { box: 1 })
  expect(run.put('a', 2, { box: 2 })).toEqual(['{"other":2} {"other":2,"rows":1}'])
  expect(run.drop('a', 2)).toEqual(['{"other":2} gone'])
})
