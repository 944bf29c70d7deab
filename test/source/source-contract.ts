import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { batchHeaders } from '../../src/log/batch-header.js'
import { type KafkaRecord, RecordReader } from '../../src/source/record.js'
import type { BatchChunk, OffsetRange, Source } from '../../src/source/source.js'
import {
  type ContractTopic,
  type ExpectedPartition,
  type ExpectedRecord,
  expectedPartitions,
} from './contract-topics.js'

/** A source that holds the topics of the contract, and may hold others. */
export interface OpenContract {
  source: Source
  topics: readonly ContractTopic[]
}

interface Expected extends ExpectedPartition {
  topic: string
  compacted: boolean
}

/**
 * The tests that every source passes. `open` gives one to which what `topics` describe was done; it is opened once,
 * and closed at the end.
 */
export function sourceContract(name: string, open: () => Promise<OpenContract>): void {
  describe(name, () => {
    let source: Source
    let topics: readonly ContractTopic[]
    let partitions: Expected[]

    beforeAll(async () => {
      ;({ source, topics } = await open())
      partitions = topics.flatMap(({ name: topic, compacted, ...rest }) =>
        expectedPartitions({ name: topic, compacted, ...rest }).map(expected => ({
          topic,
          compacted,
          ...expected,
        })),
      )
    })
    afterAll(() => source?.close())

    const whole = ({ topic, partition, stable }: Expected): OffsetRange => ({
      topic,
      partition,
      from: 0,
      to: stable,
    })
    const find = (suffix: string, partition: number = 0): Expected =>
      partitions.find(found => found.topic.endsWith(suffix) && found.partition === partition)!

    test('topics are listed by name with their offsets and cleanup policy', async () => {
      const names = topics.map(topic => topic.name).sort()
      const found = await source.topics(names)
      expect(found.map(({ topic }) => topic)).toEqual(names)
      for (const { topic, cleanupPolicy, partitions: offsets } of found) {
        const expected = partitions.filter(partition => partition.topic === topic)
        expect(offsets).toEqual(
          expected.map(({ partition, stable, end }) => ({ partition, start: 0, stable, end })),
        )
        expect(cleanupPolicy).toBe(expected[0]!.compacted ? 'compact' : 'delete')
      }
      const all = (await source.topics()).map(({ topic }) => topic)
      expect(all).toEqual(expect.arrayContaining(names))
      expect(all).toEqual([...all].sort())
      expect(
        all.filter(topic => /^__(consumer_offsets|transaction_state|cluster_metadata)$/.test(topic)),
      ).toEqual([])
    })

    test('only the topics asked for are listed, an unknown one is an error that names the nearest', async () => {
      const { topic } = find('plain')
      expect((await source.topics([topic])).map(found => found.topic)).toEqual([topic])
      const unknown = source.topics([`${topic}s`])
      await expect(unknown).rejects.toMatchObject({ name: 'ObslabError', code: 'topic-unknown' })
      await expect(unknown).rejects.toThrow(topic)
    })

    test('every partition gives exactly its committed records, in order, in every codec', async () => {
      for (const expected of partitions.filter(({ compacted }) => !compacted)) {
        const { records, reader } = await readRange(source, whole(expected))
        expect(records.map(told)).toEqual(expected.records.map(asTold))
        expect(reader.next).toBe(expected.stable)
      }
    })

    test('a compacted topic gives the newest record of every key, and no record that was not written', async () => {
      for (const expected of partitions.filter(({ compacted }) => compacted)) {
        const { records } = await readRange(source, whole(expected))
        const written = new Map(expected.records.map(record => [record.offset, asTold(record)]))
        for (const record of records) expect(told(record)).toEqual(written.get(record.offset))
        const offsets = records.map(({ offset }) => offset)
        expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
        const state = (found: readonly { key: unknown; value: unknown }[]): unknown =>
          Object.fromEntries(
            found.filter(({ value }) => value !== null).map(({ key, value }) => [key, value]),
          )
        const newest = new Map(expected.records.map(record => [record.key, record]))
        const found = new Map(records.map(told).map(record => [record.key, record]))
        expect(state([...found.values()])).toEqual(state([...newest.values()]))
      }
    })

    test('several topics are read in one request', async () => {
      const wanted = partitions.filter(({ compacted }) => !compacted)
      const readers = new Map(
        wanted.map(({ topic, partition, stable }) => [
          `${topic}-${partition}`,
          new RecordReader(topic, partition, { to: stable }),
        ]),
      )
      const found = new Map<string, KafkaRecord[]>(
        wanted.map(({ topic, partition }) => [`${topic}-${partition}`, []]),
      )
      for await (const chunk of source.read({ ranges: wanted.map(whole) })) {
        const key = `${chunk.topic}-${chunk.partition}`
        found.get(key)!.push(...readers.get(key)!.read(chunk))
      }
      for (const expected of wanted) {
        const records = found.get(`${expected.topic}-${expected.partition}`)!
        expect(records.map(told)).toEqual(expected.records.map(asTold))
      }
    })

    test('a range may begin and end anywhere, also within a batch or a transaction', async () => {
      for (const expected of [find('plain'), find('transactions'), find('lz4'), find('zstd')]) {
        const step = Math.max(1, Math.floor(expected.stable / 6))
        for (let from = 0; from < expected.stable; from += step) {
          for (let to = from + 1; to <= expected.stable; to += step) {
            const { records } = await readRange(source, { ...whole(expected), from, to })
            const within = expected.records.filter(({ offset }) => offset >= from && offset < to)
            expect(records.map(told)).toEqual(within.map(asTold))
          }
        }
      }
    })

    test('a chunk holds whole batches of one partition, aborted transactions by their first offset', async () => {
      const { topic, partition, stable } = find('transactions')
      let next = 0
      for await (const chunk of source.read({ ranges: [{ topic, partition, from: 0, to: stable }] })) {
        expect(chunk).toMatchObject({ topic, partition })
        for (const header of batchHeaders(chunk.bytes)) {
          expect(header.baseOffset).toBe(next)
          next = header.nextOffset
        }
        const firsts = chunk.aborted.map(({ firstOffset }) => firstOffset)
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
      }
      expect(next).toBe(stable)
    })

    test('an empty range and an empty partition give nothing', async () => {
      const { topic } = find('empty')
      const chunks: BatchChunk[] = []
      const ranges = [
        { topic, partition: 1, from: 0, to: 0 },
        { ...whole(find('plain')), from: 3, to: 3 },
      ]
      for await (const chunk of source.read({ ranges })) chunks.push(chunk)
      expect(chunks).toEqual([])
      for await (const chunk of source.read({ ranges: [] })) chunks.push(chunk)
      expect(chunks).toEqual([])
    })

    test('offsets past the stable one and partitions that are not there are named errors', async () => {
      const open = find('left-open')
      const past = readRange(source, { ...whole(open), to: open.stable + 1 })
      await expect(past).rejects.toMatchObject({
        code: 'offset-out-of-range',
        position: { topic: open.topic },
      })
      const missing = readRange(source, { ...whole(open), partition: 7 })
      await expect(missing).rejects.toMatchObject({ code: 'offset-out-of-range' })
      const unknown = readRange(source, { ...whole(open), topic: `${open.topic}-not` })
      await expect(unknown).rejects.toMatchObject({ code: 'topic-unknown' })
    })

    test('a time is found as the first offset at or after it, or the stable offset', async () => {
      for (const expected of [find('plain'), find('lz4'), find('empty')]) {
        const siblings = partitions.filter(({ topic }) => topic === expected.topic)
        const times = expected.records.flatMap(({ timestamp }) => [timestamp, timestamp + 1])
        for (const time of [
          0,
          ...times.filter((_, index) => index % 5 === 0),
          Number(times.at(-1) ?? 0) + 1,
        ]) {
          const found = await source.offsetsAt(expected.topic, time)
          const first = (sibling: Expected): number =>
            sibling.records.find(({ timestamp }) => timestamp >= time)?.offset ?? sibling.stable
          expect([...found]).toEqual(siblings.map(sibling => [sibling.partition, first(sibling)]))
        }
      }
    })

    test('a read that is cancelled rejects with a cancelled error', async () => {
      const range = whole(find('plain'))
      await expect(readRange(source, range, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
      const controller = new AbortController()
      const cancelled = (async () => {
        for await (const _ of source.read({ ranges: [range], signal: controller.signal })) controller.abort()
      })()
      await expect(cancelled).rejects.toMatchObject({ name: ObslabError.name, code: 'cancelled' })
    })

    test('following gives what is there from each position, and ends without an error when it is aborted', async () => {
      const expected = find('plain')
      const from = 4
      const { topic, partition } = expected
      const wanted = expected.records.filter(({ offset }) => offset >= from)
      const controller = new AbortController()
      const reader = new RecordReader(topic, partition, { from })
      const records: KafkaRecord[] = []
      const positions = [{ topic, partition, from }]
      for await (const chunk of source.follow({ positions, signal: controller.signal })) {
        records.push(...reader.read(chunk))
        if (records.length >= wanted.length) controller.abort()
      }
      expect(records.map(told)).toEqual(wanted.map(asTold))
    })

    test('following gives nothing of an open transaction', async () => {
      const { topic, partition, stable, records } = find('left-open')
      const controller = new AbortController()
      const reader = new RecordReader(topic, partition)
      const found: KafkaRecord[] = []
      for await (const chunk of source.follow({
        positions: [{ topic, partition, from: 0 }],
        signal: controller.signal,
      })) {
        found.push(...reader.read(chunk))
        if (reader.next >= stable) controller.abort()
      }
      expect(found.map(told)).toEqual(records.map(asTold))
      expect(reader.next).toBe(stable)
    })
  })
}

/** Reads the committed records of one range. */
export async function readRange(
  source: Source,
  range: OffsetRange,
  signal?: AbortSignal,
): Promise<{ records: KafkaRecord[]; reader: RecordReader }> {
  const reader = new RecordReader(range.topic, range.partition, { from: range.from, to: range.to })
  const records: KafkaRecord[] = []
  for await (const chunk of source.read(
    signal === undefined ? { ranges: [range] } : { ranges: [range], signal },
  )) {
    records.push(...reader.read(chunk))
  }
  return { records, reader }
}

interface Told {
  offset: number
  timestamp: number
  key: string | null
  value: string | null
  headers: unknown
}

/** A record as text. */
export function told(record: KafkaRecord): Told {
  const text = (bytes: Uint8Array | null): string | null =>
    bytes === null ? null : Buffer.from(bytes).toString()
  return {
    offset: record.offset,
    timestamp: record.timestamp,
    key: text(record.key),
    value: text(record.value),
    headers: record.headers.map(({ key, value }) => [key, text(value)]),
  }
}

function asTold({ offset, timestamp, key, value, headers }: ExpectedRecord): Told {
  return { offset, timestamp, key, value, headers }
}
