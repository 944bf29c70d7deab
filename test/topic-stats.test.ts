import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { topic } from '../src/change/topic.js'
import { connect, Lab } from '../src/lab.js'
import { type KafkaRecord, RecordReader } from '../src/source/record.js'
import type { TopicStats } from '../src/topic-stats.js'
import { WrittenSource } from './source/written-source.js'

async function recordsOf(lab: Lab, topic: string): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = []
  const [offsets] = await lab.source.topics([topic])
  for (const { partition, start: from, stable: to } of offsets!.partitions) {
    const range = { topic, partition, from, to }
    const reader = new RecordReader(topic, partition, range)
    for await (const chunk of lab.source.read({ ranges: [range] })) records.push(...reader.read(chunk))
  }
  return records
}

const quantile = (sizes: readonly number[], share: number): number | undefined =>
  [...sizes].sort((a, b) => a - b)[Math.ceil(share * sizes.length) - 1]
const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0)
const payloadOf = (bytes: Uint8Array): { payload?: unknown } => JSON.parse(Buffer.from(bytes).toString())

describe.each(['datasets/openmrs', 'datasets/openmrs-schemas'])('what is counted of obs in %s', folder => {
  const name = 'dbserver1.openmrs.obs'
  let lab: Lab
  let stats: TopicStats
  let records: KafkaRecord[]
  beforeAll(async () => {
    lab = await connect(folder)
    stats = await lab.stats('obs')
    records = await recordsOf(lab, name)
  }, 60_000)
  afterAll(() => lab.close())

  test('are the sizes of keys, values and headers of its records', () => {
    const headers = records.map(({ headers }) =>
      sum(headers.map(({ key, value }) => Buffer.byteLength(key) + (value?.length ?? 0))),
    )
    const parts = {
      key: records.flatMap(({ key }) => (key === null ? [] : [key.length])),
      value: records.flatMap(({ value }) => (value === null ? [] : [value.length])),
      headers,
      record: records.map(({ key, value }, i) => (key?.length ?? 0) + (value?.length ?? 0) + headers[i]!),
    }
    const sizes = new Map(
      stats
        .sizes()
        .rows()
        .map(row => [row.part, row]),
    )
    for (const [part, expected] of Object.entries(parts)) {
      expect(sizes.get(part)).toMatchObject({
        ...{ records: expected.length, bytes: sum(expected), max: Math.max(...expected) },
        ...{ p50: quantile(expected, 0.5), p90: quantile(expected, 0.9), p99: quantile(expected, 0.99) },
      })
    }
    expect([stats.records, stats.bytes]).toEqual([records.length, sum(parts.record)])
  })

  test('is the share of schema blocks', () => {
    const payloads = records.flatMap(({ key, value }) => [key, value]).filter(bytes => bytes !== null)
    const overhead = sum(
      payloads.map(bytes => {
        const { payload } = payloadOf(bytes)
        return payload === undefined
          ? 0
          : Buffer.from(bytes).indexOf(',"payload":') + ',"payload":'.length + 1
      }),
    )
    expect(stats.schemaShare).toBeCloseTo(overhead / sum(payloads.map(bytes => bytes.length)), 12)
    expect(stats.schemaShare > 0.8).toBe(folder.endsWith('schemas'))
    const blocks = stats
      .sizes()
      .rows()
      .filter(({ part }) => part.startsWith('schema of '))
    expect(sum(blocks.map(({ bytes }) => bytes))).toBe(overhead)
  })

  test('are distinct keys, the hottest of them, and tombstones', () => {
    const keys = new Map<string, number>()
    for (const { key } of records) {
      const parsed = payloadOf(key!) as { obs_id?: number; payload?: { obs_id: number } }
      const id = `${parsed.obs_id ?? parsed.payload?.obs_id}`
      keys.set(id, (keys.get(id) ?? 0) + 1)
    }
    expect([stats.distinctKeys, stats.withoutKey]).toEqual([keys.size, 0])
    const hottest = stats.hottest(20).rows()
    for (const { obs_id, records } of hottest) expect(keys.get(`${obs_id}`)).toBe(records)
    const most = [...keys.values()].sort((a, b) => b - a).slice(0, 20)
    expect(hottest.map(({ records }) => records)).toEqual(most)
    const tombstones = records.filter(({ value }) => value === null).length
    expect(stats.tombstoneShare).toBe(tombstones / records.length)
  })

  test('are ops that add up to the records, and nulls of the rows written', async () => {
    const table = await lab.replay('obs')
    expect(
      sum(
        stats
          .ops()
          .rows()
          .map(({ records }) => records),
      ),
    ).toBe(records.length)
    const ops = new Map(
      stats
        .ops()
        .rows()
        .map(({ op, records }) => [op, records]),
    )
    const { c, u, d, r, redelivered } = table.counts
    expect([ops.get('c'), ops.get('u'), ops.get('d'), ops.get('r')]).toEqual([c, u, d, r])
    expect(ops.get('redelivered') ?? 0).toBe(redelivered)
    const written = table
      .changes()
      .rows()
      .filter(({ _op, _status }) => _status === 'applied' && `${_op}`.match(/^[cur]$/))
    for (const { column, rows, nulls } of stats.columns()) {
      expect({ column, rows, nulls }).toEqual({
        ...{ column, rows: written.length, nulls: written.filter(row => row[column] === null).length },
      })
    }
    expect(stats.columns().length).toBe(30)
  })

  test('are records of each hour', () => {
    const hours = stats.hours().rows()
    expect(sum(hours.map(({ records }) => records))).toBe(records.length)
    for (const { hour, records: count } of hours)
      expect(count).toBe(
        records.filter(({ timestamp }) => Math.floor(timestamp / 3.6e6) * 3.6e6 === hour).length,
      )
  })
})

