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
  test('a change of a primary key is a delete, its tombstone and a create, with the headers that link them', () => {
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
    const names = (change: RowChange): string[] => change.headers.map(({ key }) => key)
    expect([names(gone), names(come)]).toEqual([
      expect.arrayContaining(['__debezium.newkey']),
      expect.arrayContaining(['__debezium.oldkey']),
    ])
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
    expect(JSON.stringify(changes)).not.toContain('Mary')
    expect(reader.counts).toMatchObject({ records: 4, quarantined: 4, c: 0 })
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
