import { expect, test } from 'vitest'
import { KafkaError } from '../../src/job/kafka-error.js'
import {
  addPartitionsRequest,
  endTransactionRequest,
  initProducerIdRequest,
  produceRequest,
  transactionOffsetsRequest,
} from '../../src/job/transaction-protocol.js'
import { WireWriter } from '../../src/source/wire.js'

const producer = { transactionalId: 'obslab.vitals', id: 4000, epoch: 3 }
const header = new WireWriter().string('obslab.vitals').int64(4000).int16(3).finish().toString('hex')

test('a producer has the id and the epoch that the coordinator gave', () => {
  const { decode, apiKey, apiVersion } = initProducerIdRequest('obslab.vitals', 60_000)
  const response = new WireWriter().int32(0).int16(0).int64(4000).int16(3).finish()
  expect([apiKey, apiVersion, decode(response)]).toEqual([22, 1, producer])
})

test('a producer without transactions asks with a null id', () => {
  expect(initProducerIdRequest(null, 60_000).body.toString('hex')).toBe('ffff0000ea60')
})

test('partitions are added by topic', () => {
  const { body } = addPartitionsRequest(producer, [{ topic: 'ab', partitions: [0, 2] }])
  expect(body.toString('hex')).toBe(`${header}0000000100026162000000020000000000000002`)
})

test('an error of one partition is told rather than that the others were not attempted', () => {
  const { decode } = addPartitionsRequest(producer, [{ topic: 'ab', partitions: [0, 1] }])
  const response = new WireWriter().int32(0)
  response.array([0], () => response.string('ab').array([55, 29], code => response.int32(0).int16(code)))
  const answer = decode(response.finish())
  expect(answer).toBeInstanceOf(KafkaError)
  expect(answer).toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' })
})

test('a transaction ends with a commit or an abort', () => {
  const bodies = (['commit', 'abort'] as const).map(end =>
    endTransactionRequest(producer, end).body.toString('hex'),
  )
  expect(bodies).toEqual([`${header}01`, `${header}00`])
})

test('offsets go by topic, with their metadata', () => {
  const { body } = transactionOffsetsRequest(producer, 'g', [
    { topic: 'a', partition: 1, offset: 5, metadata: '' },
    { topic: 'b', partition: 0, offset: 6, metadata: 'x' },
    { topic: 'a', partition: 2, offset: 7, metadata: '' },
  ])
  const offsets = new WireWriter()
  offsets.string('obslab.vitals').string('g').int64(4000).int16(3).int32(2)
  offsets.string('a').int32(2).int32(1).int64(5).string('').int32(2).int64(7).string('')
  offsets.string('b').int32(1).int32(0).int64(6).string('x')
  expect(body.toString('hex')).toBe(offsets.finish().toString('hex'))
})

test('what is produced waits for all replicas, and an error of a partition is the answer', () => {
  const { body, decode } = produceRequest(producer, [
    { topic: 'a', partition: 1, batch: Buffer.from('batch') },
  ])
  const expected = new WireWriter().string('obslab.vitals').int16(-1).int32(15_000).int32(1).string('a')
  expected.int32(1).int32(1).bytes(Buffer.from('batch'))
  expect(body.toString('hex')).toBe(expected.finish().toString('hex'))
  const answer = (code: number): unknown => {
    const response = new WireWriter().int32(1).string('a').int32(1).int32(1).int16(code)
    return decode(response.int64(7).int64(-1).int64(0).int32(0).finish())
  }
  expect(answer(0)).toBeUndefined()
  expect(answer(10)).toMatchObject({ type: 'MESSAGE_TOO_LARGE' })
})
