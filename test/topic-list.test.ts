import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ObslabError } from '../src/errors.js'
import { connect, type Lab } from '../src/lab.js'
import { RecordReader } from '../src/source/record.js'
import type { BatchChunk, ReadRequest, Source, TopicOffsets } from '../src/source/source.js'
import { listTopics, type TopicRow } from '../src/topic-list.js'
import { WrittenSource } from './source/written-source.js'

describe.each(['datasets/openmrs', 'datasets/openmrs-schemas'])('the topics of %s', folder => {
  let lab: Lab
  let rows: TopicRow[]
  beforeAll(async () => {
    lab = await connect(folder)
    rows = (await lab.topics()).rows()
  }, 60_000)
  afterAll(() => lab.close())

  test('are tables, signals, schema changes, transactions and heartbeats', () => {
    const kinds = Object.fromEntries(rows.map(({ topic, kind }) => [topic, kind]))
    expect(kinds).toMatchObject({
      dbserver1: 'schema-changes',
      'dbserver1.transaction': 'transactions',
      '__debezium-heartbeat.dbserver1': 'heartbeats',
      'dbserver1.openmrs.debezium_signal': 'signals',
    })
    expect(Object.values(kinds).filter(kind => kind === 'table')).toHaveLength(14)
  })

  test('have the records, the bytes of the files and the oldest and newest times that reading them whole gives', async () => {
    const folders = await readdir(folder)
    for (const { topic, records, bytes, oldest, newest, bytes_estimated } of rows) {
      const times: number[] = []
      const [offsets] = await lab.source.topics([topic])
      for (const { partition, start: from, stable: to } of offsets!.partitions) {
        const range = { topic, partition, from, to }
        const reader = new RecordReader(topic, partition, range)
        const own: number[] = []
        for await (const chunk of lab.source.read({ ranges: [range] }))
          own.push(...reader.read(chunk).map(({ timestamp }) => timestamp))
        times.push(own[0]!, own.at(-1)!)
        expect(own.every(time => time >= own[0]!)).toBe(true)
      }
      let size = 0
      for (const name of folders.filter(name => name.replace(/-\d+$/, '') === topic))
        for (const file of await readdir(join(folder, name)))
          size += (await stat(join(folder, name, file))).size
      expect({ topic, bytes, oldest, bytes_estimated }).toEqual({
        ...{ topic, bytes: size, oldest: Math.min(...times), bytes_estimated: false },
      })
      expect(newest).toBeGreaterThanOrEqual(Math.max(...times))
      expect(records).toBe(offsets!.partitions.reduce((sum, { start, end }) => sum + end - start, 0))
    }
  })

  test('say how they are written and which connector wrote them', () => {
    const format = folder.endsWith('schemas') ? 'json+schema' : 'json'
    const obs = rows.find(({ topic }) => topic === 'dbserver1.openmrs.obs')
    expect(obs).toMatchObject({ connector: 'mysql', prefix: 'dbserver1', server: 223344, partitions: 3 })
    for (const { key, value, topic, prefix } of rows) {
      expect({ topic, key, value }).toEqual({ topic, key: format, value: format })
      expect(prefix).toBe('dbserver1')
    }
  })

  test('fit in 110 characters with what they are, how many and how large, and the newest', async () => {
    const [names] = (await lab.topics()).text({ width: 110 }).split('\n')
    expect(names!.trim().split(/ +/)).toEqual(['topic', 'kind', 'partitions', 'records', 'bytes', 'newest'])
  })
})

const record = (offset: number, key: string | null, value: string | null, timestamp = 1_000 + offset) => ({
  ...{ offset, timestamp, headers: [] },
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
})

