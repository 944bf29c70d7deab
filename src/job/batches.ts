import type { OutputRecord } from './sink.js'

/** Bytes that Kafka adds to a record, more or less: its varints, and room for a timestamp and an offset. */
const overhead = 32

/**
 * Records in their order in stretches of at most `bytes`, keys and rows and what Kafka adds; a record that is larger makes
 * a stretch of its own.
 */
export function* batchesOf(
  records: readonly OutputRecord[],
  bytes: number,
): Generator<readonly OutputRecord[]> {
  let begin = 0
  let size = 0
  for (const [at, { key, row }] of records.entries()) {
    const own = Buffer.byteLength(key) + (row === null ? 0 : Buffer.byteLength(row)) + overhead
    if (size > 0 && size + own > bytes) {
      yield records.slice(begin, at)
      begin = at
      size = 0
    }
    size += own
  }
  if (begin < records.length) yield records.slice(begin)
}
