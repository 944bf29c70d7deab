import { expect, test } from 'vitest'
import { Inference, inferColumns } from '../../src/change/inference.js'
import type { JsonValue } from '../../src/change/json.js'

test.each<[JsonValue[], string]>([
  [[1, 2], 'int number'],
  [[1, 9007199254740993n], 'bigint int64'],
  [[1, 1.5], 'double number'],
  [[9007199254740993n, 1.5], 'double number'],
  [[null, null], 'text text'],
  [[null, 5], 'int number'],
  [['x', null], 'text text'],
  [[true], 'boolean boolean'],
  [[{ wkb: 'AQ==', srid: null }], 'bytes geometry'],
  [[{ a: 1 }], 'json struct'],
  [[71.25, 'ARZS'], 'json struct'],
])('%o suggests %s', (values, expected) => {
  const [column] = inferColumns(values.map(a => ({ a })))
  expect(`${column?.kind} ${column?.encoding}`).toBe(expected)
  expect(column).toMatchObject({ origin: 'inferred', nullable: true })
})

test('inference says when a row adds a column or widens a type, and only then', () => {
  const inference = new Inference()
  expect(inference.add({ a: 1, b: null })).toBe(true)
  expect(inference.add({ a: 2, b: null })).toBe(false)
  expect(inference.add({ a: 2, b: 'x' })).toBe(true)
  expect(inference.add({ a: 2.5, b: 'x' })).toBe(true)
  expect(inference.add({ a: 1, b: null })).toBe(false)
  expect(inference.columns.map(({ name, kind }) => [name, kind])).toEqual([
    ['a', 'double'],
    ['b', 'text'],
  ])
})
