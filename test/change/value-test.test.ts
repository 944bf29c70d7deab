import { expect, test } from 'vitest'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { valueTest } from '../../src/change/value-test.js'

test.each<[ColumnKind, Value, Value, boolean | null]>([
  ['int', 7, 7, true],
  ['int', 7, 8, false],
  ['int', 7n, 7, true],
  ['int', true, 1, true],
  ['int', '7', 7, null],
  ['int', 7.5, 7, null],
  ['int', null, null, true],
  ['bigint', 7, 7n, true],
  ['bigint', 9_007_199_254_740_993n, 9_007_199_254_740_992n, false],
  ['double', 7n, 7, true],
  ['double', '7', 7, null],
  ['decimal', 7.9, '7.90', true],
  ['decimal', '007.9', '7.90', true],
  ['decimal', 10, '10.00', true],
  ['decimal', '-0.0', '0', true],
  ['decimal', 100, '1.00', false],
  ['decimal', 'much', '7.90', null],
  ['datetime', 1_000, 1_000, true],
  ['datetime', '1970-01-01', 0, null],
  ['date', '2026-03-01', '2026-03-01', true],
  ['boolean', 1, true, true],
  ['boolean', 2, true, null],
  ['text', 'a', 'a', true],
  ['text', 7, '7', null],
  ['bytes', Buffer.from('a'), Buffer.from('a'), true],
  ['bytes', 'a', Buffer.from('a'), null],
])(
  'in a column of kind %s, %s given and %s found: %s (null: it can never be)',
  (kind, wanted, found, same) => {
    expect(valueTest(kind, wanted)?.(found) ?? null).toBe(same)
  },
)
