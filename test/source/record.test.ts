import { beforeAll, describe, expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { type BatchToWrite, markerRecord, writeBatch } from '../../src/log/batch-writer.js'
import { loadCodecs } from '../../src/log/codec.js'
import { RecordReader, type RecordReaderOptions } from '../../src/source/record.js'
import type { AbortedTransaction, BatchChunk } from '../../src/source/source.js'
import { batches, records } from '../log/batches.js'

beforeAll(loadCodecs)

function chunk(parts: readonly BatchToWrite[], aborted: readonly AbortedTransaction[] = []): BatchChunk {
  return { topic: 'obs', partition: 2, bytes: batches(...parts), aborted }
}

const send = (producerId: number, offset: number, count: number): BatchToWrite => ({
  records: records(offset, count),
  producerId,
  producerEpoch: 0,
  transactional: true,
})
const marker = (kind: 'commit' | 'abort', producerId: number, offset: number): BatchToWrite => ({
  records: [markerRecord(kind, offset, 1)],
  producerId,
  producerEpoch: 0,
  transactional: true,
  control: true,
})

function offsets(
  chunks: readonly BatchChunk[],
  options: RecordReaderOptions = {},
): { read: number[]; next: number } {
  const reader = new RecordReader('obs', 2, options)
  const read = chunks.flatMap(chunk => reader.read(chunk).map(record => record.offset))
  return { read, next: reader.next }
}

test('a record carries its topic, partition, offset, timestamp, key, value and headers', () => {
  const [first] = new RecordReader('obs', 2).read(chunk([{ records: records(7, 1) }]))
  expect(first).toEqual({
    topic: 'obs',
    partition: 2,
    offset: 7,
    timestamp: 1007,
    key: Buffer.from('key 7'),
    value: Buffer.from('value 7'),
    headers: [],
  })
})

describe('bounds', () => {
  const parts = [
    { records: records(0, 4) },
    { records: records(4, 4), codec: 'zstd' as const },
    { records: records(10, 2) },
  ]
  test.each<[RecordReaderOptions, number[], number]>([
    [{}, [0, 1, 2, 3, 4, 5, 6, 7, 10, 11], 12],
    [{ from: 2 }, [2, 3, 4, 5, 6, 7, 10, 11], 12],
    [{ from: 2, to: 3 }, [2], 3],
    [{ from: 6, to: 11 }, [6, 7, 10], 11],
    [{ to: 9 }, [0, 1, 2, 3, 4, 5, 6, 7], 9],
    [{ from: 8, to: 10 }, [], 10],
    [{ from: 12 }, [], 12],
  ])('%j', (options, read, next) => {
    expect(offsets([chunk(parts)], options)).toEqual({ read, next })
    expect(
      offsets(
        parts.map(part => chunk([part])),
        options,
      ),
    ).toEqual({ read, next })
  })

  test('a reader is done when it reaches its end, not before', () => {
    const reader = new RecordReader('obs', 2, { to: 8 })
    reader.read(chunk(parts.slice(0, 1)))
    expect(reader.done).toBe(false)
    reader.read(chunk(parts.slice(1, 2)))
    expect(reader.done).toBe(true)
  })

  test('a batch that is given twice is read once', () => {
    expect(offsets([chunk(parts), chunk(parts)]).read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 10, 11])
  })
})

describe('the next offset moves on past', () => {
  test.each<[string, BatchToWrite[], AbortedTransaction[], number]>([
    ['a batch that compaction emptied', [{ records: [], baseOffset: 0, lastOffset: 9 }], [], 10],
    ['records compacted off the end of a batch', [{ records: records(0, 1), lastOffset: 9 }], [], 10],
    ['a marker', [marker('commit', 1, 0)], [], 1],
    ['an aborted batch', [send(1, 0, 5)], [{ producerId: 1, firstOffset: 0 }], 5],
  ])('%s', (_, parts, aborted, next) => {
    expect(offsets([chunk(parts, aborted)]).next).toBe(next)
  })
})

describe('transactions', () => {
  const log = [
    send(1, 0, 2),
    send(2, 2, 2),
    marker('abort', 1, 4),
    send(1, 5, 2),
    { records: records(7, 1), producerId: 3, producerEpoch: 0 },
    marker('commit', 2, 8),
    send(2, 9, 1),
    marker('commit', 1, 10),
    marker('abort', 2, 11),
  ]
  const aborted = [
    { producerId: 1, firstOffset: 0 },
    { producerId: 2, firstOffset: 9 },
  ]

  test('of two producers that take turns, what each aborted is left out and what each committed is given', () => {
    expect(offsets([chunk(log, aborted)])).toEqual({ read: [2, 3, 5, 6, 7], next: 12 })
  })

  test('are told apart however the batches come in chunks', () => {
    for (let cut = 1; cut < log.length; cut++) {
      const parts = [log.slice(0, cut), log.slice(cut)]
      expect(offsets(parts.map(part => chunk(part, aborted))).read).toEqual([2, 3, 5, 6, 7])
    }
  })

  test('batches outside a transaction are given even when their producer has an aborted one', () => {
    const plain = { records: records(0, 1), producerId: 1, producerEpoch: 0 }
    expect(offsets([chunk([plain, send(1, 1, 1)], [{ producerId: 1, firstOffset: 0 }])]).read).toEqual([0])
  })
})

describe('damage', () => {
  test('names topic, partition and the offset of the batch', () => {
    const bytes = Buffer.from(batches({ records: records(0, 2) }, { records: records(2, 2) }))
    bytes[bytes.length - 1]! ^= 1
    const read = (): unknown =>
      new RecordReader('obs', 2).read({ topic: 'obs', partition: 2, bytes, aborted: [] })
    expect(read).toThrow(
      expect.objectContaining({ code: 'batch-corrupt', position: { topic: 'obs', partition: 2, offset: 2 } }),
    )
  })

  test('in an aborted batch is not met', () => {
    const bytes = Buffer.from(writeBatch(send(1, 0, 2)))
    bytes[bytes.length - 1]! ^= 1
    const aborted = [{ producerId: 1, firstOffset: 0 }]
    expect(new RecordReader('obs', 2).read({ topic: 'obs', partition: 2, bytes, aborted })).toEqual([])
  })

  test('an error of the one who visits is given on as it is', () => {
    const error = new ObslabError('cancelled', 'Enough.')
    const visit = (): never => {
      throw error
    }
    expect(() => new RecordReader('obs', 2).scan(chunk([{ records: records(0, 1) }]), visit)).toThrow(error)
  })
})

test('a batch in a codec that is not known is told with its position and what to do', () => {
  const known = chunk([{ records: records(0, 4) }, { records: records(4, 4) }])
  const second = batches({ records: records(0, 4) }).length
  known.bytes[second + 22] = 6
  expect(() => new RecordReader('obs', 2).read(known)).toThrow(
    expect.objectContaining({
      code: 'batch-unsupported',
      position: { topic: 'obs', partition: 2, offset: 4 },
      message: expect.stringMatching(
        /found codec number 6: .* Have the topic written in one of these codecs/,
      ),
    }),
  )
})