test('topics of every other make are told as what they are (constructed)', async () => {
  const avro = String.fromCharCode(0, 0, 0, 0, 7, 2, 4)
  const source = new WrittenSource({
    'a.db.t': { records: [record(0, avro, avro)] },
    a: { records: [record(0, avro, avro)] },
    'my-connect-configs': { records: [], cleanupPolicy: 'compact' },
    notes: { records: [record(4, 'k', 'hello'), record(5, null, null)] },
    unwrapped: { records: [record(0, '{"id":1}', '{"id":1,"__op":"c","__source_server_id":7}')] },
    signals: {
      records: [
        record(
          0,
          '{"id":"x"}',
          '{"op":"c","before":null,"after":{"id":"x","type":"log","data":"{}"},"source":{}}',
        ),
      ],
    },
  })
  const rows = (await listTopics(source)).rows()
  const told = rows.map(({ topic, kind, key, value, records }) => [topic, kind, key, value, records])
  expect(told).toEqual([
    ['a', 'schema-changes', 'avro', 'avro', 1],
    ['a.db.t', 'table', 'avro', 'avro', 1],
    ['my-connect-configs', 'connect-internal', 'none', 'none', 0],
    ['notes', 'unknown', 'text', 'text', 2],
    ['signals', 'signals', 'json', 'json', 1],
    ['unwrapped', 'table', 'json', 'unwrapped json', 1],
  ])
  expect(rows[2]).toMatchObject({ bytes: 0, oldest: null, newest: null, cleanup: 'compact' })
  expect(rows[3]).toMatchObject({ oldest: 1_004, newest: 1_005 })
})

test('where the source does not tell sizes they are reckoned from batches, and marked (constructed)', async () => {
  const records = Array.from({ length: 100 }, (_, i) => record(i, `${i % 10}`, 'x'.repeat(50)))
  const source = new WrittenSource({ 'a.b.c': { records } })
  let size = 0
  for await (const { bytes } of source.read({ ranges: [{ topic: 'a.b.c', partition: 0, from: 0, to: 100 }] }))
    size += bytes.length
  const [row] = (await listTopics(source)).rows()
  expect(row!.bytes_estimated).toBe(true)
  expect(Math.abs(row!.bytes! - size)).toBeLessThan(size * 0.05)
})

test('a first record that was compacted away is looked for further on (constructed)', async () => {
  const whole = new WrittenSource({
    'a.b.c': { records: [record(5, 'k', 'hello', 500), record(9, 'k', 'you', 900)] },
  })
  const source: Source = Object.assign(Object.create(whole) as Source, {
    topics: async (): Promise<TopicOffsets[]> => [
      {
        topic: 'a.b.c',
        cleanupPolicy: 'compact',
        partitions: [{ partition: 0, start: 0, stable: 40, end: 40 }],
      },
    ],
    read: (request: ReadRequest) => whole.read(request),
  })
  expect((await listTopics(source)).row(0)).toMatchObject({ oldest: 500, newest: 900, value: 'text' })
})

test('a topic that may not be read is told by its name, and the others are read (constructed)', async () => {
  const names = ['a.b.allowed', 'a.b.refused', 'a.b.too']
  const whole = new WrittenSource(
    Object.fromEntries(names.map(name => [name, { records: [record(0, '{"id":1}', 'hello')] }])),
  )
  async function* read(request: ReadRequest): AsyncGenerator<BatchChunk> {
    if (request.ranges.some(({ topic }) => topic === 'a.b.refused'))
      throw new ObslabError('broker-refused', 'TOPIC_AUTHORIZATION_FAILED')
    yield* whole.read(request)
  }
  const source: Source = Object.assign(Object.create(whole) as Source, {
    topics: (asked?: readonly string[]) => whole.topics(asked),
    read,
  })
  expect((await listTopics(source)).rows().map(({ kind, value }) => [kind, value])).toEqual([
    ['unknown', 'text'],
    ['table', 'none'],
    ['unknown', 'text'],
  ])
})

test('a find looks in tables, and not into signals', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  await expect(lab.find({ type: 'log' })).rejects.toMatchObject({ code: 'column-unknown' })
  await lab.close()
})
