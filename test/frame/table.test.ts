import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Change, SourcePosition } from '../../src/change/change.js'
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

describe('a key in two partitions', () => {
  const c = (partition: number, pos: number, v: string, server = 1) =>
    change('u', { id: 1 }, { id: 1, v }, null, { partition, source: { ...position(pos), serverId: server } })
  const d = (partition: number, pos: number) =>
    change('d', { id: 1 }, null, { id: 1, v: 'x' }, { partition, source: position(pos) })

  test.each<[string, Change[], unknown[]]>([
    ['the later place in the log wins, read first', [c(1, 300, 'new'), c(0, 100, 'old')], ['new']],
    ['the later place in the log wins, read last', [c(0, 100, 'old'), c(1, 300, 'new')], ['new']],
    ['a later delete wins', [d(1, 300), c(0, 100, 'old')], []],
    ['a delete’s tombstone has its place', [d(1, 300), tombstone({ id: 1 }, 1), c(0, 100, 'old')], []],
    ['an earlier delete does not', [c(1, 300, 'new'), d(0, 100), tombstone({ id: 1 }, 0)], ['new']],
  ])('%s', (_, changes, kept) => {
    const table = tableOf(changes)
    expect(table.current().column('v').toArray()).toEqual(kept)
    expect(table.keysInSeveralPartitions).toBe(1)
    expect(table.findings()).toMatchObject([
      { code: 'key-in-several-partitions', evidence: { count: 1 } },
      {},
    ])
  })

  test('places in the logs of two servers are refused, and the table shows its changes', () => {
    const table = tableOf([c(0, 100, 'a', 1), c(1, 300, 'b', 2)])
    expect(() => table.current()).toThrow(/several partitions.*Take a new snapshot/)
    expect(table.text()).toContain('_partition')
    expect(table.history({ id: 1 }).column('_partition').toArray()).toEqual([0, 1])
  })

  test('records without a place are refused', () => {
    const bare = (partition: number) => change('u', { id: 1 }, { id: 1 }, null, { partition })
    expect(() => tableOf([bare(0), bare(1)]).current()).toThrow('do not say which is newer')
  })

  test('a full snapshot after that decides', () => {
    const read = (snapshot: string) =>
      change('r', { id: 1 }, { id: 1, v: 'read' }, null, {
        partition: 1,
        source: { ...position(50), serverId: 0, snapshot, time: 5000 },
      })
    const other = (snapshot: string) =>
      change('r', { id: 2 }, { id: 2, v: 'read' }, null, {
        partition: 0,
        source: { ...position(50), serverId: 0, snapshot, time: 5000 },
      })
    const read0 = {
      partitions: [0, 1].map(partition => ({ partition, start: 0, from: 0, to: 9 })),
      whole: true,
      compacted: false,
    }
    const table = tableOf([c(0, 100, 'a', 1), c(1, 300, 'b', 2), other('first'), read('last')], {
      read: read0,
    })
    expect(table.current().column('v').toArray()).toEqual(['read', 'read'])
  })
})

describe('a record that could not be decoded', () => {
  const bad = (key: Row | null, source: SourcePosition | null = null): Change => ({
    ...quarantined('not JSON'),
    key,
    source,
  })

  test('takes its row out of the table until a later version can be', () => {
    const good = change('c', { id: 1 }, { id: 1, v: 'a' })
    const later = change('u', { id: 1 }, { id: 1, v: 'b' })
    expect(tableOf([good, bad({ id: 1 })]).current().length).toBe(0)
    expect(
      tableOf([good, bad({ id: 1 }), later])
        .current()
        .rows(),
    ).toEqual([{ id: 1, v: 'b' }])
    const table = tableOf([good, bad({ id: 1 })])
    expect(table.asOf({ offsets: { 0: good.offset + 1 } }).length).toBe(1)
    expect(table.history({ id: 1 }).select('_op', '_changed', '_present').rows()).toEqual([
      { _op: 'c', _changed: null, _present: true },
      { _op: 'quarantined', _changed: 'not JSON', _present: false },
    ])
  })

  test('is listed with its key, masked, and changes nothing without one', () => {
    const definition = { key: ['identifier'], deleted: [], sensitive: [] }
    const table = tableOf(
      [change('c', { identifier: 'x1' }, { identifier: 'x1' }), bad({ identifier: 'x1' }), bad(null)],
      {
        definition,
      },
    )
    expect(table.quarantined().column('key').toArray()).toEqual(['identifier •••', null])
    expect(table.changes().column('_op').toArray()).toEqual(['c', 'quarantined'])
  })
})

