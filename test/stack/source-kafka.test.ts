import { cp, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openKafka } from '../../src/source/kafka.js'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'
import { type KafkaRecord, RecordReader } from '../../src/source/record.js'
import { recordTopics } from '../../src/source/recorder.js'
import { openRecording } from '../../src/source/recording.js'
import type { Source, TopicOffsets } from '../../src/source/source.js'
import { type WrittenTopics, waitUntilEachKeyOnce, writeTopics, writtenTopics } from './kafka-topics.js'
import { SecuredKafka } from './secured-kafka.js'
import { installSoftware } from './software.js'
import { stackFolder } from './stack.js'

const unavailable = inject('stackUnavailable')

interface ShownRecord {
  offset: number
  timestamp: number
  key: string
  value: string | null
  headers: string
}

function show(record: KafkaRecord): ShownRecord {
  const text = (bytes: Uint8Array | null): string | null =>
    bytes === null ? null : Buffer.from(bytes).toString()
  return {
    offset: record.offset,
    timestamp: record.timestamp,
    key: text(record.key) ?? 'null',
    value: text(record.value),
    headers: record.headers.map(({ key, value }) => `${key}:${text(value)}`).join(','),
  }
}

/** Every record of a source, by `topic-partition`, and how often a chunk came. */
async function readAll(source: Source, topics: readonly TopicOffsets[]): Promise<Map<string, ShownRecord[]>> {
  const ranges = topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, start, stable }) => ({ topic, partition, from: start, to: stable })),
  )
  const name = (of: { topic: string; partition: number }): string => `${of.topic}-${of.partition}`
  const readers = new Map(
    ranges.map(range => [name(range), new RecordReader(range.topic, range.partition, range)]),
  )
  const records = new Map(ranges.map(range => [name(range), [] as ShownRecord[]]))
  for await (const chunk of source.read({ ranges }))
    for (const record of readers.get(name(chunk))!.read(chunk)) records.get(name(chunk))!.push(show(record))
  return records
}

/** The keys by offset that DumpLogSegments printed, by the folder of their partition. */
function dumpedKeys(dumped: string): Map<string, Map<number, string>> {
  const partitions = new Map<string, Map<number, string>>()
  let keys = new Map<number, string>()
  for (const line of dumped.split('\n')) {
    const folder = /^Dumping .*\/([^/]+)\/\d+\.log$/.exec(line)?.[1]
    if (folder !== undefined) {
      keys = partitions.get(folder) ?? new Map()
      partitions.set(folder, keys)
    }
    const record = /^\| offset: (\d+) .* key: (\S+)/.exec(line)
    if (record !== null) keys.set(Number(record[1]), record[2]!)
  }
  return partitions
}

