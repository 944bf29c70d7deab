import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batchHeaders } from '../../src/log/batch-header.js'
import { type BatchToWrite, markerRecord, writeBatch } from '../../src/log/batch-writer.js'
import { PartitionLog } from '../../src/log/partition-log.js'
import { segmentFileName } from '../../src/log/segment.js'
import { batches, record, records } from './batches.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'obslab-partition-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Writes a partition, each list of batches a segment named after the offset it is given with. */
async function partition(...segments: readonly [number, readonly BatchToWrite[]][]): Promise<string> {
  const path = await mkdtemp(join(folder, 'obs-'))
  for (const [baseOffset, parts] of segments) {
    await writeFile(join(path, segmentFileName(baseOffset)), batches(...parts))
  }
  return path
}

async function read(log: PartitionLog, from: number, to: number): Promise<number[]> {
  const offsets: number[] = []
  for await (const { bytes } of log.read(from, to)) {
    offsets.push(...[...batchHeaders(bytes)].map(header => header.baseOffset))
  }
  return offsets
}

const transaction = (producerId: number, offset: number, count: number): BatchToWrite => ({
  records: records(offset, count),
  producerId,
  transactional: true,
})
const marker = (kind: 'commit' | 'abort', producerId: number, offset: number): BatchToWrite => ({
  records: [markerRecord(kind, offset, 5)],
  producerId,
  transactional: true,
  control: true,
})

test('start and end come from the first segment’s name and the last batch', async () => {
  const path = await partition(
    [10, [{ records: records(12, 3) }]],
    [20, [{ records: records(20, 2), lastOffset: 29 }]],
  )
  expect(await new PartitionLog(path).index()).toMatchObject({
    startOffset: 10,
    endOffset: 30,
    firstOpenOffset: 30,
  })
})

test('a partition without batches begins and ends where its segment says', async () => {
  const log = new PartitionLog(await partition([42, []]))
  expect(await log.index()).toMatchObject({
    startOffset: 42,
    endOffset: 42,
    firstOpenOffset: 42,
    aborted: [],
  })
  expect(await read(log, 42, 50)).toEqual([])
})

test('aborted transactions are found by their markers, open ones by the lack of one', async () => {
  const path = await partition(
    [0, [transaction(1, 0, 2), transaction(2, 2, 1), transaction(3, 3, 1), marker('commit', 2, 4)]],
    [5, [marker('abort', 3, 5), transaction(2, 6, 1), marker('abort', 1, 7), transaction(3, 8, 2)]],
  )
  expect(await new PartitionLog(path).index()).toMatchObject({
    aborted: [
      { producerId: 1, firstOffset: 0, lastOffset: 7 },
      { producerId: 3, firstOffset: 3, lastOffset: 5 },
    ],
    firstOpenOffset: 6,
    endOffset: 10,
  })
})

test('batches from a given offset on are as if they were not there, their markers too', async () => {
  const path = await partition([0, [transaction(1, 0, 2), { records: records(2, 2) }, marker('abort', 1, 4)]])
  const log = new PartitionLog(path, 4)
  expect(await log.index()).toMatchObject({ endOffset: 4, firstOpenOffset: 0, aborted: [] })
  expect(await read(log, 0, 10)).toEqual([0, 2])
})

describe('reading', () => {
  test('gives the batches that hold the offsets asked for, across segments', async () => {
    const path = await partition(
      [0, [{ records: records(0, 4) }, { records: records(4, 4) }]],
      [8, [{ records: records(8, 4) }, { records: records(12, 4) }]],
    )
    const log = new PartitionLog(path)
    expect(await read(log, 0, 16)).toEqual([0, 4, 8, 12])
    expect(await read(log, 5, 9)).toEqual([4, 8])
    expect(await read(log, 8, 12)).toEqual([8])
    expect(await read(log, 15, 16)).toEqual([12])
    expect(await read(log, 16, 20)).toEqual([])
    expect(await read(log, 3, 3)).toEqual([])
  })

  test('of a log of several megabytes begins in the middle without what lies before', async () => {
    const parts = Array.from({ length: 40 }, (_, index) => ({
      records: [record(index, 'k', 'v'.repeat(100_000))],
    }))
    const log = new PartitionLog(await partition([0, parts]))
    expect((await log.index()).blocks.length).toBeGreaterThan(3)
    for (const from of [0, 9, 10, 11, 25, 39]) {
      expect(await read(log, from, 40)).toEqual(Array.from({ length: 40 - from }, (_, index) => from + index))
    }
  })
})

