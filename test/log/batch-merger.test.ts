import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type BatchHeader, batchHeaders } from '../../src/log/batch-header.js'
import { BatchMerger } from '../../src/log/batch-merger.js'
import { type BatchToWrite, markerRecord } from '../../src/log/batch-writer.js'
import { loadCodecs } from '../../src/log/codec.js'
import type { LogRecord } from '../../src/log/record-batch.js'
import { readRecords } from '../../src/log/record-cursor.js'
import { batches, plain, record, records } from './batches.js'

beforeAll(loadCodecs)

function merge(bytes: Uint8Array, maxBytes?: number): Uint8Array {
  const merger = new BatchMerger('zstd', maxBytes)
  const out: Uint8Array[] = []
  for (const header of batchHeaders(bytes)) out.push(...merger.add(bytes, header))
  return Buffer.concat([...out, ...merger.flush()])
}

function producerOf(header: BatchHeader, record: LogRecord): unknown {
  const { producerId, producerEpoch, baseSequence, transactional, control, timestampType } = header
  const sequence = baseSequence < 0 ? -1 : baseSequence + record.offset - header.baseOffset
  return { producerId, producerEpoch, sequence, transactional, control, timestampType }
}

function everything(bytes: Uint8Array): unknown[] {
  return [...batchHeaders(bytes)].flatMap(header =>
    readRecords(bytes, header).map(record => ({
      record: plain(record),
      producer: producerOf(header, record),
    })),
  )
}

const baseOffsets = (bytes: Uint8Array): number[] => [...batchHeaders(bytes)].map(header => header.baseOffset)

test('small batches of one idempotent producer become one in the codec asked for', () => {
  const parts = [0, 3, 6].map(offset => ({
    records: records(offset, 3),
    producerId: 7,
    producerEpoch: 1,
    baseSequence: offset + 50,
  }))
  const merged = merge(batches(...parts))
  const [header, ...others] = batchHeaders(merged)
  expect(others).toEqual([])
  expect(header).toMatchObject({
    codec: 'zstd',
    baseOffset: 0,
    lastOffset: 8,
    baseSequence: 50,
    producerId: 7,
    recordCount: 9,
  })
  expect(everything(merged)).toEqual(everything(batches(...parts)))
})

test.each<[string, Partial<BatchToWrite>, Partial<BatchToWrite>]>([
  ['of different producers', { producerId: 1, producerEpoch: 0 }, { producerId: 2, producerEpoch: 0 }],
  ['of different epochs', { producerId: 1, producerEpoch: 0 }, { producerId: 1, producerEpoch: 1 }],
  ['in and out of a transaction', { transactional: true }, {}],
  ['with a gap in their sequence', { baseSequence: 0 }, { baseSequence: 4 }],
  ['with and without a sequence', {}, { baseSequence: 3 }],
  ['with a gap in their offsets', {}, { records: records(4, 3) }],
  ['of different leaders', { partitionLeaderEpoch: 1 }, { partitionLeaderEpoch: 2 }],
  [
    'appended at different times',
    { timestampType: 'LogAppendTime', maxTimestamp: 1 },
    { timestampType: 'LogAppendTime', maxTimestamp: 2 },
  ],
  ['with a delete horizon', { deleteHorizon: 9 }, { deleteHorizon: 9 }],
  [
    'that are markers',
    { control: true, records: [markerRecord('commit', 0, 1)] },
    { control: true, records: [markerRecord('abort', 1, 1)] },
  ],
  ['of which one is emptied', {}, { records: [], baseOffset: 3, lastOffset: 5 }],
])('batches %s stay apart', (_, first, second) => {
  const bytes = batches({ records: records(0, 3), ...first }, { records: records(3, 3), ...second })
  const merged = merge(bytes)
  expect(baseOffsets(merged)).toEqual(baseOffsets(bytes))
  expect(everything(merged)).toEqual(everything(bytes))
})

test('a batch grows to the size given and not beyond', () => {
  const parts = Array.from({ length: 10 }, (_, index) => ({
    records: [record(index, 'k', 'v'.repeat(1000))],
  }))
  expect(baseOffsets(merge(batches(...parts), 3500))).toEqual([0, 3, 6, 9])
})

test('a lone batch already in the codec asked for stays as it is, byte for byte', () => {
  const bytes = batches({ records: records(0, 5), codec: 'zstd' })
  expect(Buffer.compare(merge(bytes), bytes)).toBe(0)
})

test('whatever is merged, records, offsets, timestamps and producers stay', () => {
  const part = fc.record({
    count: fc.integer({ min: 1, max: 4 }),
    gap: fc.constantFrom(0, 0, 0, 1),
    trailing: fc.constantFrom(0, 0, 1),
    producerId: fc.constantFrom(-1, 1, 2),
    transactional: fc.boolean(),
    append: fc.constantFrom(0, 0, 77),
    timestamp: fc.nat(100_000),
    codec: fc.constantFrom('none' as const, 'zstd' as const),
  })
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(100, 1_000_000),
      (parts, maxBytes) => {
        let offset = 0
        const sequences = new Map<number, number>()
        const bytes = batches(
          ...parts.map(
            ({ count, gap, trailing, producerId, transactional, append, timestamp, codec }): BatchToWrite => {
              const baseOffset = offset + gap
              offset = baseOffset + count + trailing
              const baseSequence = producerId < 0 ? -1 : (sequences.get(producerId) ?? 0)
              sequences.set(producerId, baseSequence + count + trailing)
              const times =
                append > 0 ? { timestampType: 'LogAppendTime' as const, maxTimestamp: append } : {}
              const batch = {
                records: records(baseOffset, count, timestamp),
                lastOffset: offset - 1,
                ...times,
                codec,
              }
              return { ...batch, producerId, producerEpoch: 0, baseSequence, transactional }
            },
          ),
        )
        const merged = merge(bytes, maxBytes)
        expect(everything(merged)).toEqual(everything(bytes))
        expect([...batchHeaders(merged)].at(-1)!.nextOffset).toBe(offset)
      },
    ),
  )
})
