import { expect, test } from 'vitest'
import { answered, checkCode, errorType, KafkaError, taken } from '../../src/job/kafka-error.js'

test('an error that a broker answers is an answer, and is thrown where it is taken', () => {
  const decode = answered((response: Buffer) => {
    checkCode(response.readInt16BE(0), 'EndTxn')
    return 'done'
  })
  expect(taken(decode(Buffer.from([0, 0])))).toBe('done')
  const answer = decode(Buffer.from([0, 90]))
  expect(answer).toBeInstanceOf(KafkaError)
  expect(() => taken(answer)).toThrow('EndTxn was answered with PRODUCER_FENCED')
})

test('what else a decoder throws is thrown', () => {
  const decode = answered(() => {
    throw new RangeError('beyond the end')
  })
  expect(() => decode(Buffer.alloc(0))).toThrow(RangeError)
})

test('a code without a name is told as its number', () => {
  expect(new KafkaError(1234, 'Produce').type).toBe('ERROR_1234')
})

test('the type is found however deep it was wrapped', () => {
  const wrapped = new Error('outer', { cause: new Error('inner', { cause: new KafkaError(51, 'EndTxn') }) })
  expect([errorType(wrapped), errorType(new Error('plain')), errorType(null)]).toEqual([
    'CONCURRENT_TRANSACTIONS',
    undefined,
    undefined,
  ])
})
