import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'
import { desc } from '../../src/frame/sort.js'

test.each<{ kind: ColumnKind; values: Value[]; sorted: Value[] }>([
  { kind: 'int', values: [3, null, -1, 2 ** 40], sorted: [null, -1, 3, 2 ** 40] },
  { kind: 'double', values: [Number.NaN, 1, -0.5, null], sorted: [null, -0.5, 1, Number.NaN] },
  { kind: 'bigint', values: [2n ** 64n - 1n, 0n, 2n ** 63n], sorted: [0n, 2n ** 63n, 2n ** 64n - 1n] },
  { kind: 'decimal', values: ['10.00', '9.5', '-1.25'], sorted: ['-1.25', '9.5', '10.00'] },
  {
    kind: 'time',
    values: ['10:00:00', '-838:59:59', '9:00:00.5'],
    sorted: ['-838:59:59', '9:00:00.5', '10:00:00'],
  },
  {
    kind: 'text',
    values: ['b', 'B', '', '\u{1f600}', '\uff5e'],
    sorted: ['', 'B', 'b', '\uff5e', '\u{1f600}'],
  },
  { kind: 'boolean', values: [true, null, false], sorted: [null, false, true] },
  {
    kind: 'bytes',
    values: [Uint8Array.of(2), Uint8Array.of(1, 9)],
    sorted: [Uint8Array.of(1, 9), Uint8Array.of(2)],
  },
])(
  '$kind values are sorted by what they mean, null first, and last when descending',
  ({ kind, values, sorted }) => {
    const frame = Frame.fromColumns([columnOf('c', values, { kind })])
    expect(frame.sort('c').column('c').toArray()).toEqual(sorted)
    expect(frame.sort(desc('c')).column('c').toArray()).toEqual([...sorted].reverse())
  },
)

test('sorting by several columns is stable and equals sorting an array', () => {
  const row = fc.record({
    a: fc.option(fc.integer({ min: -2, max: 2 })),
    b: fc.option(fc.constantFrom(0.5, 1, -3)),
    d: fc.constantFrom('2026-01-01', '2025-12-31'),
  })
  const compare = (a: Value, b: Value): number => {
    if (a === b) return 0
    if (a === null || b === null) return a === null ? -1 : 1
    return a < b ? -1 : 1
  }
  fc.assert(
    fc.property(fc.array(row), rows => {
      const numbered = rows.map((one, i) => ({ ...one, i }))
      const naive = [...numbered].sort((x, y) => compare(x.a, y.a) || -compare(x.b, y.b) || compare(x.d, y.d))
      const frame = Frame.from(numbered, { a: 'int', b: 'double', d: 'date', i: 'int' })
      expect(frame.sort('a', desc('b'), 'd').rows()).toEqual(naive)
    }),
  )
})
