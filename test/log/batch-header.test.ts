import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { batchHeaders, readBatchHeader, wholeBatchesEnd } from '../../src/log/batch-header.js'
import { writeBatch } from '../../src/log/batch-writer.js'
import { loadCodecs } from '../../src/log/codec.js'
import { anyBatch, batches, records } from './batches.js'

beforeAll(loadCodecs)

test('every field of a header is read back as it was written', () => {
  fc.assert(
    fc.property(anyBatch, batch => {
      const header = readBatchHeader(writeBatch(batch))
      expect(header).toMatchObject({
        at: 0,
        baseOffset: batch.baseOffset,
        lastOffset: batch.lastOffset,
        nextOffset: batch.lastOffset! + 1,
        codec: batch.codec,
        producerId: batch.producerId,
        producerEpoch: batch.producerEpoch,
        baseSequence: batch.baseSequence,
        partitionLeaderEpoch: batch.partitionLeaderEpoch,
        transactional: batch.transactional,
        control: false,
        deleteHorizon: batch.deleteHorizon !== undefined,
        maxTimestamp: Math.max(...batch.records.map(record => record.timestamp)),
        recordCount: batch.records.length,
      })
    }),
  )
})

test('batches back to back are told one after another', () => {
  const bytes = batches({ records: records(0, 3) }, { records: records(5, 2) }, { records: records(7, 1) })
  expect([...batchHeaders(bytes)].map(header => [header.baseOffset, header.nextOffset])).toEqual([
    [0, 3],
    [5, 7],
    [7, 8],
  ])
})

test('whole batches end where the last one does, wherever the buffer is cut', () => {
  const first = writeBatch({ records: records(0, 3) })
  const bytes = Buffer.concat([first, writeBatch({ records: records(3, 3) })])
  for (let length = 0; length <= bytes.length; length++) {
    const expected = length === bytes.length ? bytes.length : length < first.length ? 0 : first.length
    expect(wholeBatchesEnd(bytes.subarray(0, length))).toBe(expected)
  }
})

describe('what is not a batch is a named error', () => {
  const bytes = (change: (bytes: Buffer) => void): Buffer => {
    const batch = Buffer.from(writeBatch({ records: records(0, 2) }))
    change(batch)
    return batch
  }
  test.each([
    ['message format 1', bytes(batch => batch.writeInt8(1, 16)), 'batch-unsupported'],
    ['message format 0', bytes(batch => batch.writeInt8(0, 16)), 'batch-unsupported'],
    ['an unknown codec', bytes(batch => batch.writeInt16BE(7, 21)), 'batch-unsupported'],
    ['an offset beyond 2^53', bytes(batch => batch.writeBigInt64BE(2n ** 53n, 0)), 'batch-unsupported'],
    ['a time beyond 2^53', bytes(batch => batch.writeBigInt64BE(-(2n ** 62n), 35)), 'batch-unsupported'],
    ['a producer id beyond 2^53', bytes(batch => batch.writeBigInt64BE(2n ** 60n, 43)), 'batch-unsupported'],
    ['a format to come', bytes(batch => batch.writeInt8(3, 16)), 'batch-corrupt'],
    ['a length too short', bytes(batch => batch.writeInt32BE(40, 8)), 'batch-corrupt'],
    ['a negative length', bytes(batch => batch.writeInt32BE(-1, 8)), 'batch-corrupt'],
    ['a negative offset', bytes(batch => batch.writeBigInt64BE(-1n, 0)), 'batch-corrupt'],
    ['descending offsets', bytes(batch => batch.writeInt32BE(-3, 23)), 'batch-corrupt'],
    ['a negative record count', bytes(batch => batch.writeInt32BE(-3, 57)), 'batch-corrupt'],
    ['a batch cut short', bytes(() => undefined).subarray(0, -1), 'batch-corrupt'],
    ['a few bytes', Buffer.alloc(9), 'batch-corrupt'],
    ['zeros', Buffer.alloc(100), 'batch-corrupt'],
  ])('%s', (_, batch, code) => {
    expect(() => readBatchHeader(batch)).toThrow(expect.objectContaining({ name: 'ObslabError', code }))
  })
})
