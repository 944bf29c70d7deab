import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { readBatchHeader } from '../../src/log/batch-header.js'
import { type BatchToWrite, markerRecord, writeBatch } from '../../src/log/batch-writer.js'
import { loadCodecs } from '../../src/log/codec.js'
import { crc32c } from '../../src/log/crc32c.js'
import type { LogRecord } from '../../src/log/record-batch.js'
import { RecordCursor, readMarker, readRecords } from '../../src/log/record-cursor.js'
import { anyBatch, batches, plain, record, records } from './batches.js'

beforeAll(loadCodecs)

function read(bytes: Uint8Array, at: number = 0): LogRecord[] {
  return readRecords(bytes, readBatchHeader(bytes, at))
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ObslabError)
    return (error as ObslabError).code
  }
  return 'no error'
}

/** Writes a batch, lets `change` damage it, and makes the checksum right again. */
function forged(batch: BatchToWrite, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(writeBatch(batch))
  change(bytes)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}

test('the records of a batch are read back as they were written, in every codec', () => {
  fc.assert(
    fc.property(anyBatch, batch => {
      expect(read(writeBatch(batch)).map(plain)).toEqual(batch.records.map(plain))
    }),
  )
})

test('a batch is read from the middle of a buffer', () => {
  const bytes = batches(
    { records: records(0, 2) },
    { records: records(2, 3), codec: 'zstd' },
    { records: records(5, 1) },
  )
  const second = readBatchHeader(bytes, readBatchHeader(bytes).end)
  expect(readRecords(bytes, second).map(plain)).toEqual(records(2, 3).map(plain))
})

test('null and empty keys, values and header values are told apart', () => {
  const written: LogRecord[] = [
    record(0, null, null),
    record(1, '', ''),
    {
      ...record(2, 'k', 'v'),
      headers: [
        { key: '', value: null },
        { key: 'naïve', value: Buffer.alloc(0) },
      ],
    },
  ]
  const found = read(writeBatch({ records: written }))
  expect(found[0]).toMatchObject({ key: null, value: null, headers: [] })
  expect(found[1]!.key).toHaveLength(0)
  expect(found[1]!.value).toHaveLength(0)
  expect(found[2]!.headers).toEqual([
    { key: '', value: null },
    { key: 'naïve', value: Buffer.alloc(0) },
  ])
})

test('records with the same headers share them, others have their own', () => {
  const same = { key: 'a', value: Buffer.from('1') }
  const other = { key: 'a', value: Buffer.from('2') }
  const written = [same, same, other, same].map((header, index) => ({
    ...record(index, 'k', 'v'),
    headers: [header],
  }))
  const found = read(writeBatch({ records: written }))
  expect(found.map(plain)).toEqual(written.map(plain))
  expect(found[1]!.headers).toBe(found[0]!.headers)
})

test('with LogAppendTime every record has the batch’s greatest timestamp', () => {
  const bytes = writeBatch({ records: records(0, 3), timestampType: 'LogAppendTime', maxTimestamp: 5_000 })
  expect(read(bytes).map(record => record.timestamp)).toEqual([5_000, 5_000, 5_000])
})

test('a delete horizon is what the deltas are relative to and never a timestamp', () => {
  const horizon = 1_900_000_000_000
  const bytes = writeBatch({ records: records(0, 3), deleteHorizon: horizon })
  const header = readBatchHeader(bytes)
  expect(header).toMatchObject({ deleteHorizon: true, baseTimestamp: horizon, maxTimestamp: 1_002 })
  expect(read(bytes).map(record => record.timestamp)).toEqual([1_000, 1_001, 1_002])
})

test('a batch that compaction emptied has no records and still moves on', () => {
  const bytes = writeBatch({ records: [], baseOffset: 10, lastOffset: 19, maxTimestamp: 7, codec: 'lz4' })
  expect(readBatchHeader(bytes)).toMatchObject({
    recordCount: 0,
    nextOffset: 20,
    maxTimestamp: 7,
    codec: 'none',
  })
  expect(read(bytes)).toEqual([])
})

