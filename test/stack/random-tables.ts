import fc from 'fast-check'
import { escape as quoted } from 'mysql2'
import { decimalText } from '../../src/change/decimal.js'

/** A column of a random table: its type, and SQL literals of its values. */
export interface RandomColumn {
  name: string
  type: string
  nullable: boolean
}

/** What is done to a table's row: `row` picks among those there are, `values` has a literal for each column. */
export interface RandomOperation {
  kind: 'insert' | 'update' | 'delete' | 'rekey' | 'replace' | 'rolledBack' | 'addColumn'
  row: number
  values: readonly string[]
  /** Which columns an update sets. */
  chosen: readonly boolean[]
}

/** A random table: its columns, the key's first; rows to begin with; and what happens to them. */
export interface RandomTable {
  columns: readonly RandomColumn[]
  /** How many of the columns are the primary key. */
  keys: number
  rows: readonly (readonly string[])[]
  operations: readonly RandomOperation[]
}

type Literal = fc.Arbitrary<string>

interface RandomType {
  type: string
  value: Literal
}

const integers = (type: string, min: bigint, max: bigint): RandomType => ({
  type,
  value: fc.oneof(fc.constantFrom(min, max), fc.bigInt({ min, max })).map(String),
})

const two = (value: number): string => String(value).padStart(2, '0')
const bytes = (max: number, min = 0): Literal =>
  fc.uint8Array({ minLength: min, maxLength: max }).map(value => `x'${Buffer.from(value).toString('hex')}'`)
const characters = (max: number): Literal =>
  fc
    .oneof(
      fc.string({ unit: 'binary', maxLength: max / 2 }),
      fc.string({ unit: 'grapheme', maxLength: max / 10 }),
      fc.constantFrom('', ' lead and trail ', "it's", 'a\\b"c', '\u0000', '𝒳😀'),
    )
    .map(text => quoted(text))

/** Microseconds cut to the digits of a type, as the database would round what is finer. */
const fraction = (digits: number): fc.Arbitrary<string> =>
  digits === 0
    ? fc.constant('')
    : fc.nat(10 ** digits - 1).map(value => `.${String(value).padStart(digits, '0')}`)

const instant = (min: string, max: string, digits: number): Literal =>
  fc
    .tuple(fc.integer({ min: Date.parse(min) / 1000, max: Date.parse(max) / 1000 }), fraction(digits))
    .map(
      ([seconds, behind]) =>
        `'${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}${behind}'`,
    )

const duration = (digits: number): Literal =>
  fc
    .tuple(fc.boolean(), fc.nat(837), fc.nat(59), fc.nat(59), fraction(digits))
    .map(([negative, h, m, s, behind]) => `'${negative ? '-' : ''}${two(h)}:${two(m)}:${two(s)}${behind}'`)

const decimal = (digits: number, scale: number): RandomType => {
  const limit = 10n ** BigInt(digits) - 1n
  const value = fc.bigInt({ min: -limit, max: limit }).map(unscaled => decimalText(unscaled, scale))
  return { type: `DECIMAL(${digits},${scale})`, value }
}

const enumValues = ["'a'", "'b,c'", "'é'", "'d''q'", "'ß'"]
const setValues = ["''", "'x'", "'x,y z'", "'x,y z,é'"]

const keyTypes: fc.Arbitrary<RandomType> = fc.constantFrom(
  integers('INT', -100n, 100n),
  integers('BIGINT', -(2n ** 63n), 2n ** 63n - 1n),
  integers('BIGINT UNSIGNED', 0n, 2n ** 64n - 1n),
  integers('SMALLINT UNSIGNED', 0n, 65_535n),
  { type: 'VARCHAR(40) COLLATE utf8mb4_bin', value: characters(40) },
  { type: 'CHAR(36)', value: fc.uuid().map(text => quoted(text)) },
  { type: 'VARBINARY(8)', value: bytes(8) },
  { type: 'DATE', value: instant('1000-01-01', '9999-12-31', 0).map(text => `${text.slice(0, 11)}'`) },
  { type: 'DATETIME(6)', value: instant('1700-01-01', '2200-12-31', 6) },
  decimal(12, 3),
)

