import { setTimeout as sleep } from 'node:timers/promises'
import { snappyCompress } from '@platformatic/wasm-utils'
import kafkajs, { type Admin, type Kafka, type Message, type Producer } from 'kafkajs'
import { wholeTopic } from '../../src/change/change-stream.js'
import { batchHeaders } from '../../src/log/batch-header.js'
import { type CodecName, compress, decompress, loadCodecs, type WritableCodec } from '../../src/log/codec.js'
import { RecordReader } from '../../src/source/record.js'
import type { Source } from '../../src/source/source.js'
import type { SecuredKafka } from './secured-kafka.js'

const { CompressionCodecs, Partitioners } = kafkajs

/** The codecs a producer can be told to use; kafkajs numbers them as Kafka does. */
export const producerCodecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** The topics that {@link writeTopics} leaves on a broker. */
export const writtenTopics: readonly string[] = [
  ...producerCodecs.flatMap(codec => [`java-${codec}`, `kafkajs-${codec}`]),
  'appended',
  'compacted',
  'emptied',
  'large',
  'open',
  'shortened',
  'transactions',
].sort()

/** What {@link writeTopics} leaves running: a transaction that stays open until `end`. */
export interface WrittenTopics {
  end(): Promise<void>
}

/**
 * Writes one topic for each thing that a log can hold: every codec by kafkajs and by Java's console producer,
 * transactions of both ends and one without, what the cleaner left, a start moved by DeleteRecords, times given by
 * the broker, a batch larger than a fetch, nothing at all. Keys begin with the name of their topic.
 */
export async function writeTopics(broker: SecuredKafka, kafka: Kafka): Promise<WrittenTopics> {
  await registerCodecs()
  const admin = kafka.admin()
  await admin.connect()
  await createTopics(admin)
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await Promise.all([writeWithKafkajs(producer), writeWithJava(broker), writeTransactions(kafka)])
  await shorten(admin, producer)
  await writeCompacted(producer)
  const open = await openTransaction(kafka)
  await producer.disconnect()
  await admin.disconnect()
  return open
}

/** Reads `topic` again and again until the log cleaner has removed records from it. */
export async function waitUntilCompacted(source: Source, topic: string, ms: number = 60_000): Promise<void> {
  const deadline = Date.now() + ms
  for (;;) {
    const [{ partitions } = { partitions: [] }] = await source.topics([topic])
    const ranges = partitions.map(({ partition, start, stable }) => ({
      topic,
      partition,
      from: start,
      to: stable,
    }))
    let missing = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
    for await (const { bytes } of source.read({ ranges }))
      for (const { recordCount } of batchHeaders(bytes)) missing -= recordCount
    if (missing > 0) return
    if (Date.now() > deadline)
      throw new Error(`The log cleaner removed nothing from ${topic} within ${ms / 1000} s.`)
    await sleep(100)
  }
}

/**
 * Reads `topic` again and again until the log cleaner is done with it: what remains has each key once. Only for a topic
 * whose active segment, which is never cleaned, repeats no key.
 */
export async function waitUntilEachKeyOnce(
  source: Source,
  topic: string,
  ms: number = 60_000,
): Promise<void> {
  const deadline = Date.now() + ms
  for (;;) {
    const keys = await keysOf(source, topic)
    if (new Set(keys).size === keys.length) return
    if (Date.now() > deadline)
      throw new Error(`The log cleaner left keys of ${topic} more than once after ${ms / 1000} s.`)
    await sleep(100)
  }
}

async function keysOf(source: Source, topic: string): Promise<string[]> {
  const ranges = (await source.topics([topic])).flatMap(wholeTopic)
  const readers = new Map(
    ranges.map(range => [range.partition, new RecordReader(topic, range.partition, range)]),
  )
  const keys: string[] = []
  for await (const chunk of source.read({ ranges }))
    for (const { key } of readers.get(chunk.partition)!.read(chunk)) keys.push(`${chunk.partition} ${key}`)
  return keys
}

/** Teaches kafkajs the codecs it lacks, with obslab's own: snappy, lz4 and zstd. */
export async function registerCodecs(): Promise<void> {
  await loadCodecs()
  const register = (codec: CodecName, pack: (bytes: Buffer) => Uint8Array): void => {
    const number = producerCodecs.indexOf(codec)
    Reflect.set(CompressionCodecs, number, () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => Buffer.from(pack(buffer)),
      decompress: async (bytes: Buffer) => Buffer.from(decompress(codec, bytes)),
    }))
  }
  for (const codec of ['lz4', 'zstd'] as const satisfies WritableCodec[])
    register(codec, bytes => compress(codec, bytes))
  register('snappy', bytes => snappyCompress(bytes))
}

async function createTopics(admin: Admin): Promise<void> {
  const configs: Record<string, Record<string, string>> = {
    appended: { 'message.timestamp.type': 'LogAppendTime' },
    compacted: {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'max.compaction.lag.ms': '100',
    },
    large: { 'max.message.bytes': String(40 * 1024 * 1024), 'compression.type': 'producer' },
  }
  const topics = writtenTopics.map(topic => ({
    topic,
    numPartitions: topic === 'transactions' || topic.startsWith('kafkajs') ? 3 : 1,
    // The records' times are long ago: with a retention the broker would delete them in the middle of a test.
    configEntries: Object.entries({ 'retention.ms': '-1', ...configs[topic] }).map(([name, value]) => ({
      name,
      value,
    })),
  }))
  await admin.createTopics({ topics, waitForLeaders: true })
}

