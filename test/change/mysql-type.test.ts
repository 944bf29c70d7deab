import { describe, expect, test } from 'vitest'
import {
  type ConnectorSettings,
  columnOfMysqlType,
  columnUnder,
  connectorSettings,
  enumValuesOf,
  formatMysqlType,
  parseMysqlType,
} from '../../src/change/mysql-type.js'
import { ObslabError } from '../../src/errors.js'

function resolved(text: string, settings?: ConnectorSettings): string {
  const { kind, encoding, scale } = columnOfMysqlType(
    'a',
    parseMysqlType(text),
    { nullable: true, origin: 'declared' },
    settings,
  )
  return [kind, encoding, ...(scale === undefined ? [] : [scale])].join(' ')
}

test.each([
  ['TINYINT(1)', 'int number'],
  ['smallint', 'int number'],
  ['MEDIUMINT UNSIGNED', 'int number'],
  ['INT(10) UNSIGNED ZEROFILL', 'int number'],
  ['INT NOT NULL', 'int number'],
  ['YEAR(4)', 'int number'],
  ['BIGINT', 'bigint int64'],
  ['BIGINT(20) UNSIGNED', 'bigint int64'],
  ['FLOAT', 'double number'],
  ['DOUBLE PRECISION', 'double number'],
  ['DECIMAL(10,2)', 'decimal decimal-base64 2'],
  ['DECIMAL(30, 10) UNSIGNED', 'decimal decimal-base64 10'],
  ['NUMERIC', 'decimal decimal-base64 0'],
  ['DATE', 'date epoch-days'],
  ['DATETIME', 'datetime epoch-ms'],
  ['DATETIME(3)', 'datetime epoch-ms'],
  ['DATETIME(6)', 'datetime epoch-us'],
  ['TIMESTAMP(6)', 'timestamp iso-datetime'],
  ['TIME', 'time time-us'],
  ['BIT', 'boolean boolean'],
  ['BIT(1)', 'boolean boolean'],
  ['BIT(8)', 'bytes bits'],
  ['BOOLEAN', 'boolean boolean'],
  ['VARBINARY(16)', 'bytes base64'],
  ['LONGBLOB', 'bytes base64'],
  ['POINT', 'bytes geometry'],
  ['GEOMCOLLECTION', 'bytes geometry'],
  ['JSON', 'json text'],
  ['CHAR(38) CHARACTER SET utf8mb4', 'text text'],
  ['MEDIUMTEXT', 'text text'],
  ["ENUM('a','b (c)')", 'text text'],
  ["SET('x')", 'text text'],
])('%s is %s', (type, expected) => {
  expect(resolved(type)).toBe(expected)
})

test.each<[string, ConnectorSettings, string]>([
  ['DECIMAL(10,2)', { decimal: 'string' }, 'decimal decimal-text 2'],
  ['DECIMAL(10,2)', { decimal: 'double' }, 'decimal number 2'],
  ['BIGINT UNSIGNED', { bigintUnsigned: 'precise' }, 'bigint decimal-base64 0'],
  ['BIGINT', { bigintUnsigned: 'precise' }, 'bigint int64'],
  ['DATETIME(6)', { time: 'connect' }, 'datetime epoch-ms'],
  ['DATETIME', { time: 'microseconds' }, 'datetime epoch-us'],
  ['TIME', { time: 'nanoseconds' }, 'time time-ns'],
  ['DATE', { time: 'isostring' }, 'date iso-date'],
  ['BLOB', { binary: 'hex' }, 'bytes hex'],
  ['BLOB', { binary: 'base64-url-safe' }, 'bytes base64url'],
])('%s under %o is %s', (type, settings, expected) => {
  expect(resolved(type, settings)).toBe(expected)
})

describe('parseMysqlType', () => {
  test('takes a type apart and formatMysqlType puts it together', () => {
    expect(parseMysqlType('decimal(10, 2) unsigned')).toEqual({
      name: 'DECIMAL',
      length: 10,
      scale: 2,
      unsigned: true,
    })
    expect(formatMysqlType(parseMysqlType('decimal(10, 2) unsigned'))).toBe('DECIMAL(10,2) UNSIGNED')
    expect(formatMysqlType(parseMysqlType('double'))).toBe('DOUBLE')
  })

  test('refuses what is no type', () => {
    expect(() => parseMysqlType('')).toThrow(ObslabError)
    expect(() => parseMysqlType('10')).toThrow(/DECIMAL\(10,2\)/)
  })
})

test('a connector’s settings are read from its configuration, and the rest is passed over', () => {
  expect(connectorSettings({ 'tasks.max': '1' })).toEqual({})
  expect(
    connectorSettings({
      'decimal.handling.mode': 'string',
      'time.precision.mode': 'isostring',
      'binary.handling.mode': 'hex',
      'bigint.unsigned.handling.mode': 'precise',
    }),
  ).toEqual({ decimal: 'string', time: 'isostring', binary: 'hex', bigintUnsigned: 'precise' })
  expect(() => connectorSettings({ 'binary.handling.mode': 'base32' })).toThrow(
    "Expected binary.handling.mode to be bytes, base64, base64-url-safe, hex, found 'base32'.",
  )
})

test('a column of the DDL is written as settings say that were not known when it was read', () => {
  const column = columnOfMysqlType('a', parseMysqlType('DATETIME(6)'), {
    nullable: false,
    origin: 'schema-change',
    comment: 'when',
    defaultValue: '2001-02-03',
  })
  expect(columnUnder({ time: 'connect' }, column)).toEqual({ ...column, encoding: 'epoch-ms' })
  expect(columnUnder({ time: 'connect' }, { ...column, origin: 'connect-schema' }).encoding).toBe('epoch-us')
})

test('the values of an ENUM are taken out of its type and their quotes', () => {
  const declared = { nullable: true, origin: 'declared' } as const
  const values = (type: string): unknown => columnOfMysqlType('a', parseMysqlType(type), declared).enumValues
  expect(values("ENUM('a','b,c','d''q','(e)','') NOT NULL")).toEqual(['a', 'b,c', "d'q", '(e)', ''])
  expect(values('ENUM')).toBeUndefined()
  expect(enumValuesOf(["'a'", "'b,c'", "'d''q'", "''"])).toEqual(['a', 'b,c', "d'q", ''])
})
