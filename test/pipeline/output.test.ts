import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Cell } from '../../src/pipeline/cell.js'
import { cellText, encodeKey, encodeRow, writtenCell } from '../../src/pipeline/output.js'

test('a key is compact JSON in the declared order, as Debezium writes a schemaless key', () => {
  expect(encodeKey({ encounter_id: 7, concept: 'é"' }).toString()).toBe('{"encounter_id":7,"concept":"é\\""}')
})

test.each([
  [{ id: null }, 'id is null'],
  [{ id: Number.NaN }, 'id is NaN'],
])('a key part that is null or NaN is refused: %o', (key, told) => {
  expect(() => encodeKey(key)).toThrow(told)
})

test('a value keeps every bit of a bigint, nulls, decimals as text and bytes as base64', () => {
  const row = {
    big: 9007199254740993n,
    none: null,
    price: '7.90',
    at: 1767348672123.456,
    raw: new Uint8Array([0, 255]),
  }
  expect(encodeRow(row).toString()).toBe(
    '{"big":9007199254740993,"none":null,"price":"7.90","at":1767348672123.456,"raw":"AP8="}',
  )
})

test.each([
  [
    { f: null },
    new Map([['f', 'middle_name']]),
    'before .groupBy(…): .filter(row => row.middle_name !== null)',
  ],
  [{ f: null }, new Map([['f', 'middle name']]), '.filter(row => row["middle name"] !== null)'],
  [{ f: Number.NaN }, new Map([['f', 'value']]), '.filter(row => !Number.isNaN(row.value))'],
  [{ f: null }, new Map<string, string>(), 'before .groupBy(…), the rows whose key has no f'],
  [{ f: null }, null, 'out: .filter(row => row.f !== null)'],
])('the advice for %o names the input column where %o tells it', (key, given, told) => {
  expect(() => encodeKey(key, given)).toThrow(told)
})

test('a cell is the same text whether JSON.stringify may write it or it is written part by part', () => {
  const value = fc.oneof(
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constantFrom(null, undefined, -0, '\ud800', 5n),
  )
  const { cell } = fc.letrec<{ cell: Cell }>(tie => ({
    cell: fc.oneof(
      { maxDepth: 3 },
      value as fc.Arbitrary<Cell>,
      fc.uint8Array({ maxLength: 4 }),
      fc.array(tie('cell'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('cell'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(fc.string(), cell), row => {
      expect(cellText(row)).toBe(writtenCell(row))
    }),
  )
})
