import { expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { untilSettled } from '../../src/job/coordinators.js'
import { KafkaError } from '../../src/job/kafka-error.js'

function cluster(): {
  clock: { now(): number; sleep(ms: number): Promise<void> }
  closing: AbortSignal
  pauses: number[]
} {
  const pauses: number[] = []
  let now = 0
  const sleep = async (ms: number): Promise<void> => {
    pauses.push(ms)
    now += ms
  }
  return { clock: { now: () => now, sleep }, closing: new AbortController().signal, pauses }
}

function failing(times: number, error: Error): () => Promise<string> {
  return async () => {
    if (times-- > 0) throw error
    return 'done'
  }
}

test('a transaction that is settling is asked again after pauses that begin at a millisecond', async () => {
  const given = cluster()
  const settling = new KafkaError(51, 'AddPartitionsToTxn')
  expect(await untilSettled(given, 10_000, failing(4, settling))).toBe('done')
  expect(given.pauses).toEqual([1, 2, 4, 8])
})

test('it is given up after the time there is, with what was answered last', async () => {
  const given = cluster()
  const away = new ObslabError('broker-unreachable', 'No broker answered.')
  await expect(untilSettled(given, 5_000, failing(1_000, away))).rejects.toBe(away)
  expect(given.clock.now()).toBeGreaterThanOrEqual(5_000)
  expect(Math.max(...given.pauses)).toBe(500)
})

test.each([
  ['another producer', new KafkaError(90, 'EndTxn')],
  ['a missing permission', new KafkaError(29, 'Produce')],
  ['a broker that refuses', new ObslabError('broker-refused', 'No.')],
  ['an error of another kind', new TypeError('x is not a function')],
])('%s is not asked again', async (_, error) => {
  const given = cluster()
  await expect(untilSettled(given, 10_000, failing(1, error))).rejects.toBe(error)
  expect(given.pauses).toEqual([])
})

test('it is given up when the connection was closed', async () => {
  const away = new ObslabError('broker-unreachable', 'No broker answered.')
  const closed = { ...cluster(), closing: AbortSignal.abort() }
  await expect(untilSettled(closed, 10_000, failing(1, away))).rejects.toBe(away)
})
