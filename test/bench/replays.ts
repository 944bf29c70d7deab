import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { connect } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import type { KafkaRecord } from '../../src/source/record.js'
import { KafkaService } from '../stack/kafka.js'
import { freePorts } from '../stack/ports.js'
import { installSoftware, whyUnavailable } from '../stack/software.js'
import { stackFolder } from '../stack/stack.js'
import { ObsTopic, schemaRecords } from './data.js'
import { medians, Took } from './measure.js'
import { NaiveTable } from './naive.js'
import { type Result, rates } from './results.js'

const ids = ['replay.kafka', 'replay.recording'] as const
type ReplayId = (typeof ids)[number]

const about = (records: string) =>
  ({
    'replay.kafka': {
      work: `replay of ${records} obs records from a broker to the current table`,
      peerName: 'kafkajs eachBatch + JSON.parse, row objects, same broker',
    },
    'replay.recording': {
      work: `replay of ${records} obs records from a recording to the current table`,
      peerName: 'kafkajs eachBatch + JSON.parse, row objects, from a broker',
    },
  }) as const

const shared = { unit: 'records/s', aim: 1.5 }
const note =
  'fetching raw batches saves what eachBatch costs, but JSON.parse still decodes each record, and decode, ' +
  'redelivery and typed columns cost more than that saves. The scanner comes later.'

/** End to end: from a broker and from a recording, against the naive consumer. The group join of the peer is not counted. */
export async function replayResults(): Promise<Result[]> {
  const unavailable = whyUnavailable()
  const measured = unavailable === null ? await withBroker(measure) : null
  if (measured !== null) return measured
  const texts = about('215,000')
  return ids.map(id => ({
    id,
    ...texts[id],
    ...shared,
    ours: null,
    peer: null,
    ratio: null,
    note: `no broker could be started here. ${unavailable}`,
  }))
}

async function withBroker<T>(use: (bootstrap: string) => Promise<T>): Promise<T> {
  const software = await installSoftware(stackFolder)
  const folder = path.join(stackFolder, `bench-${process.pid}`)
  const { kafka, controller } = await freePorts()
  const broker = new KafkaService(software, folder, kafka, controller)
  process.once('exit', () => broker.abandon())
  await rm(folder, { recursive: true, force: true })
  await broker.start()
  try {
    return await use(broker.bootstrap)
  } finally {
    await broker.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(bootstrap: string): Promise<Result[]> {
  const obs = await ObsTopic.open('datasets/openmrs', 6)
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const records = await produce(kafka, obs)
  const lab = await connect(`kafka://${bootstrap}`)
  const folder = path.join(stackFolder, `bench-recording-${process.pid}`)
  await lab.record(folder)
  const recording = await connect(folder)
  try {
    const ms = await medians({
      kafka: async () => (await lab.replay(openmrs.obs, { progress: false })).current(),
      recording: async () => (await recording.replay(openmrs.obs, { progress: false })).current(),
      peer: () => consume(kafka, obs.topic, records),
    })
    const texts = about(records.toLocaleString('en'))
    const result = (id: ReplayId, ours: number): Result =>
      rates({ id, ...texts[id], ...shared, note }, records, { ours, peer: ms.peer })
    return [result('replay.kafka', ms.kafka), result('replay.recording', ms.recording)]
  } finally {
    await lab.close()
    await recording.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Writes obs and the schema changes as Connect does by default, uncompressed, to the partitions they came from. Gives the
 * number of obs records.
 */
async function produce(kafka: Kafka, obs: ObsTopic): Promise<number> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: obs.topic, numPartitions: 3, replicationFactor: 1 }] })
  await admin.createTopics({ topics: [{ topic: 'dbserver1', numPartitions: 1, replicationFactor: 1 }] })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  const send = async (records: readonly KafkaRecord[]): Promise<void> => {
    for (let at = 0; at < records.length; at += 500) {
      const messages = records.slice(at, at + 500).map(({ partition, key, value, timestamp }) => ({
        partition,
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        timestamp: String(timestamp),
      }))
      await producer.send({ topic: records[0]!.topic, messages })
    }
  }
  await send(await schemaRecords('datasets/openmrs'))
  let count = 0
  for (const records of obs.records()) {
    await send(records)
    count += records.length
  }
  await producer.disconnect()
  return count
}

/** The naive consumer in its best configuration: large fetches, no commits. Timed from its first batch to its last. */
async function consume(kafka: Kafka, topic: string, records: number): Promise<Took> {
  const consumer = kafka.consumer({
    groupId: randomUUID(),
    maxBytesPerPartition: 16 << 20,
    maxBytes: 64 << 20,
    maxWaitTimeInMs: 50,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const naive = new NaiveTable()
  let left = records
  let started = Number.NaN
  const done = new Promise<number>((resolve, reject) => {
    consumer.on('consumer.fetch_start', () => {
      if (Number.isNaN(started)) started = performance.now()
    })
    consumer
      .run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch }) => {
          for (const { key, value } of batch.messages) naive.add(key, value)
          left -= batch.messages.length
          if (left === 0) resolve(performance.now() - started)
        },
      })
      .catch(reject)
  })
  const ms = await done
  await consumer.disconnect()
  return new Took(ms)
}
