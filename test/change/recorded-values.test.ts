import { describe, expect, test } from 'vitest'
import { ChangeReader } from '../../src/change/change-reader.js'
import type { ColumnType, Row } from '../../src/change/column-type.js'
import type { TopicEvent } from '../../src/change/message.js'
import { SchemaHistory } from '../../src/change/schema-history.js'
import type { KafkaRecord } from '../../src/source/record.js'
import { mysqlRow, sameForm } from './mysql-text.js'
import { type RecordingName, readExpected, readRecording } from './recordings/read.js'

const expected = await readExpected()
const recordings = {
  plain: await readRecording('plain'),
  schema: await readRecording('schema'),
  modes: await readRecording('modes'),
  unwrapped: await readRecording('unwrapped'),
}

/** The rows at the end of a topic, each as text by column, and the columns of the last row. */
function finalRows(
  name: RecordingName,
  table: string,
  withDdl: boolean,
): { rows: Record<string, string | null>[]; reader: ChangeReader } {
  const recording = recordings[name]
  const topic = `${name}.obslab_capture.${table}`
  const history = withDdl ? SchemaHistory.from(recording.get(name) ?? []) : null
  const reader = new ChangeReader(topic, { history })
  const rows = new Map<string, Record<string, string | null>>()
  for (const record of recording.get(topic) ?? []) apply(rows, reader, record)
  return { rows: [...rows.values()], reader }
}

function apply(
  rows: Map<string, Record<string, string | null>>,
  reader: ChangeReader,
  record: KafkaRecord,
): void {
  const { change } = reader.read(record)
  if (change.kind === 'truncate') rows.clear()
  if (change.kind !== 'row' && change.kind !== 'tombstone') return
  const gone = change.kind === 'tombstone' || change.after === null
  for (const key of keysOf(change)) {
    if (gone) rows.delete(key)
    else rows.set(key, mysqlRow(change.after as Row, reader.columns))
  }
}

function keysOf(change: TopicEvent): string[] {
  if (change.kind !== 'row' && change.kind !== 'tombstone') return []
  return change.key === null ? [] : [Object.values(change.key).map(String).join()]
}

function storedRows(table: string, columns: readonly ColumnType[]): Record<string, string | null>[] {
  return (expected[table] ?? []).map(row =>
    Object.fromEntries(columns.map(column => [column.name, sameForm(row[column.name] ?? null, column)])),
  )
}

