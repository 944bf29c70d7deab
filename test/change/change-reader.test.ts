import { describe, expect, test } from 'vitest'
import type { RowChange } from '../../src/change/change.js'
import { ChangeReader } from '../../src/change/change-reader.js'
import { SchemaHistory } from '../../src/change/schema-history.js'
import type { KafkaRecord } from '../../src/source/record.js'
import { readRecording } from './recordings/read.js'

const plain = await readRecording('plain')
const history = SchemaHistory.from(plain.get('plain') ?? [])
const moved = plain.get('plain.obslab_capture.moved') ?? []

function record(key: unknown, value: unknown, offset = 0): KafkaRecord {
  const bytes = (json: unknown): Buffer | null =>
    json === null ? null : Buffer.from(typeof json === 'string' ? json : JSON.stringify(json))
  return {
    topic: 'p.d.t',
    partition: 0,
    offset,
    timestamp: 5,
    key: bytes(key),
    value: bytes(value),
    headers: [],
  }
}

const source = { connector: 'mysql', db: 'd', table: 't', file: 'bin.1', pos: 4, ts_ms: 1, server_id: 1 }
const change = (op: string, after: object | null, pos = 4, before: object | null = null): object => ({
  op,
  before,
  after,
  source: { ...source, pos },
})

describe('reading a recorded topic', () => {
  test('a change of a primary key is a delete, its tombstone and a create, linked by their keys', () => {
    const reader = new ChangeReader('plain.obslab_capture.moved', { history })
    const changes = moved.map(record => reader.read(record).change)
    const at = changes.findIndex(change => change.kind === 'row' && change.op === 'd' && change.key?.id === 3)
    const [gone, tombstone, come] = changes.slice(at, at + 3) as [
      RowChange,
      { kind: string; key: object },
      RowChange,
    ]
    expect([gone.key, tombstone.kind, tombstone.key, come.op, come.key]).toEqual([
      { id: 3 },
      'tombstone',
      { id: 3 },
      'c',
      { id: 4 },
    ])
    expect([gone.newKey, gone.oldKey, come.newKey, come.oldKey]).toEqual([{ id: 4 }, null, null, { id: 3 }])
    const linked = changes.filter(
      change => change.kind === 'row' && (change.newKey ?? change.oldKey) !== null,
    )
    expect(linked).toEqual([gone, come])
    expect([gone.source, gone.transaction?.id]).toEqual([come.source, come.transaction?.id])
    expect([gone.transaction?.totalOrder, come.transaction?.totalOrder]).toEqual([1, 2])
  })

  test('delivered again from any record on, it changes nothing and the counts add up', () => {
    for (let from = 0; from < moved.length; from++) {
      if (moved[from]?.value === null) continue
      const reader = new ChangeReader('plain.obslab_capture.moved', { history })
      for (const record of moved) reader.read(record)
      const once = reader.counts
      expect(once).toMatchObject({ records: moved.length, redelivered: 0 })
      for (const record of moved.slice(from)) reader.read(record)
      const { records, ...rest } = reader.counts
      expect(records).toBe(moved.length * 2 - from)
      expect(Object.values(rest).reduce((sum, count) => sum + count, 0)).toBe(records)
    }
  })

  test('other topics of Debezium give their own kinds', () => {
    const kinds = (topic: string): Set<string> => {
      const reader = new ChangeReader(topic)
      return new Set((plain.get(topic) ?? []).map(record => reader.read(record).change.kind))
    }
    expect(kinds('plain')).toEqual(new Set(['schema-change']))
    expect(kinds('plain.transaction')).toEqual(new Set(['transaction']))
  })

  test('a transaction’s end says how many events it had in which tables', () => {
    const reader = new ChangeReader('plain.transaction')
    const ends = (plain.get('plain.transaction') ?? []).map(record => reader.read(record).change)
    const largest = ends.find(end => end.kind === 'transaction' && end.tables.length === 2)
    expect(largest).toMatchObject({ status: 'END', eventCount: 4 })
    expect(reader.counts.messages).toBe(ends.length)
  })
})

