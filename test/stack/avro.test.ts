import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { ChangeReader, type ReadChange } from '../../src/change/change-reader.js'
import { readChanges, wholeTopic } from '../../src/change/change-stream.js'
import { followChanges } from '../../src/change/follow-changes.js'
import { systemClock } from '../../src/clock.js'
import { openKafka } from '../../src/source/kafka.js'
import { createTopic, deleteTopic } from '../../src/source/kafka-admin.js'
import { type KafkaConfig, parseKafkaConfig } from '../../src/source/kafka-config.js'
import { type KafkaRecord, RecordReader } from '../../src/source/record.js'
import { RecordProducer } from '../../src/source/record-producer.js'
import { recordTopics } from '../../src/source/recorder.js'
import { openRecording } from '../../src/source/recording.js'
import type { Source } from '../../src/source/source.js'
import { AvroConverter } from '../change/avro-converter.js'
import { RegistryServer } from '../source/registry-server.js'

const stack = inject('stack')
const recorded = 'dbserver1.openmrs.obslab_types'
const topic = 'avro.openmrs.obslab_types'

/** What changed, without what a record has of its place and time in Kafka. */
function meant(changes: readonly Pick<ReadChange, 'change'>[]): unknown[] {
  return changes.map(({ change }) => ({ ...change, topic: null, offset: null, timestamp: null }))
}

async function recordsOf(source: Source, name: string): Promise<KafkaRecord[]> {
  const [range] = (await source.topics([name])).flatMap(wholeTopic)
  const reader = new RecordReader(name, 0, range)
  const records: KafkaRecord[] = []
  for await (const chunk of source.read({ ranges: [range!] })) records.push(...reader.read(chunk))
  return records
}

async function changesOf(source: Source, name: string): Promise<ReadChange[]> {
  const ranges = (await source.topics([name])).flatMap(wholeTopic)
  const changes: ReadChange[] = []
  for await (const chunk of readChanges(source, [{ topic: name, ranges, definition: null }]))
    changes.push(...chunk.changes)
  return changes
}

describe.skipIf(stack === null)('recorded changes, written to a broker in Avro', () => {
  let config: KafkaConfig
  let server: RegistryServer
  let converter: AvroConverter
  /** The records as they were recorded, in JSON, and what they mean without any DDL. */
  let records: readonly KafkaRecord[]
  let expected: unknown[]
  let kafka: Source
  let folder: string

  /** Writes the recorded records from one offset up to another. */
  async function write(from: number, to: number): Promise<void> {
    const producer = await RecordProducer.open(config, topic)
    await producer.send(
      records.slice(from, to).map(({ key, value, headers }) => ({
        key: converter.convert(`${topic}-key`, key),
        value: converter.convert(`${topic}-value`, value),
        headers: Object.fromEntries(
          headers.map(header => [header.key, Buffer.from(header.value!).toString()]),
        ),
      })),
    )
    await producer.close()
  }

  beforeAll(async () => {
    server = await RegistryServer.start()
    converter = new AvroConverter(server)
    config = parseKafkaConfig(`kafka://${stack!.kafka}?registry=${server.url}`)
    records = await recordsOf(await openRecording('datasets/openmrs-schemas'), recorded)
    const reader = new ChangeReader(recorded)
    expected = meant(records.map(record => reader.read(record)))
    folder = await mkdtemp(join(tmpdir(), 'obslab-avro-'))
    await createTopic(config, { name: topic, partitions: 1 })
    await write(0, 8)
    kafka = await openKafka(config)
  })
  afterAll(async () => {
    await kafka?.close()
    await deleteTopic(config, topic)
    await rm(folder, { recursive: true })
    await server.stop()
  })

  test('mean what they meant in JSON, also those of a schema that comes while they are followed', async () => {
    expect(expected).toHaveLength(10)
    expect(meant(await changesOf(kafka, topic))).toEqual(expected.slice(0, 8))
    const positions = [{ topic, partition: 0, from: 0 }]
    const stop = new AbortController()
    const request = { clock: systemClock, speed: 1, signal: stop.signal, positions }
    const followed: ReadChange[] = []
    let written = false
    for await (const changes of followChanges(kafka, { topic, definition: null, ...request })) {
      followed.push(...changes)
      if (followed.length === expected.length) stop.abort()
      if (!written) await write(8, 10)
      written = true
    }
    expect(meant(followed)).toEqual(expected)
  })

  test('are read from a recording without the registry', async () => {
    await recordTopics(kafka, join(folder, 'recording'), { topics: [topic] })
    const { length } = server.asked
    const recording = await openRecording(join(folder, 'recording'))
    expect(meant(await changesOf(recording, topic))).toEqual(expected)
    expect(server.asked).toHaveLength(length)
  })
})
