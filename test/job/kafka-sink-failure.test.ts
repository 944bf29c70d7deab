import { expect, test } from 'vitest'
import { isConcurrent, sinkFailure } from '../../src/job/kafka-sink-failure.js'

const attempt = { name: 'kafka://broker:9092', topic: 'vitals', job: 'vitals' }

/** An error as kafkajs gives it up: the protocol's error is the cause of the one that says how often it was tried. */
function given(type: string): Error {
  return new Error('gave up', { cause: Object.assign(new Error('a sentence of the broker'), { type }) })
}

test.each([
  ['PRODUCER_FENCED', 'job-fenced', 'Another instance of the job vitals'],
  ['INVALID_PRODUCER_EPOCH', 'job-fenced', 'Another instance of the job vitals'],
  ['TOPIC_AUTHORIZATION_FAILED', 'output-failed', 'WRITE and DESCRIBE'],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'output-failed', 'obslab.vitals'],
  ['GROUP_AUTHORIZATION_FAILED', 'output-failed', 'obslab.vitals'],
  ['MESSAGE_TOO_LARGE', 'output-failed', 'max.message.bytes'],
  ['NOT_ENOUGH_REPLICAS', 'output-failed', 'NOT_ENOUGH_REPLICAS'],
])('%s is told as %s: …%s…', (type, code, told) => {
  expect(sinkFailure(given(type), attempt)).toMatchObject({ code, message: expect.stringContaining(told) })
})

test('a connection that was lost is told as that', () => {
  const failure = sinkFailure(new Error('Connection timeout'), attempt)
  expect(failure).toMatchObject({
    code: 'output-failed',
    message: expect.stringContaining('no broker answered'),
  })
})

test('a coordinator that still settles the last transaction is told apart', () => {
  expect([isConcurrent(given('CONCURRENT_TRANSACTIONS')), isConcurrent(given('PRODUCER_FENCED'))]).toEqual([
    true,
    false,
  ])
})