describe.skipIf(unavailable !== null)('a real broker', () => {
  let broker: SecuredKafka
  let kafka: Kafka
  let source: Source
  let written: WrittenTopics
  let topics: readonly TopicOffsets[]
  let records: Map<string, ShownRecord[]>
  const folder = path.join(stackFolder, `source-${process.pid}`)
  const recording = path.join(folder, 'recording')

  beforeAll(async () => {
    await rm(folder, { recursive: true, force: true })
    broker = await SecuredKafka.create(await installSoftware(stackFolder), folder)
    await broker.start()
    kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
    written = await writeTopics(broker, kafka)
    source = await openKafka(parseKafkaConfig(`kafka://${broker.bootstrap}`, {}))
    await waitUntilEachKeyOnce(source, 'compacted')
    topics = await source.topics()
    records = await readAll(source, topics)
  })
  afterAll(async () => {
    await source?.close()
    await broker?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  function offsetsOf(topic: string): TopicOffsets['partitions'] {
    return topics.find(found => found.topic === topic)!.partitions
  }

  test("every topic is listed with its policy, Kafka's own are not", () => {
    expect(topics.map(({ topic }) => topic)).toEqual(writtenTopics)
    const compacted = topics.filter(({ cleanupPolicy }) => cleanupPolicy !== 'delete')
    expect(compacted).toMatchObject([{ topic: 'compacted', cleanupPolicy: 'compact' }])
  })

  test('start, stable and end offsets are those of the log', () => {
    expect(offsetsOf('shortened')).toEqual([{ partition: 0, start: 60, stable: 100, end: 100 }])
    expect(offsetsOf('emptied')).toEqual([{ partition: 0, start: 10, stable: 10, end: 10 }])
    expect(offsetsOf('open')).toEqual([{ partition: 0, start: 0, stable: 11, end: 21 }])
  })

  test("every record is the one that Java's consumer of committed records sees", async () => {
    const print = ['timestamp', 'partition', 'offset', 'headers', 'key'].flatMap(part => [
      '--formatter-property',
      `print.${part}=true`,
    ])
    const consumer = [
      '--from-beginning',
      '--isolation-level',
      'read_committed',
      '--timeout-ms',
      '5000',
      ...print,
    ]
    const include = [
      '--bootstrap-server',
      broker.bootstrap,
      '--include',
      writtenTopics.filter(t => t !== 'large').join('|'),
    ]
    const printed = await broker.tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...include,
      ...consumer,
    ])
    const seen = new Map<string, ShownRecord[]>(
      [...records.keys()].filter(name => name !== 'large-0').map(name => [name, []]),
    )
    for (const line of printed.split('\n').filter(line => /^(Create|LogAppend)Time:/.test(line))) {
      const [time, partition, offset, headers, key, value] = line
        .split('\t')
        .map(part => part.replace(/^(Partition|Offset|\w+Time):/, ''))
      const name = `${key!.split('/')[0]}-${partition}`
      seen.get(name)!.push({
        offset: Number(offset),
        timestamp: Number(time),
        key: key!,
        value: value === 'null' ? null : value!,
        headers: headers === 'NO_HEADERS' ? '' : headers!,
      })
    }
    const expected = new Map([...records].filter(([name]) => name !== 'large-0'))
    expect(seen).toEqual(expected)
  })

  test('a batch larger than a fetch comes whole', () => {
    const large = records.get('large-0')!
    expect(large).toHaveLength(11)
    expect(large[0]!.value).toHaveLength(20_000_000)
  })

  test('aborted transactions and the open one are left out', () => {
    const transactions = [0, 1, 2].flatMap(partition => records.get(`transactions-${partition}`)!)
    const numbers = transactions.map(({ key }) => Number(key.split('/')[1])).sort((a, b) => a - b)
    const expected = [50, 100, 250, 300].flatMap(first => Array.from({ length: 50 }, (_, i) => first + i))
    expect(numbers).toEqual(expected)
    expect(records.get('open-0')).toHaveLength(10)
  })

  test('what the cleaner removed is not missed, and tombstones come with their time', () => {
    const compacted = records.get('compacted-0')!
    const { stable } = offsetsOf('compacted')[0]!
    expect(compacted.length).toBeLessThan(stable)
    expect(compacted.at(-1)).toMatchObject({ key: 'compacted/last', offset: stable - 1 })
    expect(compacted.filter(({ value }) => value === null).length).toBeGreaterThan(0)
    for (const { timestamp } of compacted) expect(Math.abs(timestamp - Date.now())).toBeLessThan(600_000)
  })

  test('any range gives its records and no others', async () => {
    const { partition, stable } = offsetsOf('java-zstd')[0]!
    const all = records.get('java-zstd-0')!
    for (const [from, to] of [
      [0, 1],
      [7, 8],
      [123, 400],
      [stable - 1, stable],
      [5, 5],
    ] as const) {
      const reader = new RecordReader('java-zstd', partition, { from, to })
      const read: ShownRecord[] = []
      for await (const chunk of source.read({ ranges: [{ topic: 'java-zstd', partition, from, to }] }))
        read.push(...reader.read(chunk).map(show))
      expect(read).toEqual(all.slice(from, to))
    }
  })

  test('offsetsAt gives the first record at or after a time, else the stable offset', async () => {
    const time = 1_700_000_000_000 + 300_000
    const found = await source.offsetsAt('kafkajs-gzip', time)
    for (const { partition, stable } of offsetsOf('kafkajs-gzip')) {
      const first = records.get(`kafkajs-gzip-${partition}`)!.find(record => record.timestamp >= time)
      expect(found.get(partition)).toBe(first?.offset ?? stable)
    }
    // As Kafka answers, a marker counts: the commit's, at offset 10, is of today.
    expect(await source.offsetsAt('open', 1_700_000_000_000 + 15_000)).toEqual(new Map([[0, 10]]))
    expect(await source.offsetsAt('open', Date.now() + 60_000)).toEqual(new Map([[0, 11]]))
    expect(await source.offsetsAt('emptied', 0)).toEqual(new Map([[0, 10]]))
  })

  test.each([
    ['before the start', 'shortened', 59, 100, 'Older records were deleted'],
    ['beyond the stable offset', 'open', 0, 12, 'Nothing is committed beyond'],
  ])('a range %s is refused with what there is', async (_, topic, from, to, sentence) => {
    const reading = source
      .read({ ranges: [{ topic, partition: 0, from, to }] })
      [Symbol.asyncIterator]()
      .next()
    await expect(reading).rejects.toMatchObject({
      code: 'offset-out-of-range',
      message: expect.stringContaining(sentence),
    })
  })

  test('an unknown topic names those that are near', async () => {
    await expect(source.topics(['transaction'])).rejects.toMatchObject({
      code: 'topic-unknown',
      message: expect.stringContaining('Did you mean transactions?'),
    })
  })

  test('an aborted read rejects as cancelled, and the source goes on', async () => {
    const cancel = new AbortController()
    const range = { topic: 'large', partition: 0, from: 0, to: 11 }
    const reading = source.read({ ranges: [range], signal: cancel.signal })[Symbol.asyncIterator]()
    await reading.next()
    cancel.abort()
    await expect(reading.next()).rejects.toMatchObject({ code: 'cancelled' })
    expect(await source.topics(['open'])).toHaveLength(1)
  })

  test('following yields what is committed later, and ends quietly', async () => {
    const topic = 'emptied'
    const stop = new AbortController()
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const reader = new RecordReader(topic, 0, { from: 10 })
    const keys: string[] = []
    const send = (key: string): Promise<unknown> =>
      producer.send({ topic, messages: [{ key, value: 'later' }] })
    await send('emptied/a')
    for await (const chunk of source.follow({
      positions: [{ topic, partition: 0, from: 10 }],
      signal: stop.signal,
    })) {
      keys.push(...reader.read(chunk).map(record => show(record).key))
      if (keys.length === 1) await send('emptied/b')
      else stop.abort()
    }
    expect(keys).toEqual(['emptied/a', 'emptied/b'])
    await producer.disconnect()
  })

  test('closing takes no time, though a follower waits for records', async () => {
    const other = await openKafka(parseKafkaConfig(`kafka://${broker.bootstrap}`, {}))
    const positions = [{ topic: 'shortened', partition: 0, from: 100 }]
    const waiting = other
      .follow({ positions, signal: new AbortController().signal })
      [Symbol.asyncIterator]()
      .next()
    await sleep(50)
    const started = performance.now()
    await other.close()
    await other.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(performance.now() - started).toBeLessThan(100)
    await expect(other.topics()).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('reading joins no group and commits nothing', async () => {
    const admin = kafka.admin()
    await admin.connect()
    const { groups } = await admin.listGroups()
    expect(groups.filter(({ groupId }) => !groupId.startsWith('console-consumer'))).toEqual([])
    await admin.disconnect()
  })

  test("a recording of the running broker gives the same records, and Kafka's own tool accepts its segments", async () => {
    const now = await source.topics()
    const whole = await readAll(source, now)
    const summary = await recordTopics(source, recording)
    expect(summary.folder).toBe(recording)
    const recorded = await openRecording(recording)
    const offsets = await recorded.topics()
    expect(offsets).toEqual(now)
    expect(await readAll(recorded, offsets)).toEqual(whole)

    const segments = (await readdir(recording, { recursive: true })).filter(name => name.endsWith('.log'))
    expect(segments.length).toBeGreaterThanOrEqual(writtenTopics.length)
    const files = segments.map(name => path.join(recording, name)).join(',')
    const dump = ['--files', files, '--deep-iteration', '--print-data-log']
    const dumped = await broker.tool('org.apache.kafka.tools.DumpLogSegments', dump)
    expect(dumped).not.toMatch(/isvalid: false|non-consecutive|mismatch|Exception|invalid/i)
    const keys = dumpedKeys(dumped)
    for (const [name, expected] of whole)
      for (const { offset, key } of expected)
        expect({ offset, key: keys.get(name)?.get(offset) }).toEqual({ offset, key })
  })

  test('the copied folder of the stopped broker gives the same records as reading it did', async () => {
    const before = await source.topics()
    const consumed = await readAll(source, before)
    await written.end()
    await source.close()
    await broker.stop()
    const copy = path.join(folder, 'copy')
    await cp(broker.data, copy, { recursive: true })
    const copied = await openRecording(copy)
    const offsets = await copied.topics()
    const after = await readAll(copied, offsets)
    // The transaction that was open has been aborted since: its marker is the only new offset.
    expect(offsets.find(({ topic }) => topic === 'open')?.partitions).toEqual([
      { partition: 0, start: 0, stable: 22, end: 22 },
    ])
    expect(after).toEqual(consumed)
  })
})
