import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Value } from '../../src/change/column-type.js'
import { count, max, sum } from '../../src/frame/aggregate.js'
import { Frame } from '../../src/frame/frame.js'

const kinds = { a: 'int', b: 'text', c: 'bigint', v: 'int' } as const
const row = fc.record({
  a: fc.option(fc.constantFrom(0, 1, -5, 2 ** 31, 3)),
  b: fc.option(fc.constantFrom('', 'x', 'y', 'é')),
  c: fc.option(fc.constantFrom(1n, 2n ** 64n - 1n)),
  v: fc.option(fc.integer()),
})

test('grouping by any columns equals grouping arrays by their text', () => {
  const names = fc.subarray(['a', 'b', 'c'] as const)
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), names, (rows, names) => {
      const naive = new Map<string, { n: number; sum: Value; max: Value }>()
      const textOf = (row: object): string =>
        names.map(name => String((row as Record<string, Value>)[name])).join('|')
      for (const one of rows) {
        const group = naive.get(textOf(one)) ?? { n: 0, sum: null, max: null }
        group.n++
        if (one.v !== null) {
          group.sum = ((group.sum as number | null) ?? 0) + one.v
          group.max = Math.max((group.max as number | null) ?? Number.NEGATIVE_INFINITY, one.v)
        }
        naive.set(textOf(one), group)
      }
      if (names.length === 0 && rows.length === 0) naive.set('', { n: 0, sum: null, max: null })
      const aggregates = { n: count(), sum: sum('v'), max: max('v') }
      const frame = Frame.from(rows, kinds)
      const groups = frame.groupBy(...names).aggregate(aggregates)
      const found = groups.rows().map(({ n, sum, max, ...key }) => [textOf(key), { n, sum, max }] as const)
      expect(found).toHaveLength(naive.size)
      expect(new Map(found)).toEqual(naive)
    }),
  )
})

test('groups are ordered by their keys, null first', () => {
  const frame = Frame.from([{ k: 10 }, { k: null }, { k: 9 }, { k: 10 }])
  expect(frame.groupBy('k').aggregate({ n: count() }).rows()).toEqual([
    { k: null, n: 1 },
    { k: 9, n: 1 },
    { k: 10, n: 2 },
  ])
})

test('an aggregate named like a key is refused', () => {
  expect(() =>
    Frame.from([{ k: 1 }])
      .groupBy('k')
      .aggregate({ k: count() }),
  ).toThrow("Two columns are named 'k'")
})