describe('a time is found', () => {
  const timed = (offset: number, ...times: number[]): BatchToWrite => ({
    records: times.map((time, index) => record(offset + index, 'k', 'v', time)),
  })

  test.each([
    [0, 0],
    [10, 0],
    [11, 1],
    [31, 3],
    [36, 5],
    [41, undefined],
  ])('%i at offset %s', async (time, offset) => {
    const log = new PartitionLog(
      await partition([0, [timed(0, 10, 30), timed(2, 20, 35)]], [4, [timed(4, 5, 40)]]),
    )
    expect(await log.offsetAt(time, 0, 6)).toBe(offset)
  })

  test('within the bounds given', async () => {
    const log = new PartitionLog(await partition([0, [timed(0, 10, 30, 50), timed(3, 60)]]))
    expect(await log.offsetAt(0, 1, 4)).toBe(1)
    expect(await log.offsetAt(40, 0, 2)).toBeUndefined()
    expect(await log.offsetAt(55, 0, 3)).toBeUndefined()
  })

  test('by the batch’s own time when the broker appended it', async () => {
    const batch: BatchToWrite = { ...timed(0, 10, 20), timestampType: 'LogAppendTime', maxTimestamp: 100 }
    const log = new PartitionLog(await partition([0, [batch]]))
    expect(await log.offsetAt(50, 0, 2)).toBe(0)
  })
})

describe('damage', () => {
  test('a torn tail of the last segment is cut and told', async () => {
    const path = await partition([0, [{ records: records(0, 4) }]])
    const file = join(path, segmentFileName(0))
    const whole = batches({ records: records(0, 4) }).length
    await appendFile(file, writeBatch({ records: records(4, 4) }).subarray(0, 80))
    const log = new PartitionLog(path)
    expect(await log.index()).toMatchObject({ endOffset: 4, torn: { path: file, at: whole, bytes: 80 } })
    expect(await read(log, 0, 10)).toEqual([0])
  })

  test('a last batch with a wrong checksum is cut and told', async () => {
    const path = await partition([0, [{ records: records(0, 4) }]])
    const damaged = Buffer.from(batches({ records: records(4, 4) }))
    damaged[damaged.length - 1]! ^= 1
    await appendFile(join(path, segmentFileName(0)), damaged)
    const log = new PartitionLog(path)
    expect(await log.index()).toMatchObject({ endOffset: 4, torn: { bytes: damaged.length } })
    expect(await read(log, 0, 10)).toEqual([0])
  })

  test('a last marker with a wrong checksum leaves its transaction open', async () => {
    const path = await partition([0, [transaction(1, 0, 2)]])
    const damaged = Buffer.from(batches(marker('abort', 1, 2)))
    damaged[damaged.length - 1]! ^= 1
    await appendFile(join(path, segmentFileName(0)), damaged)
    expect(await new PartitionLog(path).index()).toMatchObject({
      endOffset: 2,
      firstOpenOffset: 0,
      aborted: [],
    })
  })

  test('a marker with a wrong checksum before other batches is a named error', async () => {
    const path = await partition([0, [transaction(1, 0, 2)]])
    const damaged = Buffer.from(batches(marker('abort', 1, 2), { records: records(3, 1) }))
    damaged[70]! ^= 1
    await appendFile(join(path, segmentFileName(0)), damaged)
    await expect(new PartitionLog(path).index()).rejects.toMatchObject({ code: 'batch-corrupt' })
  })

  test('a torn segment before the last is a named error', async () => {
    const path = await partition([0, [{ records: records(0, 4) }]], [8, [{ records: records(8, 4) }]])
    await appendFile(join(path, segmentFileName(0)), Buffer.from([1, 2, 3]))
    await expect(new PartitionLog(path).index()).rejects.toMatchObject({ code: 'batch-corrupt' })
  })

  test('offsets that go back are a named error', async () => {
    const path = await partition([0, [{ records: records(4, 4) }, { records: records(2, 1) }]])
    await expect(new PartitionLog(path).index()).rejects.toThrow(
      'expected a batch at offset 8 or later, found one at 2',
    )
  })
})
