import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { type Aggregate, count, countDistinct, max, mean, min, sum } from '../../src/frame/aggregate.js'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'

function overall(
  values: Value[],
  kind: ColumnKind,
  aggregate: Aggregate,
): { value: Value; kind: ColumnKind } {
  const frame = Frame.fromColumns([columnOf('c', values, { kind })])
  const result = frame.groupBy().aggregate({ result: aggregate }).column('result')
  return { value: result.at(0), kind: result.kind }
}

test.each<{ values: Value[]; kind: ColumnKind; aggregate: Aggregate; value: Value; as: ColumnKind }>([
  { values: [1, null, 3], kind: 'int', aggregate: count(), value: 3, as: 'int' },
  { values: [1, null, 3], kind: 'int', aggregate: count('c'), value: 2, as: 'int' },
  { values: [1, null, 1, 2], kind: 'int', aggregate: countDistinct('c'), value: 2, as: 'int' },
  { values: ['7.9', '7.90'], kind: 'decimal', aggregate: countDistinct('c'), value: 1, as: 'int' },
  { values: [1, null, 3], kind: 'int', aggregate: sum('c'), value: 4, as: 'int' },
  { values: [null, null], kind: 'int', aggregate: sum('c'), value: null, as: 'int' },
  { values: [], kind: 'double', aggregate: sum('c'), value: null, as: 'double' },
  { values: [], kind: 'double', aggregate: count('c'), value: 0, as: 'int' },
  { values: Array(10).fill(0.1), kind: 'double', aggregate: sum('c'), value: 1, as: 'double' },
  { values: [1e100, 1, null, -1e100], kind: 'double', aggregate: sum('c'), value: 1, as: 'double' },
  {
    values: [2n ** 64n - 1n, 2n ** 64n - 1n],
    kind: 'bigint',
    aggregate: sum('c'),
    value: 2n ** 65n - 2n,
    as: 'bigint',
  },
  {
    values: [2n ** 60n + 1n, 2n ** 60n + 1n],
    kind: 'bigint',
    aggregate: mean('c'),
    value: 2 ** 60,
    as: 'double',
  },
  { values: ['0.10', '-7', '0.205'], kind: 'decimal', aggregate: sum('c'), value: '-6.695', as: 'decimal' },
  { values: ['0.1', '0.2'], kind: 'decimal', aggregate: mean('c'), value: 0.15, as: 'double' },
  { values: [true, null, true, false], kind: 'boolean', aggregate: sum('c'), value: 2, as: 'int' },
  { values: [1, null, 2], kind: 'int', aggregate: mean('c'), value: 1.5, as: 'double' },
  { values: [5, null, 2], kind: 'int', aggregate: min('c'), value: 2, as: 'int' },
  { values: [null, null], kind: 'int', aggregate: max('c'), value: null, as: 'int' },
  { values: ['9.5', '10.00'], kind: 'decimal', aggregate: max('c'), value: '10.00', as: 'decimal' },
  { values: ['-12:00:00', '-01:00:00'], kind: 'time', aggregate: min('c'), value: '-12:00:00', as: 'time' },
  { values: ['99:00:00', '838:59:59'], kind: 'time', aggregate: max('c'), value: '838:59:59', as: 'time' },
  { values: ['b', null, 'a'], kind: 'text', aggregate: min('c'), value: 'a', as: 'text' },
  { values: [3, 1], kind: 'timestamp', aggregate: max('c'), value: 3, as: 'timestamp' },
])(
  '$aggregate.verb($aggregate.column) of $kind $values is $value',
  ({ values, kind, aggregate, value, as }) => {
    expect(overall(values, kind, aggregate)).toEqual({ value, kind: as })
  },
)

test('the sum or mean of what is not a number is refused', () => {
  expect(() => overall(['a'], 'text', sum('c'))).toThrow(
    "Cannot take the sum of 'c': it is text, not a number.",
  )
  expect(() => overall([1], 'datetime', mean('c'))).toThrow("Cannot take the mean of 'c': it is datetime")
})

test('a sum of int beyond 2^53 is refused instead of rounded', () => {
  expect(() => overall([2 ** 53 - 1, 1, 1], 'int', sum('c'))).toThrow("The sum of 'c' is beyond 2^53")
})

test('sums, means, smallest and largest of a sensitive column are sensitive, counts are not', () => {
  const frame = Frame.fromColumns([columnOf('c', [1, 2], { sensitive: true })])
  const results = frame.groupBy().aggregate({
    n: count('c'),
    d: countDistinct('c'),
    sum: sum('c'),
    mean: mean('c'),
    min: min('c'),
    max: max('c'),
  })
  expect(results.columns.filter(column => column.sensitive).map(column => column.name)).toEqual([
    'sum',
    'mean',
    'min',
    'max',
  ])
})

test('the order of rows changes no aggregate', () => {
  const rows = fc.array(
    fc.record({ g: fc.integer({ min: 0, max: 3 }), v: fc.option(fc.double({ noNaN: true })) }),
  )
  const aggregates = { n: count(), sum: sum('v'), mean: mean('v'), min: min('v'), max: max('v') }
  const kinds = { g: 'int', v: 'double' } as const
  fc.assert(
    fc.property(rows, rows => {
      const one = Frame.from(rows, kinds).groupBy('g').aggregate(aggregates).rows()
      const other = Frame.from([...rows].reverse(), kinds)
        .groupBy('g')
        .aggregate(aggregates)
        .rows()
      // Zero and minus zero are equal, so which of them is the smallest may depend on the order.
      const plain = (rows: object[]): string => JSON.stringify(rows)
      expect(plain(other)).toBe(plain(one))
    }),
  )
})