describe('a row that a definition counts as deleted', () => {
  const definition = { key: ['id'], deleted: ['voided'], sensitive: [] }
  const at = (pos: number): { source: SourcePosition } => ({ source: { ...position(pos), time: pos * 10 } })
  const changes = [
    change('c', { id: 1 }, { id: 1, voided: 0 }, null, at(100)),
    change('u', { id: 1 }, { id: 1, voided: 7 }, null, at(200)),
    change('u', { id: 1 }, { id: 1, voided: 0 }, null, at(300)),
  ]
  const table = tableOf(changes, { definition })

  test('is absent as of when it was voided and there again when that was taken back', () => {
    const rows = [1000, 2000, 3000].map(sourceTime => table.asOf({ sourceTime }).length)
    expect(rows).toEqual([1, 0, 1])
    expect(table.asOf({ sourceTime: 2000 }, { includeDeleted: true }).rows()).toEqual([{ id: 1, voided: 7 }])
  })

  test('is present or not in its history, removed and added in a difference, and no version', () => {
    expect(table.history({ id: 1 }).select('_changed', '_present').rows()).toEqual([
      { _changed: null, _present: true },
      { _changed: 'voided 0 → 7', _present: false },
      { _changed: 'voided 7 → 0', _present: true },
    ])
    expect(table.diff({ sourceTime: 1000 }, { sourceTime: 2000 }).column('_change').toArray()).toEqual([
      'removed',
    ])
    expect(table.diff({ sourceTime: 2000 }).column('_change').toArray()).toEqual(['added'])
    const inAll = table.diff({ sourceTime: 1000 }, { sourceTime: 2000 }, { includeDeleted: true })
    expect(inAll.column('_columns').toArray()).toEqual(['voided'])
    const versions = table.scd2().select('valid_from', 'valid_to').rows()
    expect(versions).toEqual([
      { valid_from: 1000, valid_to: 2000 },
      { valid_from: 3000, valid_to: null },
    ])
    expect(table.scd2({ includeDeleted: true }).length).toBe(3)
  })
})

describe('a row that changes its key', () => {
  test('goes from the old key to the new one, and the history of each names the other', () => {
    const table = tableOf([
      change('c', { id: 1 }, { id: 1, v: 'a' }),
      { ...change('d', { id: 1 }, null, { id: 1, v: 'a' }), newKey: { id: 2 } } as Change,
      tombstone({ id: 1 }),
      { ...change('c', { id: 2 }, { id: 2, v: 'a' }), oldKey: { id: 1 } } as Change,
    ])
    expect(table.current().rows()).toEqual([{ id: 2, v: 'a' }])
    expect(table.history({ id: 1 }).column('_moved_to').toArray()).toEqual([null, 'id 2', null])
    expect(table.history({ id: 2 }).column('_moved_from').toArray()).toEqual(['id 1'])
  })

  test('does so too where the key is a definition’s and its columns are updated', () => {
    const definition = { key: ['a', 'b'], deleted: [], sensitive: [] }
    const moved = [
      change('c', null, { a: 1, b: 1, v: 'x' }),
      change('u', null, { a: 1, b: 2, v: 'x' }, { a: 1, b: 1, v: 'x' }),
      change('c', null, { a: 1, b: 1, v: 'y' }),
      change('d', null, null, { a: 1, b: 1, v: 'y' }),
      tombstone(null),
    ]
    const table = tableOf(moved, { definition })
    expect(table.current().rows()).toEqual([{ a: 1, b: 2, v: 'x' }])
    expect(table.asOf({ offsets: { 0: moved[1]!.offset + 1 } }).rows()).toEqual([{ a: 1, b: 2, v: 'x' }])
    expect(table.history({ a: 1, b: 1 }).select('_op', '_present', '_moved_to').rows()).toEqual([
      { _op: 'c', _present: true, _moved_to: null },
      { _op: 'u', _present: false, _moved_to: 'a 1 · b 2' },
      { _op: 'c', _present: true, _moved_to: null },
      { _op: 'd', _present: false, _moved_to: null },
    ])
    expect(table.scd2({ clock: 'time' }).select('b', 'v').rows()).toEqual([
      { b: 1, v: 'x' },
      { b: 1, v: 'y' },
      { b: 2, v: 'x' },
    ])
  })
})