describe('what a recorded connector wrote', () => {
  test.each([
    ['plain', true],
    ['schema', true],
    ['schema', false],
    ['unwrapped', true],
  ] as const)('%s, with the DDL topic %s: rows of every type equal what MySQL stores', (name, withDdl) => {
    const { rows, reader } = finalRows(name, 'types', withDdl)
    expect(reader.counts).toMatchObject({ records: 10, c: 4, u: 2, r: 4, quarantined: 0 })
    // Debezium writes a BIGINT UNSIGNED above 2^63 as a negative number; only the DDL tells that it is one.
    const columns = reader.columns.filter(({ name }) => withDdl || name !== 'bu')
    const kept = rows.map(row => Object.fromEntries(columns.map(({ name }) => [name, row[name]])))
    expect(kept).toEqual(storedRows('types', columns))
  })

  test('under other settings of the connector, rows equal what MySQL stores but for what Debezium does not write', () => {
    const { rows, reader } = finalRows('modes', 'types', true)
    // time.precision.mode=connect has no TIME below 0 or from 24 h, nor microseconds; hex binaries come as plain text.
    const lossy = ['dt6', 't', 't3', 't6', 'vb', 'tb', 'bl', 'mb', 'lb', 'bi']
    const columns = reader.columns.filter(column => !lossy.includes(column.name))
    expect(reader.counts.quarantined).toBe(0)
    const kept = rows.map(row => Object.fromEntries(columns.map(({ name }) => [name, row[name]])))
    expect(kept).toEqual(storedRows('types', columns))
  })

  test('told binary.handling.mode=hex, binaries equal what MySQL stores', () => {
    const recording = recordings.modes
    const history = SchemaHistory.from(recording.get('modes') ?? [], { binary: 'hex' })
    const reader = new ChangeReader('modes.obslab_capture.types', { history })
    const rows = new Map<string, Record<string, string | null>>()
    for (const record of recording.get('modes.obslab_capture.types') ?? []) apply(rows, reader, record)
    const columns = reader.columns.filter(({ name }) => ['vb', 'tb', 'bl', 'mb', 'lb', 'bi'].includes(name))
    expect(columns.map(({ kind }) => kind)).toEqual(Array(6).fill('bytes'))
    const kept = [...rows.values()].map(row =>
      Object.fromEntries(columns.map(({ name }) => [name, row[name]])),
    )
    expect(kept).toEqual(storedRows('types', columns))
  })

  test.each(['moved', 'two_keys', 'emptied', 'big_keys'])(
    'table %s ends with the rows that MySQL has, with schema and without',
    table => {
      for (const name of ['plain', 'schema'] as const) {
        const { rows, reader } = finalRows(name, table, true)
        expect(rows).toHaveLength(expected[table]?.length ?? -1)
        expect(rows).toEqual(expect.arrayContaining(storedRows(table, reader.columns)))
      }
    },
  )

  test('a column whose type changed keeps the type of its moment, in before too', () => {
    for (const name of ['plain', 'schema'] as const) {
      const recording = recordings[name]
      const topic = `${name}.obslab_capture.altered`
      const reader = new ChangeReader(topic, { history: SchemaHistory.from(recording.get(name) ?? []) })
      const seen = (recording.get(topic) ?? []).map(record => {
        const { change } = reader.read(record)
        if (change.kind !== 'row') throw new Error('Only rows were expected.')
        return [change.op, change.key?.id, change.before?.amount, change.after?.amount, change.after?.at]
      })
      const at = Date.parse('2026-01-02T10:11:12Z')
      expect(seen).toEqual([
        ['r', 1, undefined, 71.25, at],
        ['r', 2, undefined, 60, null],
        ['u', 2, 60, 60, null],
        ['u', 1, '71.250', '72.125', at],
        ['u', 1, '72.125', '72.125', at + 0.013],
        ['u', 1, '72.125', '72.125', at + 0.013],
        ['c', 9007199254740993n, undefined, '0.001', null],
        ['u', 1n, '72.125', '72.125', at + 0.013],
      ])
    }
  })

  test('an INT UNSIGNED is a number where the DDL is known, a bigint where only the schema speaks', () => {
    const kinds = (withDdl: boolean): (string | undefined)[] => {
      const { reader } = finalRows('schema', 'types', withDdl)
      return ['iu', 'b', 'bu'].map(name => reader.columns.find(column => column.name === name)?.kind)
    }
    expect(kinds(true)).toEqual(['int', 'bigint', 'bigint'])
    expect(kinds(false)).toEqual(['bigint', 'bigint', 'bigint'])
  })

  test('the largest BIGINT UNSIGNED, which Debezium writes as -1, is itself where the DDL is known', () => {
    const { rows } = finalRows('plain', 'types', true)
    expect(rows[0]?.bu).toBe('18446744073709551615')
  })

  test('without schema and DDL, what is not recognised is as it was written, marked as inferred', () => {
    const { rows, reader } = finalRows('plain', 'types', false)
    expect(reader.counts.quarantined).toBe(0)
    expect(rows[0]).toMatchObject({
      d: '20513',
      de: 'SZYC0g==',
      b: '9007199254740993',
      ts: '2026-03-01T12:34:56Z',
    })
    expect(new Set(reader.columns.map(({ origin }) => origin))).toEqual(new Set(['inferred']))
  })

  test('a table without a key has null keys, on its tombstones too', () => {
    const reader = new ChangeReader('plain.obslab_capture.no_key')
    const changes = (recordings.plain.get('plain.obslab_capture.no_key') ?? []).map(
      record => reader.read(record).change,
    )
    expect(changes.map(change => [change.kind, (change as { key: Row | null }).key])).toEqual([
      ['row', null],
      ['row', null],
      ['row', null],
      ['row', null],
      ['tombstone', null],
    ])
  })

  test('all records of all topics are told apart, and the counts add up', () => {
    for (const [name, recording] of Object.entries(recordings)) {
      for (const [topic, records] of recording) {
        const reader = new ChangeReader(topic, { history: SchemaHistory.from(recording.get(name) ?? []) })
        for (const record of records) reader.read(record)
        const { records: read, ...rest } = reader.counts
        expect(read).toBe(records.length)
        expect(Object.values(rest).reduce((sum, count) => sum + count, 0)).toBe(read)
        expect(rest.quarantined).toBe(0)
      }
    }
  })
})
