import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { ColumnBuilder, columnOf } from '../../src/frame/column-builder.js'

const uint64Max = 2n ** 64n - 1n
const int64Min = -(2n ** 63n)

/** Values of each kind that are awkward to hold. */
const valuesOf: Record<ColumnKind, fc.Arbitrary<Exclude<Value, null>>> = {
  int: fc.oneof(fc.integer(), fc.constantFrom(2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 53 - 1)),
  bigint: fc.oneof(fc.bigInt({ min: int64Min, max: uint64Max }), fc.constantFrom(uint64Max, int64Min, 0n)),
  double: fc.double(),
  decimal: fc.constantFrom('7.90', '-0.001', '123456789012345678901234567890.5'),
  datetime: fc.double({ min: -1e13, max: 1e13, noNaN: true }),
  timestamp: fc.double({ min: -1e13, max: 1e13, noNaN: true }),
  date: fc.constantFrom('2026-03-01', '0000-00-00'),
  time: fc.constantFrom('-12:34:56', '838:59:59.000001'),
  boolean: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 20 }),
  json: fc.json({ maxDepth: 1 }),
  text: fc.string({ unit: 'binary', maxLength: 20 }),
}

test.each(Object.keys(valuesOf) as ColumnKind[])(
  'a %s column gives back every value and null appended',
  kind => {
    fc.assert(
      fc.property(fc.array(fc.option(valuesOf[kind]), { maxLength: 300 }), values => {
        const column = columnOf('c', values, { kind })
        expect(column.kind).toBe(kind)
        expect(column.toArray()).toEqual(values)
        expect(column.nullCount).toBe(values.filter(value => value === null).length)
      }),
      { numRuns: 40 },
    )
  },
)

test('a column longer than a chunk gives back every value, chunk borders included', () => {
  const n = 150_000
  const at = (i: number): Value => (i % 7 === 0 ? null : i)
  const column = columnOf(
    'c',
    Array.from({ length: n }, (_, i) => at(i)),
    { kind: 'int' },
  )
  expect(column.chunks.map(chunk => chunk.length)).toEqual([65_536, 65_536, 18_928])
  for (const i of [0, 1, 65_535, 65_536, 131_071, 131_072, n - 1]) expect(column.at(i)).toBe(at(i))
})

test('uuids are held as UTF-8 and few distinct texts as a dictionary', () => {
  const uuids = Array.from(
    { length: 3000 },
    (_, i) => `0e5a8c1e-0000-4000-8000-${String(i).padStart(12, '0')}`,
  )
  const uuid = columnOf('uuid', uuids, { kind: 'text' })
  expect(uuid.chunks[0]!.storage).toBe('utf8')
  expect(uuid.toArray()).toEqual(uuids)
  const status = columnOf(
    'status',
    uuids.map((_, i) => (i % 2 === 0 ? 'FINAL' : 'AMENDED')),
    { kind: 'text' },
  )
  expect(status.chunks[0]!.storage).toBe('dictionary')
})

test('text that UTF-8 cannot hold survives, even after the column has turned to UTF-8', () => {
  const lone = '\ud800'
  const texts: Value[] = Array.from({ length: 2000 }, (_, i) => (i % 10 === 3 ? null : `text ${i} é 😀`))
  expect(columnOf('c', [...texts, lone], { kind: 'text' }).toArray()).toEqual([...texts, lone])
  expect(columnOf('c', [lone, ...texts], { kind: 'text' }).toArray()).toEqual([lone, ...texts])
})

test('nulls among UTF-8 text stay nulls, empty text stays empty', () => {
  const texts = Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? null : i % 3 === 1 ? '' : `text ${i}`))
  expect(columnOf('c', texts, { kind: 'text' }).toArray()).toEqual(texts)
})

test.each<{ title: string; values: Value[]; kind: ColumnKind; read?: Value[] }>([
  { title: 'whole numbers are int', values: [null, 1, 2 ** 40], kind: 'int' },
  { title: 'a fraction makes them double', values: [1, null, 0.5, 2], kind: 'double' },
  { title: 'a number beyond 2^53 makes them double', values: [1, 2 ** 60], kind: 'double' },
  { title: 'a bigint makes them bigint', values: [1, null, 2n, 3], kind: 'bigint', read: [1n, null, 2n, 3n] },
  { title: 'minus zero is kept', values: [1, -0, 0.5], kind: 'double' },
  { title: 'strings are text', values: [null, 'a'], kind: 'text' },
  { title: 'booleans are boolean', values: [true, null], kind: 'boolean' },
  { title: 'bytes are bytes', values: [Uint8Array.of(1, 2)], kind: 'bytes' },
  { title: 'nothing but nulls is text', values: [null, null], kind: 'text' },
  { title: 'no values at all is text', values: [], kind: 'text' },
])('without a kind, $title', ({ values, kind, read = values }) => {
  const column = columnOf('c', values)
  expect(column.kind).toBe(kind)
  expect(column.toArray()).toEqual(read)
})

test('nulls before the first value are kept across chunks', () => {
  const column = columnOf('c', [...Array(70_000).fill(null), 5])
  expect([column.length, column.nullCount, column.at(70_000), column.at(69_999)]).toEqual([
    70_001,
    70_000,
    5,
    null,
  ])
})

test('a value that does not fit names column, kind and row, and not the value', () => {
  const builder = new ColumnBuilder('value_numeric', { kind: 'double' })
  builder.append(1)
  expect(() => builder.append('secret')).toThrow(
    "Column 'value_numeric' is double, but row 1 holds a string. Give the column's kind, or make its values alike.",
  )
})

test.each<{ values: Value[]; kind: ColumnKind; becomes: ColumnKind; read: Value[] }>([
  { values: [1, 2n], kind: 'int', becomes: 'bigint', read: [1n, 2n] },
  { values: [1, 0.5], kind: 'int', becomes: 'double', read: [1, 0.5] },
  { values: [1, 'x', 2], kind: 'int', becomes: 'text', read: ['1', 'x', '2'] },
  { values: [0, 'x'], kind: 'timestamp', becomes: 'text', read: ['1970-01-01T00:00:00Z', 'x'] },
  { values: ['x', 1n], kind: 'text', becomes: 'text', read: ['x', '1'] },
  { values: [1n, 'x', null], kind: 'bigint', becomes: 'text', read: ['1', 'x', null] },
])('a lenient $kind column that meets $values becomes $becomes', ({ values, kind, becomes, read }) => {
  const column = columnOf('c', values, { kind, lenient: true })
  expect(column.kind).toBe(becomes)
  expect(column.toArray()).toEqual(read)
})

test('the bytes held are known while the builder grows, and never less than its values need', () => {
  const builder = new ColumnBuilder('c', { kind: 'double' })
  let before = builder.byteLength
  for (let i = 1; i <= 200_000; i++) {
    builder.append(i / 3)
    if (i % 50_000 === 0) {
      expect(builder.byteLength).toBeGreaterThanOrEqual(i * 8)
      expect(builder.byteLength).toBeGreaterThan(before)
      before = builder.byteLength
    }
  }
  expect(builder.finish().byteLength).toBe(200_000 * 8)
})
