import { expect, test } from 'vitest'
import { letterRecords, outputRecords, recordBytes } from '../../src/job/topic-records.js'

const topic = { topic: 'vitals', partitions: 3, end: 0, maxMessageBytes: 1128 }

test('a row may have what the topic takes, less what a batch adds', () => {
  expect(recordBytes(topic)).toBe(1000)
  const largest = { key: 'k'.repeat(10), row: 'é'.repeat(495) }
  expect(outputRecords(topic, [largest, { key: 'gone', row: null }])).toMatchObject({
    topic: 'vitals',
    partitions: 3,
    records: [largest, { key: 'gone', row: null }],
  })
})

test('a larger row is an error that shows nothing of it', () => {
  const larger = { key: 'k'.repeat(10), row: `${'é'.repeat(495)}x` }
  expect(() => outputRecords(topic, [larger])).toThrow(
    expect.objectContaining({
      code: 'output-failed',
      message:
        'Expected rows of at most 1000 bytes with their keys, found a larger one: raise max.message.bytes of vitals.',
    }),
  )
})

test('batches are half a mebibyte, or what the topic takes where that is less', () => {
  const large = { ...topic, maxMessageBytes: 1_048_588 }
  expect([outputRecords(large, []).batchBytes, outputRecords(topic, []).batchBytes]).toEqual([524_288, 1000])
})

test('a letter keeps its view where it fits, and goes without it where it does not', () => {
  const small = { key: '{"offset":1}', letter: '{"reason":"why","view":"{}"}' }
  const large = { key: '{"offset":2}', letter: JSON.stringify({ reason: 'why', view: 'x'.repeat(1000) }) }
  const taken = { key: '{"offset":3}', letter: null }
  expect(letterRecords(topic, [small, large, taken]).records).toEqual([
    { key: '{"offset":1}', row: '{"reason":"why","view":"{}"}' },
    { key: '{"offset":2}', row: '{"reason":"why","view":null}' },
    { key: '{"offset":3}', row: null },
  ])
})
