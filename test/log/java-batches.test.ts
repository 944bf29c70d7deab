import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { type BatchHeader, readBatchHeader } from '../../src/log/batch-header.js'
import { writeBatch } from '../../src/log/batch-writer.js'
import { loadCodecs } from '../../src/log/codec.js'
import { readMarker, readRecords } from '../../src/log/record-cursor.js'

type JavaRecord = [number, number, string | null, string | null, [string, string | null][]]

interface JavaBatch {
  name: string
  baseOffset: number
  lastOffset: number
  leaderEpoch: number
  codec: string
  timestampType: string
  maxTimestamp: number
  deleteHorizon: number | null
  producerId: number
  producerEpoch: number
  baseSequence: number
  transactional: boolean
  control: boolean
  bytes: string
  records: JavaRecord[]
}

// Written by java/JavaBatches.java with the classes of Kafka 4.3.1.
const batches = readFileSync(new URL('./java/batches.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as JavaBatch)

beforeAll(loadCodecs)

function told(bytes: Uint8Array, header: BatchHeader): JavaRecord[] {
  const hex = (part: Uint8Array | null): string | null =>
    part === null ? null : Buffer.from(part).toString('hex')
  return readRecords(bytes, header).map(({ offset, timestamp, key, value, headers }) => [
    offset,
    timestamp,
    hex(key),
    value === null ? null : createHash('sha256').update(value).digest('hex'),
    headers.map(header => [header.key, hex(header.value)]),
  ])
}

describe('batches written by Kafka’s own classes', () => {
  test.each(batches)('$name: what Kafka reads in it is what we read', batch => {
    const bytes = Buffer.from(batch.bytes, 'hex')
    const header = readBatchHeader(bytes)
    expect(header).toMatchObject({
      end: bytes.length,
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      partitionLeaderEpoch: batch.leaderEpoch,
      codec: batch.codec,
      timestampType: batch.timestampType,
      maxTimestamp: batch.maxTimestamp,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      transactional: batch.transactional,
      control: batch.control,
      deleteHorizon: batch.deleteHorizon !== null,
    })
    if (batch.deleteHorizon !== null) expect(header.baseTimestamp).toBe(batch.deleteHorizon)
    expect(told(bytes, header)).toEqual(batch.records)
    expect(batch.records.length).toBeGreaterThan(0)
  })

  test('every codec, both timestamp types, a delete horizon and both markers are among them', () => {
    expect(new Set(batches.map(batch => batch.codec))).toEqual(
      new Set(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    )
    expect(new Set(batches.map(batch => batch.timestampType))).toEqual(
      new Set(['CreateTime', 'LogAppendTime']),
    )
    expect(batches.filter(batch => batch.deleteHorizon !== null)).toHaveLength(1)
  })

  test('markers are told', () => {
    const markers = batches.filter(batch => batch.control).map(batch => Buffer.from(batch.bytes, 'hex'))
    expect(markers.map(bytes => readMarker(bytes, readBatchHeader(bytes)))).toEqual(['commit', 'abort'])
  })

  test('an uncompressed batch written anew is the same bytes', () => {
    const plain = batches.filter(batch => batch.codec === 'none' && !batch.control)
    expect(plain.map(batch => batch.name)).toEqual(['small none', 'delete horizon'])
    for (const batch of plain) {
      const bytes = Buffer.from(batch.bytes, 'hex')
      const { deleteHorizon, baseTimestamp, codec: _, ...header } = readBatchHeader(bytes)
      const horizon = deleteHorizon ? { deleteHorizon: baseTimestamp } : {}
      const written = writeBatch({
        ...header,
        ...horizon,
        records: readRecords(bytes, readBatchHeader(bytes)),
      })
      expect(Buffer.from(written).toString('hex')).toBe(batch.bytes)
    }
  })
})