const anyType: fc.Arbitrary<RandomType> = fc.oneof(
  fc.constantFrom(
    integers('TINYINT', -128n, 127n),
    integers('TINYINT UNSIGNED', 0n, 255n),
    integers('TINYINT(1)', -128n, 127n),
    integers('SMALLINT', -32_768n, 32_767n),
    integers('MEDIUMINT UNSIGNED', 0n, 16_777_215n),
    integers('INT', -(2n ** 31n), 2n ** 31n - 1n),
    integers('INT UNSIGNED', 0n, 2n ** 32n - 1n),
    integers('BIGINT', -(2n ** 63n), 2n ** 63n - 1n),
    integers('BIGINT UNSIGNED', 0n, 2n ** 64n - 1n),
    integers('YEAR', 1901n, 2155n),
    // A snapshot has six digits of a FLOAT: these have no more.
    { type: 'FLOAT', value: fc.integer({ min: -16_000, max: 16_000 }).map(quarters => String(quarters / 4)) },
    {
      type: 'DOUBLE',
      value: fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map(value => (Math.abs(value) < 1e-300 ? '0' : value.toExponential())),
    },
    { type: 'BIT(1)', value: fc.nat(1).map(bit => `b'${bit}'`) },
    { type: 'BIT(11)', value: fc.nat(2047).map(bits => `b'${bits.toString(2)}'`) },
    {
      type: 'BIT(64)',
      value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(bits => `b'${bits.toString(2)}'`),
    },
    { type: 'DATE', value: instant('1000-01-01', '9999-12-31', 0).map(text => `${text.slice(0, 11)}'`) },
    { type: 'CHAR(20)', value: characters(20) },
    { type: 'VARCHAR(60)', value: characters(60) },
    { type: 'TEXT', value: characters(400) },
    { type: 'MEDIUMTEXT', value: characters(40) },
    { type: 'BINARY(7)', value: bytes(7) },
    { type: 'VARBINARY(20)', value: bytes(20) },
    { type: 'BLOB', value: bytes(200) },
    { type: 'LONGBLOB', value: bytes(20) },
    { type: `ENUM(${enumValues})`, value: fc.constantFrom(...enumValues) },
    { type: "SET('x','y z','é')", value: fc.constantFrom(...setValues) },
    { type: 'JSON', value: fc.json({ maxDepth: 3, noUnicodeString: false }).map(text => quoted(text)) },
    {
      type: 'POINT',
      value: fc.tuple(fc.integer(), fc.integer()).map(([x, y]) => `ST_GeomFromText('POINT(${x} ${y})')`),
    },
  ),
  fc.nat(6).map(digits => ({
    type: `DATETIME(${digits})`,
    value: instant('1700-01-01', '2200-12-31', digits),
  })),
  fc.nat(6).map(digits => ({
    type: `TIMESTAMP(${digits})`,
    value: instant('1970-01-01T00:00:01Z', '2038-01-19T03:14:06Z', digits),
  })),
  fc.nat(6).map(digits => ({ type: `TIME(${digits})`, value: duration(digits) })),
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(20))
    .map(([digits, scale]) => decimal(digits, Math.min(scale, digits))),
)

const kinds = fc.constantFrom<RandomOperation['kind']>(
  ...(['insert', 'insert', 'insert', 'update', 'update', 'update', 'update'] as const),
  ...(['delete', 'delete', 'rekey', 'rekey', 'replace', 'rolledBack', 'addColumn'] as const),
)

/** A table with a key of one or two columns and up to ten others, of any type. */
const randomTable: fc.Arbitrary<RandomTable> = fc
  .record({
    keyTypes: fc.array(keyTypes, { minLength: 1, maxLength: 2 }),
    others: fc.array(fc.record({ type: anyType, nullable: fc.boolean() }), { minLength: 3, maxLength: 10 }),
  })
  .chain(({ keyTypes, others }) => {
    const columns: RandomColumn[] = [
      ...keyTypes.map(({ type }, i) => ({ name: `k${i}`, type, nullable: false })),
      ...others.map(({ type: { type }, nullable }, i) => ({ name: `c${i}`, type, nullable })),
    ]
    const values = fc.tuple(
      ...keyTypes.map(({ value }) => value),
      ...others.map(({ type: { value }, nullable }) =>
        nullable ? fc.oneof({ weight: 4, arbitrary: value }, fc.constant('NULL')) : value,
      ),
    )
    const operation = fc.record({
      kind: kinds,
      row: fc.nat(),
      values,
      chosen: fc.array(fc.boolean(), { minLength: columns.length, maxLength: columns.length }),
    })
    return fc.record({
      columns: fc.constant(columns),
      keys: fc.constant(keyTypes.length),
      rows: fc.array(values, { minLength: 5, maxLength: 15 }),
      operations: fc.array(operation, { minLength: 20, maxLength: 40 }),
    })
  })

/** Tables of random columns with random rows and a random life, always the same for a seed. */
export function randomTables(seed: number, count: number): readonly RandomTable[] {
  return fc.sample(fc.array(randomTable, { minLength: count, maxLength: count, size: 'max' }), {
    seed,
    numRuns: 1,
  })[0]!
}
