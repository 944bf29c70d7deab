import { expect, test } from 'vitest'
import { z } from 'zod'
import { ColumnResolver } from '../../src/change/column-resolver.js'
import { topic } from '../../src/change/topic.js'
import { tableOf } from '../frame/tables-of.js'
import { rowChange } from '../pipeline/legal-changes.js'

const definition = topic(
  'db.shop.t',
  z.object({ id: z.number(), note: z.string().nullable(), v: z.number() }),
  {
    key: ['id'],
  },
)

function resolver(): ColumnResolver {
  return new ColumnResolver({ declared: definition.columns, history: null })
}

test('a declared nullable column that a row does not have is null; one that is not nullable stays away', () => {
  const raw = { id: 1 }
  const { columns, decode } = resolver().rowColumns(null, null, null, [raw])
  expect(columns.map(({ name }) => name)).toEqual(['id'])
  expect(decode(raw)).toEqual({ id: 1, note: null })
})

test('rows written after the column came keep its values', () => {
  const resolved = resolver()
  const [older, newer] = [{ id: 1 }, { id: 2, note: 'new' }]
  resolved.rowColumns(null, null, null, [older])
  expect(resolved.rowColumns(null, null, null, [newer]).decode(newer)).toEqual({ id: 2, note: 'new' })
  expect(resolved.rowColumns(null, null, null, [older]).decode({ id: 3 })).toEqual({ id: 3, note: null })
})

test('a column that is null in older rows has the kind of its values in a table, and is masked as before', () => {
  const row = (id: number, given_name: number | null) =>
    rowChange({ topic: 'db.shop.t', offset: id, key: { id }, after: { id, given_name } })
  const { columns } = tableOf([row(1, null), row(2, 5)]).current()
  expect(columns.map(({ name, kind, sensitive }) => [name, kind, sensitive])).toEqual([
    ['id', 'int', false],
    ['given_name', 'int', true],
  ])
})
