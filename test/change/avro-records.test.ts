import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AvroRecords } from '../../src/change/avro-records.js'
import { ChangeReader } from '../../src/change/change-reader.js'
import { type ChangeChunk, ChangeStream, readChanges, wholeTopic } from '../../src/change/change-stream.js'
import { followChanges } from '../../src/change/follow-changes.js'
import { SchemaTopics } from '../../src/change/schema-topics.js'
import type { KafkaRecord } from '../../src/source/record.js'
import { RecordReader } from '../../src/source/record.js'
import { recordTopics } from '../../src/source/recorder.js'
import { openRecording } from '../../src/source/recording.js'
import { HttpRegistry } from '../../src/source/schema-registry.js'
import type { Source } from '../../src/source/source.js'
import { FakeClock } from '../fake-clock.js'
import { RegistryServer } from '../source/registry-server.js'
import { AvroConverter, avscType, inWireFormat } from './avro-converter.js'
import { AvroSource } from './avro-source.js'

const prefix = 'dbserver1.openmrs'
const tables = [
  ...[
    'concept',
    'concept_name',
    'debezium_signal',
    'encounter',
    'encounter_type',
    'location',
    'obs',
    'obslab_types',
  ],
  ...['orders', 'patient', 'patient_identifier', 'person', 'person_address', 'person_name', 'visit'],
].map(table => `${prefix}.${table}`)
const others = ['dbserver1', 'dbserver1.transaction', '__debezium-heartbeat.dbserver1']