test.each(['commit', 'abort'] as const)('a %s marker is told', marker => {
  const bytes = writeBatch({
    records: [markerRecord(marker, 3, 1)],
    control: true,
    transactional: true,
    producerId: 9,
  })
  expect(readMarker(bytes, readBatchHeader(bytes))).toBe(marker)
})

test('an emptied control batch and an unknown marker are none that consumers act on', () => {
  const empty = writeBatch({ records: [], baseOffset: 3, lastOffset: 3, control: true })
  const unknown = writeBatch({
    records: [{ ...record(0, null, null), key: Buffer.from([0, 0, 0, 5]) }],
    control: true,
  })
  expect(readMarker(empty, readBatchHeader(empty))).toBe('other')
  expect(readMarker(unknown, readBatchHeader(unknown))).toBe('other')
})

describe('damage', () => {
  test('any changed bytes after the checksum are a named error, never other records', () => {
    fc.assert(
      fc.property(anyBatch, fc.nat(), fc.integer({ min: 1, max: 255 }), (batch, where, bits) => {
        const bytes = Buffer.from(writeBatch(batch))
        bytes[21 + (where % (bytes.length - 21))]! ^= bits
        expect(['batch-corrupt', 'batch-unsupported']).toContain(codeOf(() => read(bytes)))
      }),
    )
  })

  test('bytes behind a right checksum that contradict each other are a named error or records, never a hang', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(anyBatch, damage, (batch, changes) => {
        const bytes = forged(batch, bytes => {
          for (const [where, byte] of changes) bytes[21 + (where % (bytes.length - 21))] = byte
        })
        expect(['no error', 'batch-corrupt', 'batch-unsupported', 'batch-too-large']).toContain(
          codeOf(() => readRecords(bytes, readBatchHeader(bytes), { maxBytes: 1024 * 1024 })),
        )
      }),
      { numRuns: 300 },
    )
  })

  test.each<[string, (bytes: Buffer) => void]>([
    ['a record longer than its batch', bytes => bytes.writeUInt8(0x7e, 61)],
    ['a record count above the records', bytes => bytes.writeInt32BE(3, 57)],
    ['a record count below the records', bytes => bytes.writeInt32BE(1, 57)],
    ['an offset past the last one', bytes => bytes.writeInt32BE(0, 23)],
    ['a key longer than its record', bytes => bytes.writeUInt8(0x7e, 65)],
  ])('%s is a corrupt batch', (_, change) => {
    const bytes = forged({ records: [record(0, 'k', 'v'), record(1, 'k', 'v')] }, change)
    expect(codeOf(() => read(bytes))).toBe('batch-corrupt')
  })

  test('the error names the offsets of the batch', () => {
    const bytes = Buffer.from(writeBatch({ records: records(40, 3) }))
    bytes[70]! ^= 1
    expect(() => read(bytes)).toThrow(
      /^Record batch with offsets 40 to 42: expected CRC-32C [0-9a-f]{8}, found/,
    )
  })

  test('a batch that expands beyond the limit asked for is a named error', () => {
    const bytes = writeBatch({ records: [record(0, 'k', 'v'.repeat(100_000))], codec: 'lz4' })
    expect(codeOf(() => readRecords(bytes, readBatchHeader(bytes), { maxBytes: 50_000 }))).toBe(
      'batch-too-large',
    )
  })
})

test('a cursor tells where keys and values lie without making objects', () => {
  const bytes = writeBatch({ records: [record(4, 'key', 'value'), record(6, null, 'more')] })
  const cursor = new RecordCursor(bytes, readBatchHeader(bytes))
  const seen: unknown[] = []
  while (cursor.next()) {
    const value = cursor.bytes.toString('utf8', cursor.valueAt, cursor.valueAt + cursor.valueLength)
    seen.push([cursor.offset, cursor.keyLength, value])
  }
  expect(seen).toEqual([
    [4, 3, 'value'],
    [6, -1, 'more'],
  ])
})
