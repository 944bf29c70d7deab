import { expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { Backoff } from '../../src/job/retry.js'
import { FakeClock } from '../fake-clock.js'

const away = new ObslabError('broker-unreachable', 'No broker answered.')

test('each wait may be twice as long as the one before, up to the cap, and takes at least half of that', () => {
  const waits = (random: () => number): (number | null)[] => {
    const backoff = new Backoff(new FakeClock(), { base: 200, cap: 1000, random })
    return [1, 2, 3, 4, 5].map(() => backoff.after(away))
  }
  expect(waits(() => 0)).toEqual([100, 200, 400, 500, 500])
  expect(waits(() => 0.9999)).toEqual([200, 400, 800, 1000, 1000])
})

test('progress makes the waits short again', () => {
  const backoff = new Backoff(new FakeClock(), { random: () => 0 })
  for (let i = 0; i < 6; i++) backoff.after(away)
  backoff.progressed()
  expect([backoff.failures, backoff.after(away)]).toEqual([0, 100])
})

test('without progress for as long as it may take after a failure, it gives up', () => {
  const clock = new FakeClock()
  const backoff = new Backoff(clock, { giveUpAfter: 60_000 })
  clock.time += 3_600_000
  backoff.after(away)
  clock.time += 59_999
  expect(backoff.after(away)).not.toBeNull()
  clock.time += 1
  expect(backoff.after(away)).toBeNull()
})

test.each([
  ['output-foreign', false],
  ['job-fenced', false],
  ['output-failed', false],
  ['offset-out-of-range', true],
] as const)('a failure with the code %s may pass: %s', (code, passes) => {
  expect(new Backoff(new FakeClock()).after(new ObslabError(code, 'It failed.')) !== null).toBe(passes)
})

test('an error that nobody expected does not pass', () => {
  expect(new Backoff(new FakeClock()).after(new TypeError('x is not a function'))).toBeNull()
})