describe('reading constructed records', () => {
  test('what cannot be decoded is quarantined with its position and a reason that hides the value', () => {
    const reader = new ChangeReader('p.d.t', {
      definition: { columns: [{ name: 'id', nullable: false, kind: 'bigint' }] },
    })
    const bad = [
      record({ id: 1 }, 'Mary', 7),
      record({ id: 1 }, change('c', { id: 'Mary' }), 8),
      record('"Mary"', change('c', { id: 1 }), 9),
      record('{', null, 10),
    ]
    const changes = bad.map(record => reader.read(record).change)
    expect(changes.map(change => [change.kind, change.offset])).toEqual(
      [7, 8, 9, 10].map(offset => ['quarantined', offset]),
    )
    expect(
      JSON.stringify(changes, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    ).not.toContain('Mary')
    expect(reader.counts).toMatchObject({ records: 4, quarantined: 4, c: 0 })
  })

  test('what cannot be decoded keeps its key and its position, as far as they can be', () => {
    const reader = new ChangeReader('p.d.t')
    const read = (key: unknown, value: unknown): unknown => {
      const { change } = reader.read(record(key, value))
      return change.kind === 'quarantined' ? [change.key, change.source?.pos ?? null] : change.kind
    }
    expect(read({ id: 1 }, change('c', { id: 1 }))).toBe('row')
    expect([
      read({ id: 1 }, 'Mary'),
      read({ id: 1 }, change('x', { id: 1 }, 9)),
      read('"Mary"', change('u', { id: 1 }, 10)),
      read(null, change('u', null, 11)),
    ]).toEqual([
      [{ id: 1 }, null],
      [{ id: 1 }, 9],
      [null, 10],
      [null, 11],
    ])
  })

  test('what cannot be decoded and was delivered before is marked, and counted as quarantined', () => {
    const reader = new ChangeReader('p.d.t')
    const read = (value: object): boolean => reader.read(record({ id: 1 }, value)).redelivered
    const bad = change('x', { id: 1 }, 4)
    expect([read(bad), read(change('u', { id: 1 }, 9)), read(bad)]).toEqual([false, false, true])
    expect(reader.counts).toMatchObject({ records: 3, u: 1, quarantined: 2, redelivered: 0 })
  })

  test('a row that its definition refuses is quarantined with what the definition says of after, not of before', () => {
    const seen: unknown[] = []
    const check = (row: object, columns: unknown): string | null => {
      seen.push(columns)
      return 'bad' in row && row.bad === 1 ? 'Expected no bad row.' : null
    }
    const reader = new ChangeReader('p.d.t', { definition: { columns: [], check } })
    const read = (bad: number, before: object | null): unknown =>
      reader.read(record({ id: 1 }, change('u', { id: 1, bad }, 4 + bad, before))).change
    expect(read(1, null)).toMatchObject({
      kind: 'quarantined',
      reason: 'Expected no bad row.',
      key: { id: 1 },
      source: { pos: 5 },
    })
    expect(read(0, { id: 1, bad: 1 })).toMatchObject({ kind: 'row', before: { bad: 1 }, after: { bad: 0 } })
    expect(seen.at(-1)).toBe(reader.columns)
  })

  test('columns that only values speak of widen as larger values come', () => {
    const reader = new ChangeReader('p.d.t')
    const rows = [1, 1.5, null].map(
      (v, i) => reader.read(record({ id: i }, change('c', { id: i, v }, i + 4))).change as RowChange,
    )
    expect(rows.map(({ after }) => after?.v)).toEqual([1, 1.5, null])
    expect(reader.columns.map(({ name, kind, origin }) => [name, kind, origin])).toEqual([
      ['id', 'int', 'inferred'],
      ['v', 'double', 'inferred'],
    ])
  })

  test('a message and a truncate are counted apart from rows', () => {
    const reader = new ChangeReader('p.d.t')
    reader.read(record(null, { ...change('m', null), message: { prefix: 'a' } }))
    reader.read(record(null, change('t', null)))
    expect(reader.counts).toMatchObject({ records: 2, messages: 1, truncates: 1 })
  })

  test('a tombstone before any row still has its key', () => {
    const reader = new ChangeReader('p.d.t')
    expect(reader.read(record({ id: 9007199254740992 + 2 }, null)).change).toMatchObject({
      kind: 'tombstone',
    })
    expect(reader.read(record('{"id":9007199254740993}', null)).change).toMatchObject({
      key: { id: 9007199254740993n },
    })
    expect(reader.keyColumns).toMatchObject([{ name: 'id', kind: 'bigint', origin: 'inferred' }])
  })
})
