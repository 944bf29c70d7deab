import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
import type { Row, Value } from '../../src/change/column-type.js'
import type { Table } from '../../src/frame/table.js'
import { TableBuilder, type TableOptions } from '../../src/frame/table-builder.js'
import { change, position, quarantined, tombstone, truncate } from './changes.js'

function tableOf(changes: readonly Change[], options: Partial<TableOptions> = {}): Table {
  const builder = new TableBuilder({ topic: 'dbserver1.openmrs.t', ...options })
  for (const one of changes) builder.append(one, 'applied')
  return builder.finish()
}

test('the current table has the last row of each key, ordered by key, without deleted ones', () => {
  const table = tableOf([
    change('r', { id: 10 }, { id: 10, v: 'a' }),
    change('r', { id: 9 }, { id: 9, v: 'b' }),
    change('c', { id: 2 }, { id: 2, v: 'c' }),
    change('u', { id: 10 }, { id: 10, v: 'd' }),
    change('d', { id: 9 }, null, { id: 9, v: 'b' }),
    tombstone({ id: 9 }),
    tombstone({ id: 77 }),
  ])
  expect(table.current().rows()).toEqual([
    { id: 2, v: 'c' },
    { id: 10, v: 'd' },
  ])
})

test('a key deleted and created again is there', () => {
  const table = tableOf([
    change('c', { id: 1 }, { id: 1 }),
    change('d', { id: 1 }, null, { id: 1 }),
    tombstone({ id: 1 }),
    change('c', { id: 1 }, { id: 1 }),
  ])
  expect(table.current().rows()).toEqual([{ id: 1 }])
})

test('a redelivered change does not change the table, and is among the changes as such', () => {
  const builder = new TableBuilder({ topic: 't' })
  builder.append(change('c', { id: 1 }, { id: 1, v: 'new' }), 'applied')
  builder.append(change('u', { id: 1 }, { id: 1, v: 'old' }), 'redelivered')
  builder.append(change('d', { id: 1 }, null, { id: 1, v: 'old' }), 'redelivered')
  const table = builder.finish()
  expect(table.current().rows()).toEqual([{ id: 1, v: 'new' }])
  expect(table.changes().column('_status').toArray()).toEqual(['applied', 'redelivered', 'redelivered'])
})

test.each<{ title: string; definition: { key: string[]; deleted: string[] }; rows: Row[]; kept: Value[] }>([
  {
    title: 'a number but 0',
    definition: { key: ['id'], deleted: ['voided'] },
    rows: [
      { id: 1, voided: 0 },
      { id: 2, voided: 1 },
      { id: 3, voided: 7 },
      { id: 4, voided: null },
    ],
    kept: [1, 4],
  },
  {
    title: 'true',
    definition: { key: ['id'], deleted: ['retired', 'voided'] },
    rows: [
      { id: 1, voided: false, retired: false },
      { id: 2, voided: false, retired: true },
      { id: 3, voided: true, retired: null },
    ],
    kept: [1],
  },
])('$title marks a row deleted, unless deleted ones are asked for', ({ definition, rows, kept }) => {
  const table = tableOf(
    rows.map(row => change('c', { id: row.id! }, row)),
    { definition: { ...definition, sensitive: [] } },
  )
  expect(table.current().column('id').toArray()).toEqual(kept)
  expect(table.current({ includeDeleted: true }).rows()).toEqual(rows)
})

test('keys of several columns and types are told apart, never by their text alone', () => {
  const table = tableOf([
    change('c', { a: '1', b: '23' }, { a: '1', b: '23', v: 1 }),
    change('c', { a: '12', b: '3' }, { a: '12', b: '3', v: 2 }),
    change('c', { a: '1', b: null }, { a: '1', b: null, v: 3 }),
    change('c', { a: '1', b: 'null' }, { a: '1', b: 'null', v: 4 }),
  ])
  expect(table.current().column('v').toArray()).toEqual([3, 1, 4, 2])
})

test('a delete whose before-image is missing keeps its key', () => {
  const table = tableOf([change('d', { id: 1 }, null)])
  expect(table.changes().select('_op', 'id').rows()).toEqual([{ _op: 'd', id: 1 }])
})

test('a truncate empties the table of what came before it, by source position across partitions', () => {
  const table = tableOf([
    change('c', { id: 1 }, { id: 1 }, null, { partition: 0, source: position(100) }),
    truncate(position(200), 0),
    change('c', { id: 2 }, { id: 2 }, null, { partition: 0, source: position(300) }),
    change('c', { id: 3 }, { id: 3 }, null, { partition: 1, source: position(150) }),
    change('c', { id: 4 }, { id: 4 }, null, { partition: 1, source: position(250) }),
  ])
  expect(table.current().column('id').toArray()).toEqual([2, 4])
})

test('a truncate without a position empties the table of what was read before it', () => {
  const table = tableOf([change('c', { id: 1 }, { id: 1 }), truncate(), change('c', { id: 2 }, { id: 2 })])
  expect(table.current().column('id').toArray()).toEqual([2])
})

