import { type Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'

function valuesOf(table: Table, name: string): unknown[] {
  return [...table.getChild(name)!]
}

const kinds = {
  small: 'int',
  large: 'int',
  signed: 'bigint',
  unsigned: 'bigint',
  double: 'double',
  decimal: 'decimal',
  millis: 'timestamp',
  micros: 'datetime',
  boolean: 'boolean',
  bytes: 'bytes',
  few: 'text',
  many: 'text',
} as const satisfies Record<string, ColumnKind>

const n = 70_000
const frame = Frame.from(
  Array.from({ length: n }, (_, i) => {
    if (i % 11 === 5) return Object.fromEntries(Object.keys(kinds).map(name => [name, null]))
    return {
      small: i - 5,
      // Fits in 32 bits in the first chunk only.
      large: i > 66_000 ? 2 ** 40 + i : i,
      signed: BigInt(i) - 2n ** 60n,
      unsigned: i > 66_000 ? 2n ** 64n - BigInt(i) : BigInt(i),
      double: i / 3,
      decimal: `${i % 100}.50`,
      millis: 1767261600000 + i,
      micros: 1767261600000 + i / 8,
      boolean: i % 3 === 0,
      bytes: Uint8Array.of(i & 255, i >> 8),
      // Another dictionary in the second chunk.
      few: i > 65_600 ? `late ${i % 3}` : `early ${i % 4} 😀`,
      many: `0e5a8c1e-${i}`,
    }
  }),
  kinds,
)

test.each(Object.keys(kinds) as (keyof typeof kinds)[])(
  'every value of the %s column is in the Arrow table',
  async name => {
    const table = await frame.select(name as never).arrow()
    expect(table.numRows).toBe(n)
    expect(valuesOf(table, name)).toEqual(frame.column(name as never).toArray())
  },
)

test('the types are those that hold the values exactly, and fields say kind and sensitivity', async () => {
  const { schema } = await frame.arrow()
  expect(schema.fields.map(field => `${field.name}: ${field.type}`)).toEqual([
    'small: Int32',
    'large: Float64',
    'signed: Int64',
    'unsigned: Uint64',
    'double: Float64',
    'decimal: Dictionary<Int32, Utf8>',
    'millis: Timestamp<MILLISECOND, UTC>',
    'micros: Timestamp<MICROSECOND>',
    'boolean: Bool',
    'bytes: Binary',
    'few: Dictionary<Int32, Utf8>',
    'many: Utf8',
  ])
  expect(schema.fields[5]!.metadata).toEqual(new Map(Object.entries({ kind: 'decimal', sensitive: 'false' })))
})

test('numbers and UTF-8 text are shared with the frame, not copied', async () => {
  const table = await frame.arrow()
  for (const name of ['small', 'double', 'signed', 'many'] as const) {
    const chunk = frame.column(name as never).chunks[0]!
    const held =
      'values' in chunk ? (chunk.values as Float64Array) : (chunk as unknown as { data: Buffer }).data
    expect(table.getChild(name)!.data[0]!.values.buffer).toBe(held.buffer)
  }
})

test('an Arrow stream of the table holds the same values', async () => {
  const table = await frame.head(1000).arrow()
  const back = tableFromIPC(tableToIPC(table))
  for (const name of frame.names) expect(valuesOf(back, name)).toEqual(valuesOf(table, name))
})

test.each<{ title: string; kind: ColumnKind; values: Value[]; type: string }>([
  { title: 'a time finer than a microsecond', kind: 'timestamp', values: [0.0001, 1], type: 'Float64' },
  { title: 'a bigint beyond both 64-bit types', kind: 'bigint', values: [-1n, 2n ** 64n - 1n], type: 'Utf8' },
])('$title is not forced into Arrow’s type: the column is $type', async ({ kind, values, type }) => {
  const table = await Frame.fromColumns([columnOf('c', values, { kind })]).arrow()
  expect(String(table.schema.fields[0]!.type)).toBe(type)
  expect(valuesOf(table, 'c').map(String)).toEqual(values.map(String))
})

test('filtered, sorted and joined frames give their own rows', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -1, max: 99 })), async indices => {
      const taken = frame.head(100).take(indices)
      const table = await taken.arrow()
      for (const name of ['small', 'unsigned', 'few', 'bytes']) {
        expect(valuesOf(table, name)).toEqual(taken.column(name as never).toArray())
      }
    }),
    { numRuns: 20 },
  )
})

test('sensitive values are masked unless asked, and an empty frame keeps its columns', async () => {
  const people = Frame.fromColumns([columnOf('born', [1980, null], { sensitive: true })])
  expect(valuesOf(await people.arrow(), 'born')).toEqual(['•••', null])
  expect(valuesOf(await people.arrow({ unmask: true }), 'born')).toEqual([1980, null])
  const empty = await frame.head(0).arrow()
  expect([empty.numRows, empty.numCols]).toEqual([0, 12])
})
