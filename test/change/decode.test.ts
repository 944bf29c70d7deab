import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ColumnKind, ColumnType, Encoding } from '../../src/change/column-type.js'
import { rowDecoder, valueDecoder } from '../../src/change/decode.js'
import type { JsonValue } from '../../src/change/json.js'
import { ObslabError } from '../../src/errors.js'

function column(kind: ColumnKind, encoding: Encoding, more: Partial<ColumnType> = {}): ColumnType {
  return { name: 'a', kind, encoding, nullable: true, origin: 'connect-schema', ...more }
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('a value', () => {
  test.each<[ColumnKind, Encoding, JsonValue, unknown, Partial<ColumnType>?]>([
    ['int', 'number', 4294967295, 4294967295],
    ['int', 'int64', 4294967295, 4294967295],
    ['int', 'boolean', true, 1],
    ['bigint', 'int64', 5, 5n],
    ['bigint', 'int64', 9007199254740993n, 9007199254740993n],
    ['bigint', 'int64', -1, 18446744073709551615n, { mysqlType: 'BIGINT(20) UNSIGNED' }],
    ['bigint', 'decimal-base64', 'AP//////////', 18446744073709551615n, { scale: 0 }],
    ['double', 'number', 0.1, 0.1],
    ['double', 'decimal-base64', 'ARZS', 71.25, { scale: 3 }],
    ['double', 'decimal-text', '71.250', 71.25],
    ['decimal', 'decimal-base64', 'AxY=', '7.90', { scale: 2 }],
    ['decimal', 'decimal-base64', 7.9, '7.90', { scale: 2 }],
    ['decimal', 'decimal-text', '-0.01', '-0.01'],
    ['decimal', 'decimal-struct', { scale: 2, value: 'AxY=' }, '7.90'],
    ['decimal', 'number', 71.25, '71.25'],
    ['datetime', 'epoch-ms', -1000, -1000],
    ['datetime', 'epoch-us', 1772368496123456, 1772368496123.456],
    ['datetime', 'epoch-ns', 1772368496123456000n, 1772368496123.456],
    ['timestamp', 'iso-datetime', '2026-03-01T12:34:56.654321Z', 1772368496654.321],
    ['date', 'epoch-days', -354285, '1000-01-01'],
    ['date', 'iso-date', '2026-03-01Z', '2026-03-01'],
    ['time', 'time-us', -45296000000, '-12:34:56'],
    ['time', 'time-ms', 45296500, '12:34:56.500000'],
    ['time', 'time-ns', 45296000001000, '12:34:56.000001'],
    ['boolean', 'boolean', false, false],
    ['boolean', 'number', 7, true],
    ['bytes', 'base64', 'AP8QgEFC', bytes(0, 255, 16, 128, 65, 66)],
    ['bytes', 'base64url', '_-8', bytes(255, 239)],
    ['bytes', 'hex', '00fF', bytes(0, 255)],
    ['bytes', 'bits', 'AoE=', bytes(0x81, 0x02)],
    ['bytes', 'geometry', { wkb: 'AQE=', srid: null }, bytes(1, 1)],
    ['json', 'text', '{"a": 1}', '{"a": 1}'],
    ['json', 'struct', { a: [1, 9007199254740993n, 'x', null] }, '{"a":[1,9007199254740993,"x",null]}'],
    ['text', 'text', '', ''],
    ['int', 'number', 1901, 1901, { mysqlType: 'YEAR(4)' }],
    ['int', 'number', 1900, 0, { mysqlType: 'YEAR(4)' }],
    ['int', 'number', 1900, 1900, { mysqlType: 'INT' }],
    ['double', 'number', -9999.9990234375, -9999.999, { mysqlType: 'FLOAT(7,3)' }],
    ['decimal', 'number', 7.9, '7.90', { scale: 2 }],
    ['decimal', 'number', 1e35, `1${'0'.repeat(35)}`, { scale: 30 }],
    ['decimal', 'decimal-base64', '-7.90', '-7.90', { scale: 2 }],
    ['bigint', 'int64', 'AP//////////', 18446744073709551615n, { mysqlType: 'BIGINT(20) UNSIGNED' }],
    ['datetime', 'epoch-ms', '2024-02-29T12:34:56.123456Z', 1709210096123.456],
    ['datetime', 'iso-datetime', '9999-12-31T23:59:59.999999Z', 253402300799999],
    ['date', 'epoch-days', '2024-02-29Z', '2024-02-29'],
    ['time', 'time-us', '23:59:59.000001Z', '23:59:59.000001'],
    ['time', 'time-us', -3020398999999, '-838:59:58.999999'],
    ['bytes', 'base64', '-_8=', bytes(251, 255)],
    ['text', 'text', 'b\\,c', 'b,c', { enumValues: ['a', 'b,c'] }],
    ['text', 'text', 'b,c', 'b,c', { enumValues: ['a', 'b,c'] }],
    ['text', 'text', 'b\\,c', 'b\\,c', { enumValues: ['b,c', 'b\\,c'] }],
    ['json', 'struct', [1.5, -2], '[1.5,-2]', { mysqlType: 'VECTOR(2)' }],
  ])('of kind %s written as %s: %o is %o', (kind, encoding, raw, value, more) => {
    expect(valueDecoder(column(kind, encoding, more))(raw)).toEqual(value)
  })

  test.each<[ColumnKind, Encoding, JsonValue]>([
    ['int', 'number', 'Mary'],
    ['int', 'number', 1.5],
    ['int', 'number', 9007199254740993n],
    ['bigint', 'int64', 1.5],
    ['double', 'number', '1.5'],
    ['decimal', 'decimal-base64', 'not base64!'],
    ['decimal', 'decimal-base64', ''],
    ['decimal', 'decimal-base64', 12345678901234.56],
    ['datetime', 'epoch-ms', 0.5],
    ['timestamp', 'iso-datetime', 'Mary'],
    ['date', 'epoch-days', 99999999],
    ['time', 'time-us', 'Mary'],
    ['boolean', 'boolean', 'true'],
    ['bytes', 'base64', 'a'],
    ['bytes', 'hex', 'abc'],
    ['bytes', 'geometry', 'AQE='],
    ['text', 'text', 12],
    ['datetime', 'epoch-ms', 1772368496123456],
    ['datetime', 'epoch-us', 1772368496123456000n],
    ['time', 'time-us', 3_020_400_000_000],
    ['decimal', 'decimal-base64', '123'],
  ])(
    'of kind %s written as %s that does not fit (%o) is an error that names the column and hides the value',
    (kind, encoding, raw) => {
      const decode = (): unknown =>
        valueDecoder(column(kind, encoding, { name: 'given_name', scale: 4 }))(raw)
      expect(decode).toThrow(ObslabError)
      try {
        decode()
      } catch (error) {
        expect(error).toMatchObject({
          code: 'value-invalid',
          message: expect.stringContaining(`given_name (${kind})`),
        })
        expect(String(error)).not.toMatch(/Mary|9007199254740993|not base64!/)
      }
    },
  )

  test('that is null stays null, whatever its column', () => {
    expect(valueDecoder(column('bigint', 'int64'))(null)).toBeNull()
  })

  test('of a DECIMAL survives any size, sign and scale', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 65n), max: 10n ** 65n }),
        fc.integer({ min: 0, max: 30 }),
        (unscaled, scale) => {
          const length = 28
          const hex = BigInt.asUintN(length * 8, unscaled)
            .toString(16)
            .padStart(length * 2, '0')
          const raw = Buffer.from(hex, 'hex').toString('base64')
          const text = valueDecoder(column('decimal', 'decimal-base64', { scale }))(raw) as string
          expect(BigInt(text.replace('.', ''))).toBe(unscaled)
          expect(text.split('.')[1]?.length ?? 0).toBe(scale)
        },
      ),
    )
  })
})

describe('a row', () => {
  const columns = [column('bigint', 'int64', { name: 'id' }), column('date', 'epoch-days', { name: 'd' })]

  test('has its columns in the order of the table', () => {
    expect(Object.entries(rowDecoder(columns)({ id: 1, d: 0 }))).toEqual([
      ['id', 1n],
      ['d', '1970-01-01'],
    ])
    expect(Object.entries(rowDecoder(columns)({ d: 0, id: 1 }))).toEqual([
      ['id', 1n],
      ['d', '1970-01-01'],
    ])
  })

  test('of an older schema has null where the JSON has nothing', () => {
    expect(Object.entries(rowDecoder(columns)({ id: 1 }))).toEqual([
      ['id', 1n],
      ['d', null],
    ])
  })

  test('with a column nobody knows keeps it, inferred and reported', () => {
    const met: ColumnType[] = []
    expect(
      rowDecoder(columns, unknown => met.push(unknown))({ id: 1, d: null, extra: 9007199254740993n }),
    ).toEqual({
      id: 1n,
      d: null,
      extra: 9007199254740993n,
    })
    expect(met).toMatchObject([{ name: 'extra', kind: 'bigint', origin: 'inferred' }])
  })
})
