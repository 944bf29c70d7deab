import fc from 'fast-check'
import { type BatchToWrite, writeBatch } from '../../src/log/batch-writer.js'
import type { LogRecord } from '../../src/log/record-batch.js'

/** A record with the key and value given as text; null stays null. */
export function record(
  offset: number,
  key: string | null,
  value: string | null,
  timestamp: number = 1000 + offset,
): LogRecord {
  return {
    offset,
    timestamp,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: [],
  }
}

/** `count` records from `offset` on, all different. */
export function records(offset: number, count: number, timestamp: number = 1000 + offset): LogRecord[] {
  return Array.from({ length: count }, (_, index) =>
    record(offset + index, `key ${offset + index}`, `value ${offset + index}`, timestamp + index),
  )
}

/** A record as plain text, for comparisons that do not mind which class of bytes it is made of. */
export function plain(record: LogRecord): unknown {
  const text = (bytes: Uint8Array | null): string | null =>
    bytes === null ? null : Buffer.from(bytes).toString('latin1')
  return {
    offset: record.offset,
    timestamp: record.timestamp,
    key: text(record.key),
    value: text(record.value),
    headers: record.headers.map(header => [header.key, text(header.value)]),
  }
}

const bytesOrNull = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null })

const header = fc.record({ key: fc.string({ maxLength: 8, unit: 'grapheme' }), value: bytesOrNull })

/** Any batch that obslab can write, control batches excepted. */
export const anyBatch: fc.Arbitrary<BatchToWrite & { records: LogRecord[] }> = fc
  .record({
    start: fc.oneof(fc.nat(1000), fc.integer({ min: 2 ** 40, max: 2 ** 52 })),
    rows: fc.array(
      fc.record({
        gap: fc.oneof(
          { weight: 4, arbitrary: fc.constant(1) },
          { weight: 1, arbitrary: fc.integer({ min: 1, max: 70_000 }) },
        ),
        timestamp: fc.integer({ min: 0, max: 2_000_000_000_000 }),
        key: bytesOrNull,
        value: bytesOrNull,
        headers: fc.oneof(fc.constant([]), fc.array(header, { maxLength: 3 })),
      }),
      { minLength: 1, maxLength: 30 },
    ),
    codec: fc.constantFrom('none' as const, 'gzip' as const, 'lz4' as const, 'zstd' as const),
    producerId: fc.oneof(fc.constant(-1), fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)),
    producerEpoch: fc.integer({ min: -1, max: 32767 }),
    baseSequence: fc.integer({ min: -1, max: 2147483647 }),
    partitionLeaderEpoch: fc.integer({ min: -1, max: 2147483647 }),
    transactional: fc.boolean(),
    deleteHorizon: fc.option(fc.integer({ min: 0, max: 2_000_000_000_000 }), { nil: undefined }),
    trailing: fc.nat(5),
  })
  .map(({ start, rows, trailing, deleteHorizon, ...fields }) => {
    let offset = start - 1
    const written = rows.map(({ gap, ...row }): LogRecord => {
      offset += gap
      return { ...row, offset }
    })
    const horizon = deleteHorizon === undefined ? {} : { deleteHorizon }
    return { ...fields, ...horizon, records: written, baseOffset: start, lastOffset: offset + trailing }
  })

/** The bytes of several batches back to back. */
export function batches(...parts: readonly BatchToWrite[]): Uint8Array {
  return Buffer.concat(parts.map(writeBatch))
}
