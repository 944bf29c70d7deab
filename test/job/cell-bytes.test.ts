import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CellWriter, readCell } from '../../src/job/cell-bytes.js'
import type { Cell } from '../../src/pipeline/cell.js'

const value: fc.Arbitrary<Cell> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    191,
    192,
    -1,
    2 ** 31,
    '\ud800',
  ),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ minLength: 38, maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }),
)
const cell: fc.Arbitrary<Cell> = fc.letrec<{ cell: Cell }>(tie => ({
  cell: fc.oneof(
    { depthSize: 'small' },
    value,
    fc.array(tie('cell'), { maxLength: 300, size: 'small' }),
    fc.dictionary(fc.string(), tie('cell'), { noNullPrototype: true }),
  ),
})).cell

test('a cell comes back as it was written: type, sign of zero, NaN, size, order of columns', () => {
  const writer = new CellWriter()
  fc.assert(
    fc.property(cell, written => {
      const bytes = Buffer.from(writer.write(written))
      const back = readCell(bytes)
      expect(back).toStrictEqual(written)
      expect(namesOf(back)).toEqual(namesOf(written))
      expect(readCell(Buffer.from(writer.write(back)))).toStrictEqual(written)
    }),
    { numRuns: 300 },
  )
})

test('a cell keeps nothing of the bytes that it was read from', () => {
  const bytes = Buffer.from(new CellWriter().write([new Uint8Array([1, 2, 3])]))
  const back = readCell(bytes)
  bytes.fill(0)
  expect(back).toEqual([new Uint8Array([1, 2, 3])])
})

test('a cell larger than all before it is written whole', () => {
  const large = ['x'.repeat(100_000), Buffer.alloc(200_000, 7).toString('base64'), 'é'.repeat(100_000)]
  expect(readCell(new CellWriter().write(large))).toStrictEqual(large)
})

function namesOf(cell: Cell): unknown {
  if (typeof cell !== 'object' || cell === null || cell instanceof Uint8Array) return null
  return Object.entries(cell).map(([name, inner]) => [name, namesOf(inner)])
}
