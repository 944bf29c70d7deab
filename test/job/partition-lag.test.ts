import { expect, test } from 'vitest'
import { PartitionLag } from '../../src/job/partition-lag.js'

const place = (next: number) => ({ topic: 'obs', partition: 1, next })
const read = (next: number, kafka: number | null) => ({
  ...place(next),
  records: 1,
  changes: 1,
  redelivered: 0,
  quarantined: 0,
  times: kafka === null ? null : { database: null, debezium: null, kafka },
})
const lag = (of: PartitionLag, now: number) => {
  const [one] = of.lags(now)
  return one && [one.records, one.seconds]
}

test('nothing is told before there are an end and a position', () => {
  const lags = new PartitionLag()
  expect(lags.lags(0)).toEqual([])
  lags.ends([place(10)], 0)
  expect(lags.lags(0)).toEqual([{ topic: 'obs', partition: 1, records: null, seconds: null }])
})

test('a backfill is behind by what it has not read', () => {
  const lags = new PartitionLag()
  lags.ends([place(10)], 0)
  lags.read(read(4, 1_000))
  expect(lag(lags, 61_000)).toEqual([6, 60])
  lags.read(read(10, 2_000))
  expect(lag(lags, 61_000)).toEqual([0, 0])
})

test('a job that follows is behind by what is not in the output, however far it has read', () => {
  const lags = new PartitionLag()
  lags.read(read(10, 1_000))
  lags.follows(true)
  lags.ends([place(20)], 0)
  lags.read(read(15, 5_000))
  lags.read(read(20, 7_000))
  expect(lag(lags, 9_000)).toEqual([10, 8])
  lags.committed([place(15)], 9_000)
  expect(lag(lags, 9_000)).toEqual([5, 4])
  lags.committed([place(20)], 9_000)
  expect(lag(lags, 9_000)).toEqual([0, 0])
  lags.ends([place(21)], 9_500)
  expect(lag(lags, 9_600)).toEqual([1, 0.6])
})

test('after a crash the lag is from what was committed', () => {
  const lags = new PartitionLag()
  lags.ends([place(20)], 0)
  lags.read(read(10, 1_000))
  lags.follows(true)
  lags.read(read(20, 5_000))
  lags.follows(false)
  expect(lag(lags, 6_000)).toEqual([10, 5])
  lags.read(read(20, null))
  expect(lag(lags, 6_000)).toEqual([0, 0])
})

test('an end that was passed since it was looked at leaves no negative lag', () => {
  const lags = new PartitionLag()
  lags.ends([place(5)], 0)
  lags.read(read(9, 1_000))
  expect(lag(lags, 2_000)).toEqual([0, 0])
})

test('a record after days of quiet is behind since the last look at the end, not for days', () => {
  const lags = new PartitionLag()
  const days = 3 * 86_400_000
  lags.read(read(10, 1_000))
  lags.follows(true)
  lags.ends([place(10)], days)
  expect(lag(lags, days)).toEqual([0, 0])
  lags.ends([place(11)], days + 2_000)
  expect(lag(lags, days + 2_500)).toEqual([1, 2.5])
})
