import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'
import { type SqlValue, sqlFrame } from '../../src/frame/sql.js'

function sql(strings: TemplateStringsArray, ...values: SqlValue[]): Promise<Frame> {
  return sqlFrame(strings, values)
}

const obs = Frame.from(
  [
    { obs_id: 1, person_id: 7, concept_id: 5089, value_numeric: 61.5, amount: 9_007_199_254_740_993n },
    { obs_id: 2, person_id: 7, concept_id: 5089, value_numeric: null, amount: 1n },
    { obs_id: 3, person_id: 8, concept_id: 5090, value_numeric: 170, amount: -1n },
  ],
  { value_numeric: 'double' },
)
const people = Frame.fromColumns([
  columnOf('person_id', [7, 8, 9]),
  columnOf('given_name', ['Ada', 'Grace', 'Edsger'], { sensitive: true }),
  columnOf('gender', ['F', 'F', 'M']),
])

const sensitiveOf = (frame: Frame): string[] =>
  frame.columns.filter(column => column.sensitive).map(({ name }) => name)

describe('what a query gives', () => {
  test('two frames are joined, grouped and ordered', async () => {
    const frame = await sql`
      select gender, count(*) as n, avg(value_numeric) as mean
      from ${obs} join ${people} using (person_id) group by gender order by gender`
    expect(frame.rows()).toEqual([{ gender: 'F', n: 3n, mean: 115.75 }])
  })

  test('one frame used twice is one table, and can be joined with itself under two names', async () => {
    const frame = await sql`select a.obs_id, b.obs_id as other from ${obs} a join ${obs} b
      on a.concept_id = b.concept_id and a.obs_id < b.obs_id`
    expect(frame.rows()).toEqual([{ obs_id: 1, other: 2 }])
  })

  test('64-bit integers are exact, and sums go beyond them', async () => {
    const { columns } = await sql`select max(amount) as largest, sum(amount) as total,
      sum(9223372036854775807::bigint) as beyond from ${obs}`
    expect(columns.map(column => [column.kind, column.at(0)])).toEqual([
      ['bigint', 9_007_199_254_740_993n],
      ['bigint', 9_007_199_254_740_993n],
      ['bigint', 3n * (2n ** 63n - 1n)],
    ])
  })

  test.each<[string, ColumnKind, Value]>([
    ['1::tinyint', 'int', 1],
    ['4294967295::uinteger', 'int', 4_294_967_295],
    ['1::bigint', 'bigint', 1n],
    ['18446744073709551615::ubigint', 'bigint', 2n ** 64n - 1n],
    ['0.5::float', 'double', 0.5],
    ['1.50::decimal(9,2)', 'decimal', '1.50'],
    ['true', 'boolean', true],
    ["timestamp '2026-03-01 12:34:56.654321'", 'datetime', 1_772_368_496_654.321],
    ["timestamptz '2026-03-01 12:34:56+02'", 'timestamp', 1_772_361_296_000],
    ["timestamp_ns '2026-03-01 12:34:56.654321987'", 'datetime', 1_772_368_496_654.321],
    ["date '2026-03-01'", 'date', '2026-03-01'],
    ["time '12:34:56'", 'time', '12:34:56'],
    ["-interval '1 hour'", 'time', '-01:00:00'],
    ["interval '2 months 3 days'", 'text', '2 months 3 days'],
    ["'\\x00\\xFF'::blob", 'bytes', Uint8Array.of(0, 255)],
    ['\'{"a": 1}\'::json', 'json', '{"a": 1}'],
    ['[9007199254740993, null]', 'json', '[9007199254740993,null]'],
    ["{'t': timestamp '2026-03-01 00:00:00', 'd': 1.5}", 'json', '{"t":"2026-03-01T00:00:00","d":"1.5"}'],
    ["map {'k': [true]}", 'json', '{"k":[true]}'],
    ["'b'::enum('a', 'b')", 'text', 'b'],
    ["'ÿ\\d`'", 'text', 'ÿ\\d`'],
    ["uuid '6ed17a3e-1f70-4d3c-8d77-c5a0c5f9dd4c'", 'text', '6ed17a3e-1f70-4d3c-8d77-c5a0c5f9dd4c'],
  ])('%s is %s', async (expression, kind, value) => {
    const strings = Object.assign([`select ${expression} as x`], { raw: [`select ${expression} as x`] })
    const [column] = (await sql(strings)).columns
    expect([column?.kind, column?.at(0)]).toEqual([kind, value])
  })

  test('values are bound, whatever they contain, and arrays are lists for IN', async () => {
    const text = "'; drop table frame_1 --"
    const one = await sql`select ${text} as t, ${2 ** 40} as i, ${2n ** 100n} as b, ${0.5} as d, ${true} as y,
      ${null} as n, ${new Date(1500)} as at, ${Uint8Array.of(1)} as bytes`
    expect(one.row(0)).toEqual({
      t: text,
      i: BigInt(2 ** 40),
      b: 2n ** 100n,
      d: 0.5,
      y: true,
      n: null,
      at: 1500,
      bytes: Uint8Array.of(1),
    })
    const some = await sql`select obs_id from ${obs} where obs_id in ${[1, 3]} order by 1`
    expect(some.column('obs_id').toArray()).toEqual([1, 3])
    expect((await sql`select obs_id from ${obs} where obs_id in ${[]}`).length).toBe(0)
  })

  test('rows are counted although no column is read, and a frame of no rows is a table', async () => {
    expect((await sql`select count(*) as n from ${people}`).row(0)).toEqual({ n: 3n })
    expect((await sql`select * from ${people.head(0)}`).names).toEqual(people.names)
  })

  test('column names that need quoting, and more rows than one of the chunks holds, arrive', async () => {
    const numbers = Array.from({ length: 5000 }, (_, i) => ({ 'a "b" c': i }))
    const frame = await sql`select sum("a ""b"" c") as s, count(*) as n from ${Frame.from(numbers)}`
    expect(frame.row(0)).toEqual({ s: 12_497_500n, n: 5000n })
  })
})