test('columns that a table did not have yet are counted in the rows that have them', async () => {
  const lab = await connect()
  const [added] = (await lab.stats('person_address'))
    .columns()
    .rows()
    .filter(({ column }) => column === 'address7')
  const [, since] = (await lab.schemaHistory('person_address')).versions().rows()
  expect(added!.rows).toBe(since!.records)
  await lab.close()
})

test('hours without a record have a line, between the first and the last (constructed)', async () => {
  const hour = 3_600_000
  const records = [1, 1, 4].map((hours, offset) => ({
    ...{ offset, timestamp: hours * hour + 5, headers: [], key: null },
    value: Buffer.from('hello'),
  }))
  const stats = await new Lab(new WrittenSource({ notes: { records } })).stats('notes')
  expect(stats.hours().rows()).toEqual([
    { hour, records: 2, bytes: 10 },
    { hour: 2 * hour, records: 0, bytes: 0 },
    { hour: 3 * hour, records: 0, bytes: 0 },
    { hour: 4 * hour, records: 1, bytes: 5 },
  ])
})

test('bounds are those of a replay, and a limit is exact', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  expect((await lab.stats('obs', { limit: 10 })).records).toBe(10)
  expect((await lab.stats('obs', { partitions: [1] })).records).toBe(
    (await lab.replay('obs', { partitions: [1] })).counts.records,
  )
  await expect(lab.stats('obs', { last: 3 } as object)).rejects.toMatchObject({ code: 'option-invalid' })
  await expect(lab.stats('obs', { memory: 1_000 })).rejects.toMatchObject({
    code: 'memory-exceeded',
    message: expect.stringContaining('limit'),
  })
  await lab.close()
})

test('keys of sensitive columns are masked wherever they are shown', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const definition = topic('patient', z.object({ patient_id: z.number() }), {
    key: ['patient_id'],
    sensitive: ['patient_id'],
  })
  const stats = await lab.stats(definition)
  expect(stats.hottest().columns.map(({ name, sensitive }) => [name, sensitive])).toEqual([
    ['patient_id', true],
    ['records', false],
    ['share', false],
  ])
  for (const text of [stats.text(), inspect(stats), stats.mimeBundle()['text/html']])
    expect(text).toContain('•••')
  expect(JSON.stringify(stats)).toContain('•••')
  await lab.close()
})

test('a topic that is no table, and one without keys, are counted as well', async () => {
  const lab = await connect('test/change/recordings/plain')
  const marks = await lab.stats('plain.transaction')
  expect(marks.ops().rows()).toEqual([{ op: 'transaction', records: marks.records, share: 1 }])
  const keyless = await lab.stats('no_key')
  expect([keyless.distinctKeys, keyless.withoutKey]).toEqual([0, keyless.records])
  expect(keyless.text()).not.toContain('hottest')
  await lab.close()
})
