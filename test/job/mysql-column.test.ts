import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnKind, ColumnType } from '../../src/change/column-type.js'
import type { JsonValue } from '../../src/change/json.js'
import { mysqlColumn } from '../../src/job/mysql-column.js'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { outputColumns } from '../../src/pipeline/output-columns.js'

function columnOf(
  kind: ColumnKind,
  more: Partial<ColumnType> = {},
  isKey = false,
): ReturnType<typeof mysqlColumn> {
  return mysqlColumn(
    { name: 'c', kind, encoding: 'text', nullable: true, origin: 'declared', ...more },
    isKey,
  )
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

test('the columns of flatObs have the types that a reader of SQL expects', () => {
  const types = outputColumns(flatObs.plan)!.map(column => {
    const { name, type, nullable } = mysqlColumn(column, column.name === 'encounter_id')
    return `${name} ${type}${nullable ? '' : ' NOT NULL'}`
  })
  expect(types).toEqual([
    'encounter_id BIGINT NOT NULL',
    'patient_id BIGINT NOT NULL',
    'encounter_type BIGINT NOT NULL',
    'location_id BIGINT',
    'visit_id BIGINT',
    'visit_type_id BIGINT',
    'encounter_datetime DATETIME(6) NOT NULL',
    'gender LONGTEXT',
    'birthdate DATE',
    'dead BIGINT',
    'death_date DATETIME(6)',
    'uuid LONGTEXT NOT NULL',
    'obs LONGTEXT NOT NULL',
    'orders LONGTEXT NOT NULL',
  ])
})

test.each<[ColumnKind, Partial<ColumnType>, JsonValue, string]>([
  ['int', {}, -7, '-7'],
  ['double', {}, 0.1, '0.1e0'],
  ['double', {}, 1e21, '1e+21'],
  ['boolean', {}, true, '1'],
  ['datetime', {}, 1767348672123.456, "'2026-01-02 10:11:12.123456'"],
  ['datetime', {}, -0.001, "'1969-12-31 23:59:59.999999'"],
  ['bytes', {}, 'AP8=', "X'00ff'"],
  ['json', { encoding: 'struct' }, [9007199254740993n], "'[9007199254740993]'"],
  ['json', {}, '{"a": 1}', '\'{"a": 1}\''],
  ['decimal', { mysqlType: 'DECIMAL(10,2)', scale: 2 }, '-7.90', "'-7.90'"],
  ['text', {}, null, 'NULL'],
])('%s %j: %s is written %s', (kind, more, cell, literal) => {
  expect(columnOf(kind, more).literal(cell, quote)).toBe(literal)
})

test.each<[ColumnKind, Partial<ColumnType>, JsonValue]>([
  ['int', {}, 0.5],
  ['int', {}, '5'],
  ['boolean', {}, 17],
  ['datetime', {}, 1e18],
  ['datetime', {}, -62167219200000],
  ['datetime', {}, 0.0005],
  ['date', {}, '2026-3-1'],
  ['decimal', { mysqlType: 'DECIMAL(10,2)', scale: 2 }, '7.9'],
  ['decimal', { mysqlType: 'DECIMAL(10,2)', scale: 2 }, '07.90'],
  ['text', {}, 5],
])('%s %j: %s is refused, and not told', (kind, more, cell) => {
  const refused = (): string => columnOf(kind, more).literal(cell, quote)
  expect(refused).toThrow('in the column c, found one that')
  expect(refused).not.toThrow(String(cell))
})

test('every whole microsecond from 1691 to 2248 is a DATETIME(6), and is read back as it was', () => {
  const column = columnOf('datetime')
  fc.assert(
    fc.property(fc.integer({ min: -8.7e15, max: 8.7e15 }), us => {
      const literal = column.literal(us / 1000, quote)
      expect(column.json(literal.slice(1, -1))).toBe(String(us / 1000))
    }),
  )
})
