import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { ColumnBuilder } from '../../src/frame/column-builder.js'
import { convertValue, unifiedKind } from '../../src/frame/unified-kind.js'

const kinds: readonly ColumnKind[] = [
  ...(['int', 'bigint', 'double', 'decimal', 'datetime', 'timestamp'] as const),
  ...(['date', 'time', 'boolean', 'bytes', 'json', 'text'] as const),
]

test.each<[ColumnKind, ColumnKind, ColumnKind]>([
  ['int', 'bigint', 'bigint'],
  ['int', 'double', 'double'],
  ['boolean', 'int', 'int'],
  ['double', 'decimal', 'decimal'],
  ['bigint', 'decimal', 'decimal'],
  ['bigint', 'double', 'decimal'],
  ['date', 'datetime', 'datetime'],
  ['datetime', 'timestamp', 'text'],
  ['date', 'timestamp', 'text'],
  ['int', 'text', 'text'],
  ['json', 'text', 'text'],
  ['int', 'datetime', 'text'],
  ['bytes', 'text', 'text'],
])('%s and %s meet in %s', (a, b, unified) => {
  expect([unifiedKind(a, b), unifiedKind(b, a)]).toEqual([unified, unified])
})

test('a kind stays itself, the order does not matter, and what is unified stays so', () => {
  for (const a of kinds) {
    expect(unifiedKind(a, a)).toBe(a)
    for (const b of kinds) {
      const unified = unifiedKind(a, b)
      expect([unifiedKind(b, a), unifiedKind(unified, a), unifiedKind(unified, b)]).toEqual([
        unified,
        unified,
        unified,
      ])
    }
  }
})

test('numbers lose nothing when they become decimals', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
      const text = convertValue(value, 'double', 'decimal')
      expect(text).toMatch(/^-?\d+(\.\d+)?$/)
      expect(Number(text)).toBe(value === 0 ? 0 : value)
    }),
    { numRuns: 200 },
  )
  expect(convertValue(9_007_199_254_740_993n, 'bigint', 'decimal')).toBe('9007199254740993')
})

describe('a column whose kind is said to change', () => {
  const build = (first: ColumnKind, steps: readonly (readonly [ColumnKind, readonly Value[]])[]) => {
    const builder = new ColumnBuilder('amount', { kind: first, lenient: true })
    for (const [kind, values] of steps) {
      builder.expect(kind)
      for (const value of values) builder.append(value)
    }
    const column = builder.finish()
    return [column.kind, column.toArray()]
  }

  test.each<[string, ColumnKind, (readonly [ColumnKind, readonly Value[]])[], ColumnKind, Value[]]>([
    [
      'DOUBLE to DECIMAL, and a replayed DOUBLE',
      'double',
      [
        ['double', [71.25, null, 1e21]],
        ['decimal', ['71.250']],
        ['double', [60]],
      ],
      'decimal',
      ['71.25', null, '1000000000000000000000', '71.250', '60'],
    ],
    [
      'INT to BIGINT, and back',
      'int',
      [
        ['int', [1]],
        ['bigint', [2n]],
        ['int', [3]],
      ],
      'bigint',
      [1n, 2n, 3n],
    ],
    [
      'DATE to DATETIME',
      'date',
      [
        ['date', ['2026-03-01']],
        ['datetime', [Date.UTC(2026, 2, 2, 12)]],
      ],
      'datetime',
      [Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 2, 12)],
    ],
    [
      'DATETIME to TIMESTAMP, which are never mixed',
      'datetime',
      [
        ['datetime', [0]],
        ['timestamp', [1_000]],
      ],
      'text',
      ['1970-01-01T00:00:00', '1970-01-01T00:00:01Z'],
    ],
    [
      'VARCHAR to INT',
      'text',
      [
        ['text', ['a']],
        ['int', [5]],
      ],
      'text',
      ['a', '5'],
    ],
    [
      'a column that was null until then',
      'text',
      [
        ['text', [null, null]],
        ['int', [5]],
      ],
      'int',
      [null, null, 5],
    ],
  ])('%s', (_, first, steps, kind, values) => {
    expect(build(first, steps)).toEqual([kind, values])
  })
})
