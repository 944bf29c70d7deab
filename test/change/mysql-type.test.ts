import { describe, expect, test } from 'vitest'
import {
  type ConnectorSettings,
  columnOfMysqlType,
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
  ['DECIMAL(10,2)', { decimal: 'double' }, 'double number'],
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