const day = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map(date => date.toISOString().slice(0, 10))
const ms = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })
const micros = fc.integer({ min: -(2 ** 52), max: 2 ** 52 }).map(us => us / 1000)
const values: Record<ColumnKind, fc.Arbitrary<Value>> = {
  int: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 2 ** 32 - 1 })).filter(n => n >= 0),
  bigint: fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  double: fc.double(),
  decimal: fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 0, max: 999 }), fc.boolean())
    .map(([whole, part, negative]) => {
      const size = `${whole}.${String(part).padStart(3, '0')}`
      return negative && /[1-9]/.test(size) ? `-${size}` : size
    }),
  datetime: fc.oneof(ms, micros),
  timestamp: fc.oneof(ms, micros),
  date: day,
  time: fc
    .tuple(fc.boolean(), fc.nat(838), fc.nat(59), fc.nat(59), fc.nat(999_999))
    .map(([negative, h, m, s, us]) => {
      const clock = [h, m, s].map(part => String(part).padStart(2, '0')).join(':')
      const size = us === 0 ? clock : `${clock}.${String(us).padStart(6, '0')}`
      return negative && /[1-9]/.test(size) ? `-${size}` : size
    }),
  boolean: fc.boolean(),
  bytes: fc.uint8Array(),
  json: fc.json(),
  text: fc.string({ unit: 'grapheme' }),
}

test.each(Object.entries(values) as [ColumnKind, fc.Arbitrary<Value>][])(
  'a %s column goes into DuckDB and back with its kind and values',
  async (kind, value) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(value), { minLength: 1, maxLength: 20 }), async held => {
        const frame = Frame.fromColumns([columnOf('x', held, { kind })])
        const [column] = (await sql`select x from ${frame}`).columns
        expect([column?.kind, column?.toArray()]).toEqual([kind, held])
      }),
      { numRuns: 8 },
    )
  },
)

