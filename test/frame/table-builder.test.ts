import { expect, test } from 'vitest'
import { TableBuilder } from '../../src/frame/table-builder.js'
import { change, quarantined, tombstone, truncate } from './changes.js'

test('columns asked for, key columns and those that mark a row deleted are kept, no others', () => {
  const definition = { key: ['id'], deleted: ['voided'], sensitive: [] }
  const builder = new TableBuilder({ topic: 't', definition, columns: ['a'] })
  builder.append(change('c', { id: 1 }, { id: 1, a: 'x', b: 'y', voided: 1 }), 'applied')
  builder.append(change('c', { id: 2 }, { id: 2, a: 'z', b: 'y', voided: 0 }), 'applied')
  const table = builder.finish()
  expect(table.current().rows()).toEqual([{ id: 2, a: 'z' }])
  expect(table.current({ includeDeleted: true }).rows()).toEqual([
    { id: 1, a: 'x' },
    { id: 2, a: 'z' },
  ])
})

test('a column asked for that no row has is an error that names the nearest', () => {
  const builder = new TableBuilder({ topic: 't', columns: ['concpt_id'] })
  builder.append(change('c', { id: 1 }, { id: 1, concept_id: 2 }), 'applied')
  expect(() => builder.finish()).toThrow("There is no column 'concpt_id'. Did you mean 'concept_id'?")
})

test('kinds are asked once for each column, when it is first met', () => {
  const asked: string[] = []
  const builder = new TableBuilder({
    topic: 't',
    kindOf: column => {
      asked.push(column)
      return column === 'seen' ? 'datetime' : undefined
    },
  })
  builder.append(change('c', { id: 1 }, { id: 1, seen: 5 }), 'applied')
  builder.append(change('c', { id: 2 }, { id: 2, seen: 6, added: 'x' }), 'applied')
  expect(asked).toEqual(['id', 'seen', 'added'])
  const current = builder.finish().current()
  expect(current.column('seen').kind).toBe('datetime')
  expect(current.rows()).toEqual([
    { id: 1, seen: 5, added: null },
    { id: 2, seen: 6, added: 'x' },
  ])
})

test('a column whose type was widened on the way holds the values of both', () => {
  const builder = new TableBuilder({ topic: 't', kindOf: () => 'int' })
  builder.append(change('c', { id: 1 }, { id: 1, big: 5 }), 'applied')
  builder.append(change('c', { id: 2 }, { id: 2, big: 2n ** 63n }), 'applied')
  expect(builder.finish().current().column('big').toArray()).toEqual([5n, 2n ** 63n])
})

test('columns are masked by OpenMRS’s names, as text nobody defined, and as a definition says', () => {
  const append = (builder: TableBuilder): string[] => {
    builder.append(change('c', { id: 1 }, { id: 1, given_name: 'Amina', code: 'x' }), 'applied')
    return builder
      .finish()
      .current()
      .columns.filter(column => column.sensitive)
      .map(column => column.name)
  }
  expect(append(new TableBuilder({ topic: 't' }))).toEqual(['given_name', 'code'])
  const definition = { key: ['id'], deleted: [], sensitive: ['code'] }
  expect(append(new TableBuilder({ topic: 't', definition }))).toEqual(['given_name', 'code'])
  const declassified = { key: ['id'], deleted: [], sensitive: [], declassified: ['given_name'] }
  expect(append(new TableBuilder({ topic: 't', definition: declassified }))).toEqual([])
})

test('the counts add up to the records, redelivered ones counted apart', () => {
  const builder = new TableBuilder({ topic: 't' })
  builder.append(change('r', { id: 1 }, { id: 1 }), 'applied')
  builder.append(change('c', { id: 2 }, { id: 2 }), 'applied')
  builder.append(change('c', { id: 2 }, { id: 2 }), 'redelivered')
  builder.append(change('u', { id: 2 }, { id: 2 }), 'applied')
  builder.append(change('d', { id: 2 }, null, { id: 2 }), 'applied')
  builder.append(tombstone({ id: 2 }), 'applied')
  builder.append(tombstone({ id: 2 }), 'redelivered')
  builder.append(truncate(), 'applied')
  builder.append(quarantined('not JSON'), 'applied')
  const { records, ...others } = builder.counts
  expect(others).toEqual({
    c: 1,
    u: 1,
    d: 1,
    r: 1,
    tombstones: 1,
    truncates: 1,
    redelivered: 2,
    quarantined: 1,
    messages: 0,
  })
  expect(Object.values(others).reduce((a, b) => a + b)).toBe(records)
})

test('the bytes held grow with the changes and are known before the table is finished', () => {
  const builder = new TableBuilder({ topic: 't' })
  const held: number[] = []
  for (let i = 0; i < 30_000; i++) {
    builder.append(change('c', { id: i }, { id: i, text: `some text ${i}` }), 'applied')
    if (i % 10_000 === 9_999) held.push(builder.byteLength)
  }
  expect(held[0]).toBeGreaterThan(10_000 * 30)
  expect(held[1]).toBeGreaterThan(held[0]!)
  expect(held[2]).toBeGreaterThan(held[1]!)
})
