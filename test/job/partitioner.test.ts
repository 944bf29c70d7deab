import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { partitionOf } from '../../src/job/partitioner.js'

const reference = kafkajs.Partitioners.DefaultPartitioner()

test('a key goes where kafkajs, and so a Java client, puts it', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          partitionErrorCode: 0,
          partitionId,
          leader: 1,
          replicas: [1],
          isr: [1],
        }))
        const message = { key: Buffer.from(key), value: null }
        expect(partitionOf(key, count)).toBe(reference({ topic: 'any', partitionMetadata, message }))
      },
    ),
    { numRuns: 300 },
  )
})

// Of Kafka's own UtilsTest.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
])('%s has the hash that Java gives it', (text, hash) => {
  const count = 1_000_003
  expect(partitionOf(Buffer.from(text), count)).toBe((hash & 0x7fffffff) % count)
})
