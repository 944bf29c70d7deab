import { expect, test } from 'vitest'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'

const frame = Frame.fromColumns([
  columnOf('id', [1n, 2n ** 64n - 1n, null]),
  columnOf('weight', [70.5, null, 64], { kind: 'double' }),
  columnOf('at', [0, 1000, 1000], { kind: 'timestamp' }),
  columnOf('name', ['Amina', 'Otieno', 'Amina'], { sensitive: true }),
  columnOf('born', [1980, 1990, 2000], { sensitive: true }),
])

test('each column is described by counts, extremes as displayed, and the mean of numbers; sensitive ones masked', () => {
  expect(frame.describe().rows()).toEqual([
    {
      column: 'id',
      kind: 'bigint',
      count: 2,
      nulls: 1,
      distinct: 2,
      min: '1',
      max: '18446744073709551615',
      mean: 2 ** 63,
    },
    {
      column: 'weight',
      kind: 'double',
      count: 2,
      nulls: 1,
      distinct: 2,
      min: '64',
      max: '70.5',
      mean: 67.25,
    },
    {
      column: 'at',
      kind: 'timestamp',
      count: 3,
      nulls: 0,
      distinct: 2,
      min: '1970-01-01T00:00:00Z',
      max: '1970-01-01T00:00:01Z',
      mean: null,
    },
    { column: 'name', kind: 'text', count: 3, nulls: 0, distinct: 2, min: '•••', max: '•••', mean: null },
    { column: 'born', kind: 'int', count: 3, nulls: 0, distinct: 3, min: '•••', max: '•••', mean: null },
  ])
})

test('unmask shows the extremes and the mean of sensitive columns', () => {
  expect(frame.describe({ unmask: true }).rows()[4]).toMatchObject({ min: '1980', max: '2000', mean: 1990 })
})
