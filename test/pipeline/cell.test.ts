import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Cell, compareAny, isCell, sameCell } from '../../src/pipeline/cell.js'

test.each([
  [[1, 'a', null, [{ b: 2n }]], true],
  [{ a: new Uint8Array(1) }, true],
  [{ a: undefined }, true],
  [undefined, false],
  [new Date(), false],
  [[new Map()], false],
  [{ a: () => 1 }, false],
  [Promise.resolve(1), false],
])('%o is a cell: %s', (value, expected) => {
  expect(isCell(value)).toBe(expected)
})

test('a cell is the same as its copy, and not as one with another part', () => {
  const { tree } = fc.letrec<{ tree: Cell }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.integer({ min: 0, max: 3 }),
      fc.constant(null),
      fc.constant(Number.NaN),
      fc.uint8Array({ maxLength: 2 }),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b'), tie('tree'), { noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(tree, one => {
      expect(sameCell(one, structuredClone(one))).toBe(true)
      expect(sameCell([one, 1], [one, 2])).toBe(false)
      expect(sameCell(one, [one])).toBe(false)
    }),
  )
})

test('any two values are ordered, whatever their types', () => {
  const values = [
    null,
    -1,
    0.5,
    1n,
    2,
    Number.NaN,
    'a',
    '\uffff',
    '\u{1f600}',
    false,
    true,
    new Uint8Array([0]),
  ]
  expect([...values].reverse().sort(compareAny)).toEqual(values)
})
