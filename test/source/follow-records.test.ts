import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FollowPosition, followRecords } from '../../src/source/follow-records.js'
import { type KafkaRecord, RecordReader } from '../../src/source/record.js'
import { openRecording } from '../../src/source/recording.js'
import type { Source } from '../../src/source/source.js'
import { FakeClock } from '../fake-clock.js'

const topic = 'dbserver1.openmrs.obs'
let source: Source
let positions: FollowPosition[]
let expected: Map<number, number[]>

beforeAll(async () => {
  source = await openRecording('datasets/openmrs')
  const [offsets] = await source.topics([topic])
  positions = offsets!.partitions.map(({ partition, start }) => ({ topic, partition, from: start }))
  expected = new Map()
  for (const { partition, start, stable } of offsets!.partitions) {
    const range = { topic, partition, from: start, to: stable }
    const reader = new RecordReader(topic, partition, range)
    const found: number[] = []
    for await (const chunk of source.read({ ranges: [range] }))
      found.push(...reader.read(chunk).map(({ offset }) => offset))
    expected.set(partition, found)
  }
})
afterAll(() => source.close())

interface Given extends Pick<KafkaRecord, 'partition' | 'offset' | 'timestamp'> {
  /** When it was given. */
  at: number
}

async function play(speed: number, clock: FakeClock, at = positions): Promise<Given[]> {
  const given: Given[] = []
  const { signal } = new AbortController()
  for await (const records of followRecords(source, { positions: at, signal, clock, speed }))
    given.push(
      ...records.map(({ partition, offset, timestamp }) => ({
        partition,
        offset,
        timestamp,
        at: clock.now(),
      })),
    )
  return given
}

test('playing gives every record once, those of each partition in order', async () => {
  const given = await play(Number.POSITIVE_INFINITY, new FakeClock())
  for (const [partition, offsets] of expected)
    expect(given.filter(one => one.partition === partition).map(({ offset }) => offset)).toEqual(offsets)
  expect(given.length).toBe([...expected.values()].flat().length)
})

test('partitions are merged by their timestamps', async () => {
  const given = await play(Number.POSITIVE_INFINITY, new FakeClock())
  const times = given.map(({ timestamp }) => timestamp)
  expect(times).toEqual([...times].sort((a, b) => a - b))
})

test.each([1, 10, 0.5])('at speed %d each record comes when its timestamp says', async speed => {
  const clock = new FakeClock()
  const given = await play(speed, clock)
  const first = given[0]!
  for (const { timestamp, at } of given) {
    const due = first.at + (timestamp - first.timestamp) / speed
    // The clock does not go on by itself, so a record is given at the moment it is due, and not before.
    expect(Math.abs(at - due)).toBeLessThan(0.01)
  }
})

test('at once means without waiting', async () => {
  const clock = new FakeClock()
  await play(Number.POSITIVE_INFINITY, clock)
  expect(clock.slept).toEqual([])
})

test('a reader that was held up gets what is due by now, and no more', async () => {
  const clock = new FakeClock()
  const { signal } = new AbortController()
  const records = followRecords(source, { positions, signal, clock, speed: 1 })
  const { value: first } = await records.next()
  const { at, timestamp } = { at: clock.now(), timestamp: first![0]!.timestamp }
  clock.time += 5_000
  for (let i = 0; i < 20; i++) {
    const { value } = await records.next()
    expect(value!.at(-1)!.timestamp - timestamp).toBeLessThanOrEqual(clock.now() - at)
  }
  await records.return()
})

test('records before the first one asked for are passed over', async () => {
  const at = [{ topic, partition: 0, from: 10, first: 25 }]
  const given = await play(Number.POSITIVE_INFINITY, new FakeClock(), at)
  expect(given[0]!.offset).toBe(expected.get(0)!.find(offset => offset >= 25))
})

test('playing ends when it is aborted, also while it waits', async () => {
  const clock = new FakeClock()
  const controller = new AbortController()
  const given: KafkaRecord[] = []
  for await (const records of followRecords(source, {
    positions,
    signal: controller.signal,
    clock: { now: () => clock.now(), sleep: waiting },
    speed: 1,
  }))
    given.push(...records)
  async function waiting(_: number, signal?: AbortSignal): Promise<void> {
    const rejected = new Promise<void>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    controller.abort()
    await rejected
  }
  expect(given.length).toBeGreaterThan(0)
  expect(given.length).toBeLessThan([...expected.values()].flat().length)
})