describe('a full snapshot taken again', () => {
  const log = (id: number, pos: number, partition = 0) =>
    change('c', { id }, { id }, null, { partition, source: { ...position(pos), time: pos } })
  const read = (id: number, snapshot: string, partition = 0) =>
    change('r', { id }, { id }, null, {
      partition,
      source: { ...position(500), serverId: 0, snapshot, time: 500 },
    })
  const whole = (partitions: number[]) => ({
    partitions: partitions.map(partition => ({ partition, start: 0, from: 0, to: 9 })),
    whole: true,
    compacted: false,
  })
  const ids = (table: Table): Value[] => table.current().column('id').toArray()

  test('makes rows gone that it did not find, once it was read to its end', () => {
    const begun = [log(1, 100), log(2, 200), read(1, 'first')]
    expect(ids(tableOf(begun, { read: whole([0]) }))).toEqual([1, 2])
    const table = tableOf([...begun, read(3, 'last')], { read: whole([0]) })
    expect(ids(table)).toEqual([1, 3])
    expect(table.findings().map(({ code }) => code)).toContain('rows-not-read-again')
    expect(table.history({ id: 2 }).select('_op', '_changed', '_present').rows().at(-1)).toEqual({
      _op: 'r',
      _changed: 'a full snapshot did not find it',
      _present: false,
    })
    expect(
      table
        .scd2()
        .filter(row => row.id === 2)
        .rows(),
    ).toEqual([{ id: 2, valid_from: 200, valid_to: 500 }])
  })

  test('one that was not read to its end is a finding', () => {
    const table = tableOf([log(1, 100), read(1, 'first_in_data_collection')])
    expect(table.findings().map(({ code }) => code)).toEqual(['snapshot-unfinished'])
  })

  test('one of an old connector is complete when changes of the log follow', () => {
    const begun = [log(1, 100), log(2, 200), read(1, 'true')]
    expect(ids(tableOf(begun))).toEqual([1, 2])
    expect(ids(tableOf([...begun, log(3, 600)]))).toEqual([1, 3])
  })

  test('an incremental one makes nothing gone', () => {
    const table = tableOf([
      log(1, 100),
      log(2, 200),
      change('r', { id: 1 }, { id: 1 }, null, { source: { ...position(300), snapshot: 'incremental' } }),
      log(3, 600),
    ])
    expect(ids(table)).toEqual([1, 2, 3])
  })

  test('waits in each partition for what shows that it is past it', () => {
    const changes = [
      log(1, 100),
      log(2, 200, 1),
      log(4, 250, 1),
      read(1, 'first'),
      read(3, 'last'),
      read(4, 'true', 1),
    ]
    expect(ids(tableOf(changes))).toEqual([1, 2, 3, 4])
    expect(ids(tableOf([...changes, log(6, 600, 1)]))).toEqual([1, 3, 4, 6])
    expect(ids(tableOf(changes, { read: whole([0, 1]) }))).toEqual([1, 3, 4])
  })

  test('takes the rows of a partition in which it found none, where place and time agree', () => {
    const changes = [log(1, 100), log(2, 200, 1), read(1, 'first'), read(3, 'last'), log(5, 600)]
    expect(ids(tableOf(changes, { read: whole([0, 1]) }))).toEqual([1, 3, 5])
    expect(ids(tableOf([...changes, log(6, 700, 1)]))).toEqual([1, 3, 5, 6])
    const elsewhere = change('c', { id: 2 }, { id: 2 }, null, {
      partition: 1,
      source: { ...position(200), serverId: 9, time: 200 },
    })
    expect(ids(tableOf([changes[0]!, elsewhere, ...changes.slice(2)], { read: whole([0, 1]) }))).toEqual([
      1, 2, 3, 5,
    ])
  })
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

test('quarantined records have position, key and reason', () => {
  const bad = quarantined('not JSON')
  expect(tableOf([bad]).quarantined().rows()).toEqual([
    { partition: 0, offset: bad.offset, timestamp: bad.timestamp, key: null, reason: 'not JSON' },
  ])
  expect(tableOf([]).quarantined().names).toEqual(['partition', 'offset', 'timestamp', 'key', 'reason'])
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
