import { describe, expect, test } from 'vitest'
import type { ColumnKind, ColumnType, Encoding, Value } from '../../src/change/column-type.js'
import { rowDecoder } from '../../src/change/decode.js'
import type { JsonValue } from '../../src/change/json.js'
import { type ValueDoubt, valueDoubts } from '../../src/change/value-doubt.js'

function column(kind: ColumnKind, encoding: Encoding, more: Partial<ColumnType> = {}): ColumnType {
  return { name: 'a', kind, encoding, nullable: false, origin: 'connect-schema', ...more }
}

const nullable = { nullable: true }

describe('of a column as a whole', () => {
  test.each<[ColumnType, ValueDoubt[]]>([
    [column('time', 'iso-time'), ['times-lossy']],
    [column('time', 'time-ms'), ['times-lossy']],
    [column('time', 'time-us'), []],
    [column('datetime', 'epoch-ns'), ['times-lossy']],
    [column('datetime', 'epoch-ms', { mysqlType: 'DATETIME(6)' }), ['times-lossy']],
    [column('datetime', 'epoch-ms', { mysqlType: 'DATETIME(3)' }), []],
    [column('datetime', 'iso-datetime'), []],
    [column('decimal', 'number', { scale: 2 }), ['decimal-as-double']],
    [column('decimal', 'decimal-text', { scale: 2 }), []],
    [column('double', 'number', { mysqlType: 'FLOAT' }), ['float-rounded']],
    [column('double', 'number', { mysqlType: 'FLOAT(7,3)' }), []],
    [column('double', 'number', { mysqlType: 'DOUBLE' }), []],
    [column('text', 'text', { mysqlType: 'VARBINARY(9)' }), ['binary-as-text']],
    [column('bytes', 'hex', { mysqlType: 'BLOB' }), []],
    [column('text', 'text', { mysqlType: 'VARCHAR(9)' }), []],
  ])('%o is doubted for %o', (type, doubts) => {
    expect(valueDoubts(type).always).toEqual(doubts)
  })
})

describe('of single values', () => {
  test.each<[ColumnType, JsonValue, Value, ValueDoubt | null]>([
    [column('date', 'epoch-days'), 0, '1970-01-01', 'zero-date'],
    [column('date', 'epoch-days'), 1, '1970-01-02', null],
    [column('datetime', 'epoch-us'), 0, 0, 'zero-date'],
    [column('timestamp', 'iso-datetime', nullable), '1970-01-01T00:00:00Z', 0, 'zero-date'],
    [column('int', 'number', { mysqlType: 'YEAR(4)' }), 1900, 0, 'zero-date'],
    [column('int', 'number', { mysqlType: 'YEAR(4)' }), 2000, 2000, null],
    [
      column('bigint', 'int64', { mysqlType: 'BIGINT UNSIGNED' }),
      -1,
      18446744073709551615n,
      'bigint-wrapped',
    ],
    [column('bigint', 'int64'), -1, -1n, 'bigint-sign-unknown'],
    [column('bigint', 'int64'), 1, 1n, null],
    [column('datetime', 'epoch-us'), 253402300799999999n, 253402300799999, 'microseconds-cut'],
    [column('datetime', 'epoch-us'), 253402300799999000n, 253402300799999, null],
    [column('datetime', 'epoch-us'), 1772368496123456, 1772368496123.456, null],
    [column('text', 'text', { mysqlType: 'UUID' }), '0000123e-4567', '0000123e-4567', 'uuid-shifted'],
    [column('text', 'text', { mysqlType: 'UUID' }), '123e4567-e89b', '123e4567-e89b', null],
  ])('in %o, %o read as %o is doubted for %s', (type, raw, value, doubt) => {
    expect(valueDoubts(type).of?.(raw, value)).toBe(doubt)
  })

  test.each<[string, ColumnType]>([
    ['nullable dates, which may be 1970-01-01', column('date', 'epoch-days', nullable)],
    ['signed BIGINTs, which may be negative', column('bigint', 'int64', { mysqlType: 'BIGINT' })],
    ['texts', column('text', 'text')],
    ['integers', column('int', 'number')],
  ])('%s are not looked at', (_, type) => {
    expect(valueDoubts(type)).toEqual({ always: [], of: null })
  })

  test.each<[Partial<ColumnType>, JsonValue, Value]>([
    [{ kind: 'int', defaultValue: 5 }, 5, 5],
    [{ kind: 'int', defaultValue: '5' }, 5, 5],
    [{ kind: 'text', defaultValue: 'FINAL' }, 'FINAL', 'FINAL'],
    [{ kind: 'decimal', defaultValue: '7.9' }, 'AxY=', '7.90'],
    [{ kind: 'decimal', defaultValue: 'AxY=' }, 'AxY=', '7.90'],
    [{ kind: 'datetime', defaultValue: '2001-02-03 04:05:06' }, 981173106000, 981173106000],
    [{ kind: 'boolean', defaultValue: "b'1'" }, true, true],
    [{ kind: 'bigint', defaultValue: '18446744073709551615' }, -1, 18446744073709551615n],
  ])('a default %o may stand for NULL, until a NULL is met', (more, raw, value) => {
    const { of } = valueDoubts(column('int', 'number', { ...nullable, mysqlType: 'BIGINT', ...more }))
    expect(of?.(raw, value)).toBe('null-as-default')
    expect(of?.(null, null)).toBeNull()
    expect(of?.(raw, value)).toBeNull()
  })

  test('base64 that is hexadecimal throughout is doubted once, and never when one value is not', () => {
    const hex = valueDoubts(column('bytes', 'base64')).of!
    const values = ['deadbeef', '', '00ff00ff00ff', 'cafebabe0123', 'deadbeef']
    expect(values.map(raw => hex(raw, null))).toEqual([null, null, null, 'binary-mode-doubtful', null])
    const base64 = valueDoubts(column('bytes', 'base64')).of!
    const mixed = ['deadbeef', '+/8=', '00ff00ff00ff00ff00ff00ff00ff00ff00ff']
    expect(mixed.map(raw => base64(raw, null))).toEqual([null, null, null])
  })
})

test('decoding a row tells the doubts about its columns and values, with the column', () => {
  const told: string[] = []
  const columns = [
    column('date', 'epoch-days', { name: 'd' }),
    column('int', 'number', { name: 'y', mysqlType: 'YEAR' }),
    column('time', 'iso-time', { name: 't' }),
    column('int', 'number', { name: 'i', nullable: true, defaultValue: 5 }),
  ]
  const decode = rowDecoder(columns, undefined, (doubt, name) => told.push(`${doubt} ${name}`))
  expect(decode({ d: 0, y: 1900, t: '00:00:00Z', i: 5 })).toEqual({
    d: '1970-01-01',
    y: 0,
    t: '00:00:00',
    i: 5,
  })
  expect(told).toEqual(['times-lossy t', 'null-as-default i', 'zero-date d', 'zero-date y'])
})
