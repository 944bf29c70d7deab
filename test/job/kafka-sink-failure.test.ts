import { expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { isFenced, jobFenced, jobHeld, sinkFailure } from '../../src/job/kafka-sink-failure.js'

const attempt = { name: 'kafka://broker:9092', topic: 'vitals', job: 'vitals' }

/** The protocol's error as the cause of the one that says what was tried. */
function given(type: string): Error {
  return new Error('gave up', { cause: Object.assign(new Error('a sentence of the broker'), { type }) })
}

test.each([
  ['PRODUCER_FENCED', 'no other instance is running'],
  ['INVALID_PRODUCER_EPOCH', 'no other instance is running'],
  ['TOPIC_AUTHORIZATION_FAILED', 'WRITE, READ and DESCRIBE'],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'obslab.vitals'],
  ['GROUP_AUTHORIZATION_FAILED', 'obslab.vitals'],
  ['MESSAGE_TOO_LARGE', 'max.message.bytes'],
  ['OFFSET_METADATA_TOO_LARGE', 'offset.metadata.max.bytes'],
  ['INVALID_TRANSACTION_TIMEOUT', 'transaction.max.timeout.ms'],
  ['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS'],
])('%s is told as output-failed: …%s…', (type, told) => {
  const cause = given(type)
  const failure = sinkFailure(cause, attempt)
  expect(failure).toMatchObject({ code: 'output-failed', message: expect.stringContaining(told), cause })
  expect(String(failure)).not.toContain('a sentence of the broker')
})

test('what no broker said is given back as it is', () => {
  const own = new ObslabError('broker-unreachable', 'No broker answered.')
  const bug = new TypeError('x is not a function')
  expect([sinkFailure(own, attempt), sinkFailure(bug, attempt)]).toEqual([own, bug])
})

test('an epoch that was raised is told apart', () => {
  const types = ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'CONCURRENT_TRANSACTIONS']
  expect(types.map(type => isFenced(given(type)))).toEqual([true, true, false])
})

test('another instance is named: host, process and since when', () => {
  const other = { host: 'machine-2', pid: 17, since: Date.UTC(2026, 2, 1, 10) }
  const named = expect.stringContaining('machine-2, process 17, since 2026-03-01T10:00:00.000Z')
  expect(jobHeld('vitals', other)).toMatchObject({ code: 'job-held', message: named })
  const cause = given('PRODUCER_FENCED')
  expect(jobFenced('vitals', other, cause)).toMatchObject({ code: 'job-fenced', message: named, cause })
})
