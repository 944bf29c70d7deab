import { expect, test } from 'vitest'
import { Flow } from '../../src/change/flow.js'
import { FakeClock } from '../fake-clock.js'

const change = (time: number, processedAt: number | null, timestamp: number, receivedAt: number | null) => ({
  source: { time, snapshot: 'false' },
  processedAt,
  timestamp,
  receivedAt,
})

test('the lag of each hop is the median of the latest changes', () => {
  const flow = new Flow(new FakeClock())
  for (const late of [1, 2, 30]) flow.add(change(1_001, 1_001 + late, 1_001 + 2 * late, 1_001 + 5 * late))
  expect(flow.lag()).toEqual({
    databaseToDebezium: 2,
    debeziumToKafka: 2,
    kafkaToHere: 6,
    wholeSeconds: false,
  })
  for (let i = 0; i < 200; i++) flow.add(change(1_000, 2_000, 2_000, null))
  expect(flow.lag()).toEqual({
    databaseToDebezium: 1_000,
    debeziumToKafka: 0,
    kafkaToHere: null,
    wholeSeconds: true,
  })
})

test('a hop that is not known is null, and a row read by a snapshot was not committed then', () => {
  const flow = new Flow(new FakeClock())
  const unknown = { databaseToDebezium: null, debeziumToKafka: null, kafkaToHere: null, wholeSeconds: false }
  expect(flow.lag()).toEqual(unknown)
  flow.add({ source: null, processedAt: null, timestamp: 5, receivedAt: null })
  expect(flow.lag()).toEqual(unknown)
  flow.add({ source: { time: 0, snapshot: 'first' }, processedAt: 10, timestamp: 15, receivedAt: null })
  expect(flow.lag()).toEqual({ ...unknown, debeziumToKafka: 5 })
})

test('the rate is that of the last five seconds', () => {
  const clock = new FakeClock()
  const flow = new Flow(clock)
  for (let i = 0; i < 100; i++) {
    clock.time += 100
    flow.add(change(0, 0, 0, 0))
  }
  expect(flow.rate()).toBeCloseTo(10, 0)
  clock.time += 2_500
  expect(flow.rate()).toBeCloseTo(5, 0)
  clock.time += 5_000
  expect(flow.rate()).toBe(0)
})

test('in its first second the rate is what came', () => {
  const clock = new FakeClock()
  const flow = new Flow(clock)
  flow.add(change(0, 0, 0, 0))
  flow.add(change(0, 0, 0, 0))
  expect(flow.rate()).toBe(2)
})