function messages(topic: string, from: number, count: number): Message[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `${topic}/${from + i}`,
    value: (from + i) % 7 === 3 ? null : `${topic} value ${from + i} ${'ä'.repeat((from + i) % 50)}`,
    timestamp: String(1_700_000_000_000 + (from + i) * 1000),
    headers: (from + i) % 3 === 0 ? { source: topic, number: String(from + i) } : {},
  }))
}

async function writeWithKafkajs(producer: Producer): Promise<void> {
  for (const [compression, codec] of producerCodecs.entries())
    for (let batch = 0; batch < 3; batch++)
      await producer.send({
        topic: `kafkajs-${codec}`,
        compression,
        messages: messages(`kafkajs-${codec}`, batch * 200, 200),
      })
  await producer.send({ topic: 'appended', messages: messages('appended', 0, 20) })
}

/** Java's own producer, one record a line: headers, a tab, key, a colon, value. */
async function writeWithJava(broker: SecuredKafka): Promise<void> {
  const properties = ['parse.key=true', 'key.separator=:', 'parse.headers=true', 'null.marker=NULL']
  for (const codec of producerCodecs) {
    const topic = `java-${codec}`
    const lines = Array.from({ length: 500 }, (_, i) => {
      const value = i % 9 === 4 ? 'NULL' : `${topic} value ${i} ${'x'.repeat(i % 40)}`
      return `number:${i},source:java\t${topic}/${i}:${value}\n`
    })
    await broker.tool(
      'org.apache.kafka.tools.ConsoleProducer',
      ['--bootstrap-server', broker.bootstrap, '--topic', topic, '--compression-codec', codec].concat(
        properties.flatMap(property => ['--reader-property', property]),
      ),
      lines.join(''),
    )
  }
}

async function writeTransactions(kafka: Kafka): Promise<void> {
  const producers = ['one', 'two'].map(name =>
    kafka.producer({
      transactionalId: `transactions-${name}`,
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: Partitioners.DefaultPartitioner,
    }),
  )
  for (const producer of producers) await producer.connect()
  for (let round = 0; round < 4; round++) {
    const begun = []
    for (const producer of producers) begun.push(await producer.transaction())
    for (const [index, transaction] of begun.entries())
      for (let part = 0; part < 2; part++)
        await transaction.send({
          topic: 'transactions',
          messages: messages('transactions', round * 100 + index * 50 + part * 25, 25),
        })
    for (const [index, transaction] of begun.entries())
      await ((round + index) % 2 === 0 ? transaction.abort() : transaction.commit())
  }
  for (const producer of producers) await producer.disconnect()
}

async function shorten(admin: Admin, producer: Producer): Promise<void> {
  for (let batch = 0; batch < 4; batch++)
    await producer.send({ topic: 'shortened', messages: messages('shortened', batch * 25, 25) })
  await admin.fetchTopicOffsets('shortened')
  await admin.deleteTopicRecords({ topic: 'shortened', partitions: [{ partition: 0, offset: '60' }] })
  await producer.send({ topic: 'emptied', messages: messages('emptied', 0, 10) })
  await admin.fetchTopicOffsets('emptied')
  await admin.deleteTopicRecords({ topic: 'emptied', partitions: [{ partition: 0, offset: '10' }] })
  const noise = Array.from({ length: 6 * 1024 * 1024 }, (_, i) => (i * 2_654_435_761) >>> 11)
  const bytes = Buffer.from(new Uint32Array(noise).buffer)
  await producer.send({
    topic: 'large',
    messages: [{ key: 'large/0', value: bytes.toString('base64').slice(0, 20_000_000) }],
  })
  await producer.send({ topic: 'large', messages: messages('large', 1, 10) })
}

/** Segments of 100 ms, each with new values of the same keys, the last with tombstones. */
async function writeCompacted(producer: Producer): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const values = Array.from({ length: 20 }, (_, i) => ({
      key: `compacted/${i % 10}`,
      value: round === 4 && i >= 15 ? null : `compacted round ${round} record ${i}`,
    }))
    await producer.send({ topic: 'compacted', messages: values })
    await sleep(150)
  }
  await producer.send({ topic: 'compacted', messages: [{ key: 'compacted/last', value: 'compacted last' }] })
}

async function openTransaction(kafka: Kafka): Promise<WrittenTopics> {
  const producer = kafka.producer({
    transactionalId: 'open',
    maxInFlightRequests: 1,
    idempotent: true,
    transactionTimeout: 600_000,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const committed = await producer.transaction()
  await committed.send({ topic: 'open', messages: messages('open', 0, 10) })
  await committed.commit()
  const open = await producer.transaction()
  await open.send({ topic: 'open', messages: messages('open', 10, 10) })
  return {
    end: async () => {
      await open.abort()
      await producer.disconnect()
    },
  }
}
