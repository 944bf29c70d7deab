import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Value } from '../../src/change/column-type.js'
import { compareAny } from '../../src/pipeline/cell.js'
import {
  childId,
  compareIds,
  hasPrefix,
  idValues,
  memberId,
  pairId,
  type RowId,
  rowId,
} from '../../src/pipeline/row-identity.js'

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 4 }),
)
const idOf = (values: readonly Value[]): RowId =>
  rowId(
    Object.fromEntries(values.map((one, i) => [`c${i}`, one])),
    values.map((_, i) => `c${i}`),
  )

test('a key that is one integer is that integer, as number and as bigint', () => {
  expect([idOf([7]), idOf([7n]), idOf([-7])]).toEqual([7, 7, -7])
  expect(idOf([2n ** 60n])).not.toBe(idOf([2 ** 60]))
})

test.each([
  [[1], ['1']],
  [[1], [true]],
  [[null], ['']],
  [
    ['a|', 'b'],
    ['a', '|b'],
  ],
  [['s1:a|'], ['a', 'a']],
  [[new Uint8Array([1])], ['01']],
])('%o and %o are two rows', (a, b) => {
  expect(idOf(a)).not.toBe(idOf(b))
})

test('an identity tells the values of its parts, and orders as they do', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 3 }),
      fc.array(value, { minLength: 1, maxLength: 3 }),
      (a, b) => {
        const [left, right] = [idOf(a), idOf(b)]
        for (const [i, part] of idValues(left).entries()) expect(compareAny(part, a[i]!)).toBe(0)
        const at = a.findIndex((one, i) => i >= b.length || compareAny(one, b[i]!) !== 0)
        const expected = at < 0 ? a.length - b.length : at >= b.length ? 1 : compareAny(a[at]!, b[at]!)
        if (left === right) expect(compareIds(left, right)).toBe(0)
        else if (expected !== 0) expect(Math.sign(compareIds(left, right))).toBe(Math.sign(expected))
        else expect(compareIds(left, right)).toBe(-compareIds(right, left))
      },
    ),
  )
})

test('a row without another comes before those with one, and rows of a row in their order', () => {
  const ids = [pairId(1, null), pairId(1, 2), pairId(1, 10), pairId(2, null)]
  expect([...ids].reverse().sort(compareIds)).toEqual(ids)
  const children = [childId(1, 2), childId(1, 10)]
  expect([...children].reverse().sort(compareIds)).toEqual(children)
})

test('the rows of one input of a union have its place in front', () => {
  expect(hasPrefix(memberId(1, 5), '#1|')).toBe(true)
  expect(hasPrefix(memberId(11, 5), '#1|')).toBe(false)
  expect(hasPrefix(5, '')).toBe(true)
})