test('the current table equals a map from key to row, whatever happens to the rows', () => {
  const event = fc.record({
    op: fc.constantFrom('c', 'u', 'd', 'r', 'tombstone', 'redelivered'),
    id: fc.integer({ min: -3, max: 3 }),
    v: fc.option(fc.string()),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), events => {
      const builder = new TableBuilder({ topic: 't', kindOf: name => (name === 'v' ? 'text' : 'int') })
      const naive = new Map<number, Row>()
      for (const { op, id, v } of events) {
        const row = { id, v }
        if (op === 'redelivered') builder.append(change('u', { id }, row), 'redelivered')
        else if (op === 'tombstone') builder.append(tombstone({ id }), 'applied')
        else if (op === 'd') builder.append(change('d', { id }, null, row), 'applied')
        else builder.append(change(op as 'c', { id }, row), 'applied')
        if (op === 'd' || op === 'tombstone') naive.delete(id)
        else if (op !== 'redelivered') naive.set(id, row)
      }
      const expected = [...naive.values()].sort((a, b) => (a.id as number) - (b.id as number))
      expect(builder.finish().current().rows()).toEqual(expected)
    }),
  )
})

test('a key met in two partitions is counted', () => {
  const table = tableOf([
    change('c', { id: 1 }, { id: 1 }, null, { partition: 0 }),
    change('u', { id: 1 }, { id: 1 }, null, { partition: 1 }),
    change('u', { id: 1 }, { id: 1 }, null, { partition: 1 }),
    change('c', { id: 2 }, { id: 2 }, null, { partition: 1 }),
  ])
  expect(table.keysInSeveralPartitions).toBe(1)
})

test('the counts by operation add up to the records', () => {
  const table = tableOf([change('c', { id: 1 }, { id: 1 }), tombstone({ id: 1 }), quarantined('not JSON')])
  const ops = table.ops()
  expect(
    ops
      .filter(row => row.records > 0)
      .select('op', 'records')
      .rows(),
  ).toEqual([
    { op: 'c', records: 1 },
    { op: 'tombstone', records: 1 },
    { op: 'quarantined', records: 1 },
  ])
  expect(ops.rows().reduce((total, row) => total + row.records, 0)).toBe(table.counts.records)
})

test('changes say where each was read and where it stood in the log, in columns before those of the table', () => {
  const source = { ...position(154), gtid: 'uuid:7', time: 1_767_261_599_000 }
  const one = change('u', { id: 1 }, { id: 1, v: 'x' }, null, { partition: 2, source })
  const table = tableOf([{ ...one, transaction: { id: 'tx', totalOrder: 1, collectionOrder: 1 } }])
  expect(table.changes().rows()).toEqual([
    {
      _op: 'u',
      _status: 'applied',
      _partition: 2,
      _offset: one.offset,
      _timestamp: one.timestamp,
      _source_time: 1_767_261_599_000,
      _file: 'mysql-bin.000001',
      _pos: 154,
      _row: 0,
      _server: 1,
      _gtid: 'uuid:7',
      _transaction: 'tx',
      id: 1,
      v: 'x',
    },
  ])
})

test('a table with a column of such a name keeps it, and the position gets another underscore', () => {
  const changes = tableOf([change('c', { id: 1 }, { id: 1, _op: 'mine' })]).changes()
  expect(changes.select('__op', '_op').rows()).toEqual([{ __op: 'c', _op: 'mine' }])
})

test('quarantined records have position and reason', () => {
  const bad = quarantined('not JSON')
  expect(tableOf([bad]).quarantined().rows()).toEqual([
    { partition: 0, offset: bad.offset, timestamp: bad.timestamp, reason: 'not JSON' },
  ])
  expect(tableOf([]).quarantined().names).toEqual(['partition', 'offset', 'timestamp', 'reason'])
})

test('without a key there are changes, and a current table is refused', () => {
  const table = tableOf([change('c', null, { v: 1 })])
  expect(table.changes().column('v').toArray()).toEqual([1])
  expect(() => table.current()).toThrow('Expected the records of dbserver1.openmrs.t to have a key')
  expect(table.text()).toContain('no key')
})

test('a definition gives the key that records lack', () => {
  const definition = { key: ['id'], deleted: [], sensitive: [] }
  const table = tableOf([change('c', null, { id: 1, v: 1 }), change('u', null, { id: 1, v: 2 })], {
    definition,
  })
  expect(table.current().rows()).toEqual([{ id: 1, v: 2 }])
})

test('a table prints as its counts and its current rows, masked', () => {
  const table = tableOf([change('c', { id: 1 }, { id: 1, given_name: 'Amina' })])
  expect(inspect(table)).toMatch(/^dbserver1.openmrs.t: 1 record, key id\n/)
  expect(inspect(table)).toContain('•••')
  expect(JSON.stringify(table.mimeBundle())).not.toContain('Amina')
})

test('a topic without records is an empty table', () => {
  expect([tableOf([]).current().length, tableOf([]).changes().length]).toEqual([0, 0])
})