const folder = mkdtempSync(path.join(tmpdir(), 'obslab-avro-'))
let server: RegistryServer
let json: Source
let avro: Source
beforeAll(async () => {
  server = await RegistryServer.start()
  json = await openRecording('datasets/openmrs-schemas')
  avro = new AvroSource(json, new AvroConverter(server), new HttpRegistry({ urls: [server.url] }))
})
afterAll(async () => {
  await json.close()
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function read(source: Source, topic: string): Promise<unknown> {
  const [offsets] = await source.topics([topic])
  const changes: unknown[] = []
  let last: ChangeChunk | undefined
  for await (const chunk of readChanges(source, [
    { topic, ranges: wholeTopic(offsets!), definition: null },
  ])) {
    changes.push(...chunk.changes)
    last = chunk
  }
  const { columns, keyColumns, counts, unknownColumns, findings } = last!.reader
  return { changes, columns, keyColumns, counts, unknownColumns, findings }
}

/** The records of a topic's first partition. */
async function recordsOf(source: Source, topic: string): Promise<KafkaRecord[]> {
  const [range] = (await source.topics([topic])).flatMap(wholeTopic)
  const reader = new RecordReader(topic, 0, range)
  const records: KafkaRecord[] = []
  for await (const chunk of source.read({ ranges: [range!] })) records.push(...reader.read(chunk))
  return records
}

describe('a recorded topic written anew in Avro', () => {
  test('is every topic of the recording', async () => {
    expect((await json.topics()).map(({ topic }) => topic).sort()).toEqual([...tables, ...others].sort())
  })

  test.each([...tables, ...others])(
    '%s means what it means in JSON: changes, keys, columns, counts',
    async topic => {
      const [written, recorded] = [await read(avro, topic), await read(json, topic)]
      expect(written).toEqual(recorded)
      expect(recorded).toMatchObject({ counts: { quarantined: 0 } })
      const [record] = await recordsOf(avro, topic)
      expect([record!.key?.[0], record!.value?.[0]]).toEqual([0, 0])
    },
  )

  test('tells the same DDL', async () => {
    const [written, recorded] = [await SchemaTopics.open(avro, tables), await SchemaTopics.open(json, tables)]
    expect(recorded!.history.timeline('openmrs', 'obs').length).toBeGreaterThan(0)
    for (const table of tables) {
      const name = table.slice(prefix.length + 1)
      expect(written!.history.timeline('openmrs', name)).toEqual(recorded!.history.timeline('openmrs', name))
    }
  })

  test('has changes of several schemas, each read by the one it was written with', async () => {
    const ids = (await recordsOf(avro, `${prefix}.obslab_types`)).map(({ value }) =>
      Buffer.from(value!).readInt32BE(1),
    )
    expect(new Set(ids).size).toBe(2)
  })

  test('is followed as it is read', async () => {
    const topic = `${prefix}.person_address`
    const ranges = (await avro.topics([topic])).flatMap(wholeTopic)
    const stream = new ChangeStream(avro, [{ topic, ranges, definition: null }])
    const expected: unknown[] = []
    for await (const { changes } of stream.read()) expected.push(...changes.map(({ change }) => change))
    const followed: unknown[] = []
    const { signal } = new AbortController()
    const request = { clock: new FakeClock(), speed: Number.POSITIVE_INFINITY, positions: ranges, signal }
    for await (const changes of followChanges(avro, { topic, definition: null, ...request }))
      followed.push(...changes.map(({ change }) => change))
    expect(followed).toEqual(expected)
    expect(expected.length).toBe(15)
  })

  test('is read from a recording of it when the registry is gone', async () => {
    const gone = await RegistryServer.start()
    const registry = new HttpRegistry({ urls: [gone.url] }, new FakeClock())
    const topics = [`${prefix}.obslab_types`, 'dbserver1']
    await recordTopics(new AvroSource(json, new AvroConverter(gone), registry), folder, { topics })
    await gone.stop()
    const recording = await openRecording(folder)
    for (const topic of topics) expect(await read(recording, topic)).toEqual(await read(json, topic))
    await recording.close()
  })

  test('each schema was asked for once, by however many readers at once', async () => {
    const source = new AvroSource(json, new AvroConverter(server), new HttpRegistry({ urls: [server.url] }))
    const before = server.asked.length
    await Promise.all([read(source, tables[0]!), read(source, tables[0]!), read(source, tables[0]!)])
    const asked = server.asked.slice(before)
    expect(asked.length).toBeGreaterThan(2)
    expect(new Set(asked).size).toBe(asked.length)
  })
})

const at = { topic: 'x.db.box', partition: 3, timestamp: 0, headers: [] }
const boxSchema = '{"type":"record","name":"Key","fields":[{"name":"id","type":"long"}]}'

/** Reads values as changes of a topic whose registry is the server's, or one without. */
async function readValues(values: readonly Buffer[], source?: Pick<Source, 'registry'>): Promise<unknown[]> {
  const reading = AvroRecords.of(
    source ?? { registry: new HttpRegistry({ urls: [server.url] }, new FakeClock()) },
  )
  const records = values.map((value, offset) => ({ ...at, offset, key: null, value }))
  await reading.load(records)
  const reader = new ChangeReader(at.topic, { avro: reading })
  return records.map(record => reader.read(record).change)
}

describe('records that cannot be read', () => {
  test('name a registry to give when there is none', async () => {
    const reading = readValues([inWireFormat(7, Buffer.from([2]))], {})
    await expect(reading).rejects.toMatchObject({
      code: 'registry-missing',
      message: expect.stringMatching(
        /x\.db\.box are Avro with schema 7 .* registry=http:\/\/host:8081 .* OBSLAB_REGISTRY/,
      ),
      position: { topic: 'x.db.box', partition: 3, offset: 0 },
    })
  })

  test('are quarantined alone, among others that are JSON or Avro, with position and reason', async () => {
    const type = avscType(JSON.parse(boxSchema))
    const good = server.register('x', { schema: boxSchema })
    const protobuf = server.register('p', { schema: 'syntax = "proto3";', schemaType: 'PROTOBUF' })
    const jsonSchema = server.register('j', { schema: '{}', schemaType: 'JSON' })
    const broken = server.register('b', { schema: '"db.Missing"' })
    const row = type.toBuffer({ id: 7n })
    const reasons = [
      [Buffer.from('{"op":"c","before":null,"after":{"id":1},"source":{}}'), null],
      [inWireFormat(good, row), 'found a JSON object without op'],
      [inWireFormat(999, row), `Expected schema 999 in ${server.url}, found no such schema`],
      [inWireFormat(good, Buffer.alloc(0)), 'found an end in the middle of a value'],
      [inWireFormat(good, Buffer.concat([row, row])), 'found bytes after its end'],
      [inWireFormat(protobuf, row), `schema ${protobuf} of ${server.url} to be Avro, found PROTOBUF`],
      [inWireFormat(jsonSchema, row), 'to be Avro, found JSON'],
      [inWireFormat(broken, row), `the name db.Missing, which it does not define. It is schema ${broken} of`],
      [inWireFormat(0, Buffer.concat([Buffer.from([0, 0, 0, 9]), row])), 'apicurio.registry.as-confluent'],
      [Buffer.from([0, 1]), 'bytes that begin with a zero and name no schema'],
    ] as const
    const changes = await readValues(reasons.map(([value]) => value))
    for (const [offset, [, reason]] of reasons.entries()) {
      const expected =
        reason === null
          ? { kind: 'row', after: { id: 1 } }
          : { kind: 'quarantined', reason: expect.stringContaining(reason) }
      expect(changes[offset]).toMatchObject({ ...expected, topic: 'x.db.box', partition: 3, offset })
    }
  })

  test('are an error for all when the registry is away, and are read when it is back', async () => {
    const registry = new HttpRegistry({ urls: [server.url] }, new FakeClock())
    const reading = AvroRecords.of({ registry })
    const id = server.register('x', { schema: boxSchema })
    const record = { ...at, offset: 0, key: inWireFormat(id, Buffer.from([14])), value: null }
    server.refusal = () => ({ status: 503, body: '' })
    await expect(reading.load([record])).rejects.toMatchObject({ code: 'registry-unreachable' })
    server.refusal = () => null
    await reading.load([record])
    const reader = new ChangeReader(at.topic, { avro: reading })
    expect(reader.read(record).change).toMatchObject({ kind: 'tombstone', key: { id: 7n } })
  })

  test('whose schemas nobody loaded are quarantined', () => {
    const value = inWireFormat(1, Buffer.from([2]))
    const record = { ...at, offset: 0, key: null, value }
    const reader = new ChangeReader(at.topic, { avro: AvroRecords.of({}) })
    expect(reader.read(record).change).toMatchObject({
      kind: 'quarantined',
      reason: expect.stringContaining('Avro with schema 1'),
    })
  })
})
