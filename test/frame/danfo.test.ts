import { expect, test, vi } from 'vitest'
import { count, max, mean, min, sum } from '../../src/frame/aggregate.js'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'

const kinds = {
  id: 'bigint',
  changed: 'timestamp',
  seen: 'datetime',
  data: 'bytes',
  price: 'decimal',
} as const
const frame = Frame.from(
  [
    {
      id: 18446744073709551615n,
      n: 4294967295,
      weight: 70.5,
      changed: 1767261600123.456,
      seen: 1767261600000,
      ok: true,
      data: Uint8Array.of(1, 255),
      price: '7.90',
      text: 'a',
    },
    {
      id: null,
      n: null,
      weight: null,
      changed: null,
      seen: null,
      ok: null,
      data: null,
      price: null,
      text: null,
    },
  ],
  kinds,
)

test('a DataFrame has the same columns with their dtypes, and no number in it is wrong', async () => {
  const df = await frame.danfo()
  expect(df.columns).toEqual(frame.names)
  expect(df.dtypes).toEqual([
    'string',
    'int32',
    'float32',
    'string',
    'string',
    'boolean',
    'string',
    'string',
    'string',
  ])
  expect(df.values).toEqual([
    [
      '18446744073709551615',
      4294967295,
      70.5,
      '2026-01-01T10:00:00.123456Z',
      '2026-01-01T10:00:00',
      true,
      '0x01ff',
      '7.90',
      'a',
    ],
    Array(9).fill(null),
  ])
})

test('a frame comes back from danfo as it was when its kinds are said', async () => {
  const back = Frame.fromDanfo(await frame.danfo(), kinds)
  expect(back.rows()).toEqual(frame.rows())
  expect(back.columns.map(column => column.kind)).toEqual(frame.columns.map(column => column.kind))
})

test('a DataFrame made by danfo becomes a frame, with NaN as null', async () => {
  const { DataFrame } = await import('danfojs-node')
  const back = Frame.fromDanfo(new DataFrame({ a: [1, 2], b: [0.5, Number.NaN], c: ['x', 'y'] }))
  expect(back.rows()).toEqual([
    { a: 1, b: 0.5, c: 'x' },
    { a: 2, b: null, c: 'y' },
  ])
})

test('sensitive values are masked unless asked', async () => {
  const people = Frame.fromColumns([columnOf('born', [1980, null], { sensitive: true })])
  expect((await people.danfo()).values).toEqual([['•••'], [null]])
  expect((await people.danfo({ unmask: true })).values).toEqual([[1980], [null]])
})

test('more rows than the limit are an error, and the limit can be raised', async () => {
  const many = Frame.from(Array.from({ length: 20_001 }, (_, i) => ({ i })))
  await expect(many.danfo()).rejects.toThrow('takes up to 20,000 rows here, the frame has 20,001')
  expect((await many.danfo({ limit: 20_001 })).shape).toEqual([20_001, 1])
})

test('a frame without rows keeps its columns', async () => {
  const df = await frame.head(0).danfo()
  expect([df.shape, df.columns]).toEqual([[0, 9], frame.names])
})

test('danfo computes without the advertisement of its backend', async () => {
  const warn = vi.spyOn(console, 'warn')
  const df = await Frame.from([{ a: 1 }]).danfo()
  expect(df.add(1).values).toEqual([[2]])
  expect(warn).not.toHaveBeenCalled()
})

test('on data without nulls groups, sorts, joins and filters agree with danfo', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => ({ k: (i * 7) % 5, v: ((i * 37) % 101) / 4, i }))
  const frame = Frame.from(rows, { v: 'double' })
  const df = await frame.danfo()
  const aggregates = { count: count('v'), sum: sum('v'), mean: mean('v'), min: min('v'), max: max('v') }
  const ours = frame.groupBy('k').aggregate(aggregates)
  const groups = df.groupby(['k']).col(['v'])
  for (const verb of ['count', 'sum', 'mean', 'min', 'max'] as const) {
    const theirs = groups[verb]().sortValues('k').values as [number, number][]
    expect(theirs.map(([k]) => k)).toEqual(ours.column('k').toArray())
    theirs.forEach(([, value], row) => {
      expect(ours.column(verb).at(row)).toBeCloseTo(value, 10)
    })
  }
  expect(frame.sort('v').column('v').toArray()).toEqual(df.sortValues('v').column('v').values)
  expect(frame.filter(row => row.v > 12).rows()).toHaveLength(df.query(df.column('v').gt(12)).shape[0]!)
  const { merge } = await import('danfojs-node')
  const names = Frame.from([
    { k: 1, name: 'one' },
    { k: 3, name: 'three' },
    { k: 9, name: 'nine' },
  ])
  const theirs = merge({ left: df, right: await names.danfo(), on: ['k'], how: 'inner' })
  const joined = frame.join(names, { on: ['k'] })
  const ordered = (values: unknown[][]): string[] => values.map(row => JSON.stringify(row)).sort()
  expect(
    ordered(
      joined
        .select('k', 'v', 'i', 'name')
        .rows()
        .map(row => Object.values(row)),
    ),
  ).toEqual(ordered(theirs.loc({ columns: ['k', 'v', 'i', 'name'] }).values as unknown[][]))
})
