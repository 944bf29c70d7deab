import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Clock, systemClock } from '../../src/clock.js'
import { openKafka } from '../../src/source/kafka.js'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'
import { RecordReader } from '../../src/source/record.js'
import type { OffsetRange, Source } from '../../src/source/source.js'
import { KafkaService } from './kafka.js'
import { freePorts } from './ports.js'
import { SecondKafka } from './second-kafka.js'
import { installSoftware } from './software.js'
import { stackFolder } from './stack.js'

const unavailable = inject('stackUnavailable')
const partitionCount = 4
/** Of 10 kB: twice as much a leader as one response and one in flight can hold. */
const recordsPerPartition = 2600
const topic = 'outage'

/** A clock on which time passes a hundred times as fast. */
function hurried(): Clock {
  const start = Date.now()
  return {
    now: () => start + (Date.now() - start) * 100,
    sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
  }
}

describe.skipIf(unavailable !== null)('a cluster that fails in the middle of a read', () => {
  let first: KafkaService
  let second: SecondKafka
  let source: Source
  const folder = path.join(stackFolder, `outage-${process.pid}`)
  const open = (clock?: Clock): Promise<Source> =>
    openKafka(parseKafkaConfig(`kafka://${first.bootstrap}`, {}), clock === undefined ? {} : { clock })

  beforeAll(async () => {
    await rm(folder, { recursive: true, force: true })
    const software = await installSoftware(stackFolder)
    const { kafka, controller } = await freePorts()
    first = new KafkaService(software, path.join(folder, 'first'), kafka, controller)
    process.once('exit', () => first.abandon())
    await first.start()
    second = await SecondKafka.create(software, path.join(folder, 'second'), first)
    await second.start()
    await write()
    source = await open()
  })
  afterAll(async () => {
    await source?.close()
    await second?.stop()
    await first?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function write(): Promise<void> {
    const client = new Kafka({ brokers: [first.bootstrap], logLevel: logLevel.NOTHING })
    const admin = client.admin()
    await admin.connect()
    const replicaAssignment = Array.from({ length: partitionCount }, (_, partition) => ({
      partition,
      replicas: partition % 2 === 0 ? [1, 2] : [2, 1],
    }))
    await admin.createTopics({ topics: [{ topic, replicaAssignment }], waitForLeaders: true })
    await admin.disconnect()
    const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const value = 'x'.repeat(10_000)
    for (let from = 0; from < recordsPerPartition; from += 65) {
      const messages = Array.from({ length: 65 * partitionCount }, (_, i) => ({
        key: String(from + Math.floor(i / partitionCount)),
        value,
        partition: i % partitionCount,
      }))
      await producer.send({ topic, messages, acks: -1 })
    }
    await producer.disconnect()
  }

  /** Moves every partition to one node, and resolves when that is done. */
  async function moveTo(node: number): Promise<void> {
    const admin = new Kafka({ brokers: [first.bootstrap], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const partitionAssignment = ranges.map(({ partition }) => ({ partition, replicas: [node] }))
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] })
    const done = async (): Promise<boolean> => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]!.partitions.every(({ leader, replicas }) => leader === node && replicas.length === 1)
    }
    while (!(await done())) await sleep(50)
    await admin.disconnect()
  }

  const ranges: OffsetRange[] = Array.from({ length: partitionCount }, (_, partition) => ({
    topic,
    partition,
    from: 0,
    to: recordsPerPartition,
  }))

  /** Reads everything, going on after the first chunk when `disturb` has resolved; gives offsets by partition. */
  async function readWhile(from: Source, disturb: () => Promise<void>): Promise<number[][]> {
    const readers = ranges.map(range => new RecordReader(topic, range.partition, range))
    const offsets = ranges.map((): number[] => [])
    let disturbed = false
    for await (const chunk of from.read({ ranges })) {
      offsets[chunk.partition]!.push(...readers[chunk.partition]!.read(chunk).map(record => record.offset))
      if (!disturbed) await disturb()
      disturbed = true
    }
    return offsets
  }

  const everything = ranges.map(() => Array.from({ length: recordsPerPartition }, (_, offset) => offset))

  test('partitions are read from all of their leaders, each record once', async () => {
    expect(await readWhile(source, async () => {})).toEqual(everything)
  })

  test('when leaders move to another broker, the read follows them and loses nothing', async () => {
    expect(await readWhile(source, () => second.stop())).toEqual(everything)
    await second.start()
  })

  test('when a partition is moved to another broker and its old one stays up, the read follows it', async () => {
    expect(await readWhile(source, () => moveTo(2))).toEqual(everything)
    expect(await readWhile(source, () => moveTo(1))).toEqual(everything)
  })

  test('when the only broker is killed and comes back, the read goes on where it was', async () => {
    await second.stop()
    let restarted: Promise<void> | undefined
    const killed = async (): Promise<void> => {
      await first.kill()
      restarted = first.start()
    }
    expect(await readWhile(source, killed)).toEqual(everything)
    await restarted
    expect(await source.topics([topic])).toHaveLength(1)
  })

  test('a follower survives the restart of its broker', async () => {
    const stop = new AbortController()
    const positions = [{ topic, partition: 0, from: recordsPerPartition }]
    const following = source.follow({ positions, signal: stop.signal })[Symbol.asyncIterator]()
    const next = following.next()
    await first.stop()
    await first.start()
    const client = new Kafka({ brokers: [first.bootstrap], logLevel: logLevel.NOTHING })
    const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    await producer.send({ topic, acks: 1, messages: [{ key: 'later', value: 'later', partition: 0 }] })
    await producer.disconnect()
    const chunk = await next
    const records = new RecordReader(topic, 0, { from: recordsPerPartition }).read(chunk.value)
    expect(records.map(({ offset }) => offset)).toEqual([recordsPerPartition])
    stop.abort()
    expect((await following.next()).done).toBe(true)
  })

  test('when no broker comes back, the read gives up after a minute and names the address', async () => {
    const impatient = await open(hurried())
    const reading = readWhile(impatient, () => first.kill())
    await expect(reading).rejects.toMatchObject({
      code: 'broker-unreachable',
      message: expect.stringContaining(`127.0.0.1:${first.port}`),
    })
    await expect(impatient.topics()).rejects.toMatchObject({ code: 'broker-unreachable' })
    await impatient.close()
  })
})
