import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Value } from '../../src/change/column-type.js'
import { compareKeys, compareValues, rowKey } from '../../src/change/row-key.js'

const value = fc.oneof(
  fc.constant(null),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 4 }),
)

test('a number, a text of the same digits, true and null are four different keys', () => {
  const keys = [1, '1', true, null].map(id => rowKey({ id }, ['id']))
  expect(new Set(keys).size).toBe(4)
})

test('a key keeps its identity when its column is widened to BIGINT', () => {
  expect(rowKey({ id: 7n }, ['id'])).toBe(rowKey({ id: 7 }, ['id']))
  expect(rowKey({ id: 2n ** 53n + 1n }, ['id'])).not.toBe(rowKey({ id: 2 ** 53 }, ['id']))
})

const kindOf = (part: Value): string => (typeof part === 'bigint' ? 'number' : typeof part)

test('two rows share a key string exactly when every key part is the same value of the same type', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 2, maxLength: 2 }),
      fc.array(value, { minLength: 2, maxLength: 2 }),
      (a, b) => {
        const same = a.every(
          (part, i) => kindOf(part) === kindOf(b[i] ?? null) && compareValues(part, b[i] ?? null) === 0,
        )
        const key = (parts: typeof a): string =>
          rowKey({ x: parts[0] ?? null, y: parts[1] ?? null }, ['x', 'y'])
        expect(key(a) === key(b)).toBe(same)
      },
    ),
  )
})

test.each([
  [null, 0],
  [1, 2],
  [-5n, 3n],
  ['a', 'b'],
  ['a', 'aa'],
  ['\uffff', '😀'],
  [false, true],
])('%s comes before %s', (a, b) => {
  expect(compareValues(a, b)).toBeLessThan(0)
  expect(compareValues(b, a)).toBeGreaterThan(0)
  expect(compareValues(a, a)).toBe(0)
})

test('rows are ordered by the first key column that differs', () => {
  expect(compareKeys({ a: 1, b: 2 }, { a: 1, b: 3 }, ['a', 'b'])).toBeLessThan(0)
  expect(compareKeys({ a: 2, b: 2 }, { a: 1, b: 3 }, ['a', 'b'])).toBeGreaterThan(0)
})