describe('masking', () => {
  test.each([
    ['select * from {}', ['given_name']],
    ['from {}', ['given_name']],
    ['select person_id, given_name as x from {}', ['x']],
    ['select p.y from {} as p(x, y, z)', ['y']],
    ['select upper(given_name) || gender as x, gender from {}', ['x']],
    ['select length(given_name) as n from {}', ['n']],
    ["select columns('^gi') from {}", ['given_name']],
    ['select to_json(p) as j from {} p', ['j']],
    ['select p from {} p', ['p']],
    ["select person_id from {} where given_name = 'Ada'", ['person_id']],
    ['select person_id from {} order by given_name', ['person_id']],
    ['select count(distinct given_name) as n from {}', ['n']],
    ['select gender, min(given_name) as m from {} group by gender', ['m']],
    ['select gender, count(*) as n from {} group by gender, given_name', ['gender', 'n']],
    [
      'select gender, (select max(given_name) from {} b where b.gender = a.gender) as m from {} a',
      ['gender', 'm'],
    ],
    ['with p as (select given_name as x from {}) select x as y from p', ['y']],
    ['select x from (select gender as x from {} union all select given_name from {})', ['x']],
    ["select q.* from query('select given_name as q from frame_1') q", ['q']],
    ["select stats from pragma_storage_info('data_1')", ['stats']],
    ['select person_id, gender from {};', []],
    ['select gender, count(*) as n from {} group by all -- given_name', []],
    ["select 'given_name' as x", []],
  ])('%s masks %j', async (query, expected) => {
    const parts = `${query}\n/* all: {} */`.split('{}')
    const text = parts.length > 2 ? query.split('{}') : [query]
    const strings = Object.assign([...text], { raw: text })
    const values = Array<SqlValue>(text.length - 1).fill(people)
    // query() and pragma_storage_info() look the frame up by name: it has to be there.
    const frame =
      text.length > 1
        ? await sql(strings, ...values)
        : await sql(
            Object.assign(['with unused as (from ', `) ${query}`], {
              raw: ['with unused as (from ', `) ${query}`],
            }),
            people,
          )
    expect(sensitiveOf(frame)).toEqual(expected)
  })

  test('a masked result shows no value, and declassify shows them', async () => {
    const frame = await sql`select given_name as x from ${people} order by x`
    expect(frame.text()).not.toContain('Ada')
    expect(frame.csv()).not.toContain('Ada')
    expect(frame.declassify('x').csv()).toContain('Ada')
  })
})

describe('errors', () => {
  test.each([
    ['selec 1', 'sql-failed', 'syntax error'],
    ['select nothing from {}', 'sql-failed', 'Candidate bindings'],
    ['create table x (a int)', 'sql-failed', 'Expected one SELECT'],
    ['select 1; select 2', 'sql-failed', 'Expected one SELECT'],
    ["copy (select 1) to '/tmp/x.csv'", 'sql-failed', 'Expected one SELECT'],
    ['select 1 as a, 2 as a', 'frame-invalid', "named 'a'"],
  ])('%s is a %s error: %s', async (query, code, told) => {
    const text = query.split('{}')
    const call = sql(Object.assign([...text], { raw: text }), ...text.slice(1).map(() => people))
    await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(told) })
  })

  test('an error on a value does not show the value, not even as its cause', async () => {
    const error = await sql`select given_name::int from ${people}`.catch((failed: unknown) => failed)
    expect(error).toMatchObject({ code: 'sql-failed', message: expect.stringContaining('Conversion Error') })
    expect(JSON.stringify([String(error), (error as Error).stack, (error as Error).cause])).not.toMatch(
      /Ada|Grace|Edsger/,
    )
  })

  test('what is neither frame nor value is told by what it is, and a call without a template too', async () => {
    await expect(sql`select ${{ a: 1 } as never}`).rejects.toMatchObject({
      code: 'option-invalid',
      message: expect.stringContaining('an object of Object'),
    })
    await expect(sql('select 1' as never)).rejects.toMatchObject({ code: 'option-invalid' })
  })
})
