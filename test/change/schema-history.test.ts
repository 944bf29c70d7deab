import { describe, expect, test } from 'vitest'
import type { SourcePosition } from '../../src/change/change.js'
import type { TableChange } from '../../src/change/message.js'
import { SchemaHistory } from '../../src/change/schema-history.js'
import { readRecording } from './recordings/read.js'

describe('a recorded schema-change topic', async () => {
  const records = (await readRecording('plain')).get('plain') ?? []
  const history = SchemaHistory.from(records)

  test('gives the timeline of a table with the DDL', () => {
    const timeline = history.timeline('obslab_capture', 'altered')
    expect(
      timeline.map(({ ddl, columns }) => [ddl?.slice(0, 12), columns.map(({ name }) => name).join()]),
    ).toEqual([
      ['DROP TABLE I', ''],
      ['CREATE TABLE', 'id,amount,at,note'],
      ['ALTER TABLE ', 'id,amount,at,note'],
      ['ALTER TABLE ', 'id,amount,flag,at,note'],
      ['ALTER TABLE ', 'id,amount,flag2,at,note,yes'],
      ['ALTER TABLE ', 'id,amount,flag2,at,note,yes'],
      ['ALTER TABLE ', 'id,amount,at,note,yes'],
    ])
    expect(timeline.at(-1)?.columns.map(({ mysqlType }) => mysqlType)).toEqual([
      'BIGINT',
      'DECIMAL(12,3)',
      'DATETIME(6)',
      'VARCHAR(64)',
      'BOOLEAN',
    ])
    expect(history.timeline('obslab_capture', 'altered').at(-1)?.key).toEqual(['id'])
  })

  test('keeps nullability and comments', () => {
    const columns = history.columnsAt('obslab_capture', 'types', null)
    expect(columns?.find(({ name }) => name === 'note')).toMatchObject({
      comment: 'what the row is for',
      nullable: true,
    })
    expect(columns?.find(({ name }) => name === 'id')).toMatchObject({ nullable: false })
  })

  test('read twice is the same as read once', () => {
    const twice = SchemaHistory.from([...records, ...records])
    expect(twice.timeline('obslab_capture', 'altered')).toEqual(history.timeline('obslab_capture', 'altered'))
  })

  test('knows nothing of other tables', () => {
    expect(history.columnsAt('obslab_capture', 'nothing', null)).toBeNull()
    expect(history.timeline('other', 'altered')).toEqual([])
  })
})

describe('versions by position (constructed)', () => {
  const position = (pos: number, time: number): SourcePosition => ({
    file: 'bin.000001',
    pos,
    row: 0,
    serverId: 1,
    gtid: null,
    snapshot: 'false',
    time,
  })
  const table = (type: TableChange['type'], ...columns: string[]): TableChange => ({
    type,
    database: 'd',
    table: 't',
    previous: null,
    key: [],
    columns: columns.map(name => ({ name, typeName: 'INT' })),
  })
  const names = (history: SchemaHistory, at: SourcePosition | null): string | undefined =>
    history
      .columnsAt('d', 't', at)
      ?.map(({ name }) => name)
      .join()

  test('the last version at or before a position holds, before the first the first', () => {
    const history = new SchemaHistory()
    history.add({ source: position(10, 1), ddl: 'a', tables: [table('CREATE', 'a')] })
    history.add({ source: position(20, 2), ddl: 'b', tables: [table('ALTER', 'a', 'b')] })
    expect([4, 10, 19, 20, 90].map(pos => names(history, position(pos, 9)))).toEqual([
      'a',
      'a',
      'a',
      'a,b',
      'a,b',
    ])
    expect(names(history, null)).toBe('a')
  })

  test('a dropped table keeps its last columns for rows that are read late', () => {
    const history = new SchemaHistory()
    history.add({ source: position(10, 1), ddl: 'a', tables: [table('CREATE', 'a')] })
    history.add({ source: position(20, 2), ddl: 'b', tables: [table('DROP')] })
    expect(names(history, position(30, 3))).toBe('a')
  })

  test('where positions go back, the time tells which log is meant', () => {
    const history = new SchemaHistory()
    history.add({ source: position(500, 100), ddl: 'a', tables: [table('CREATE', 'a')] })
    history.add({ source: position(900, 200), ddl: 'b', tables: [table('ALTER', 'a', 'b')] })
    history.add({ source: position(10, 300), ddl: 'c', tables: [table('CREATE', 'c')] })
    expect(names(history, position(950, 250))).toBe('a,b')
    expect(names(history, position(950, 350))).toBe('c')
    expect(names(history, position(600, 150))).toBe('a')
  })

  test('a renamed table goes on under its new name', () => {
    const history = new SchemaHistory()
    history.add({ source: position(10, 1), ddl: 'a', tables: [{ ...table('CREATE', 'a'), table: 'old' }] })
    history.add({
      source: position(20, 2),
      ddl: 'b',
      tables: [{ ...table('ALTER', 'a'), previous: { database: 'd', table: 'old' } }],
    })
    expect(names(history, position(30, 3))).toBe('a')
    expect(history.timeline('d', 'old').map(({ columns }) => columns.length)).toEqual([1, 0])
  })
})
