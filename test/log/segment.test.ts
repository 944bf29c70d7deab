import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batchHeaders } from '../../src/log/batch-header.js'
import { writeBatch } from '../../src/log/batch-writer.js'
import {
  listSegments,
  parsePartitionFolder,
  type ReadSegmentOptions,
  readSegment,
  segmentFileName,
  type TornTail,
} from '../../src/log/segment.js'
import { batches, record, records } from './batches.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'obslab-segment-'))
})
afterAll(() => rm(folder, { recursive: true }))

let files = 0
async function segment(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${files++}.log`)
  await writeFile(path, bytes)
  return path
}

async function read(
  bytes: Uint8Array,
  options: ReadSegmentOptions = {},
): Promise<{ chunks: number[][]; torn: TornTail[] }> {
  const torn: TornTail[] = []
  const chunks: number[][] = []
  for await (const chunk of readSegment(await segment(bytes), {
    ...options,
    onTorn: tail => torn.push(tail),
  })) {
    chunks.push([...batchHeaders(chunk.bytes)].map(header => header.baseOffset))
  }
  return { chunks, torn }
}

test.each([
  ['obs-0', { topic: 'obs', partition: 0 }],
  ['dbserver1.openmrs.obs-12', { topic: 'dbserver1.openmrs.obs', partition: 12 }],
  ['with-dash-3', { topic: 'with-dash', partition: 3 }],
  ['obs-delete-1', { topic: 'obs-delete', partition: 1 }],
  ['obs-0.1f2e3d-delete', undefined],
  ['obs-0.1f2e3d-future', undefined],
  ['obs-0.1f2e3d-stray', undefined],
  ['obs', undefined],
  ['obs-01', undefined],
  ['a/b-0', undefined],
])('the folder %s is understood', (name, expected) => {
  expect(parsePartitionFolder(name)).toEqual(expected)
})

test('segments are listed by offset, and what is no segment is left out', async () => {
  const partition = await mkdtemp(join(folder, 'partition-'))
  const base = segmentFileName(0).slice(0, -4)
  const names = [segmentFileName(1_000_000), segmentFileName(0), segmentFileName(900)]
  const others = ['index', 'timeindex', 'txnindex', 'snapshot', 'log.deleted', 'log.cleaned', 'log.swap']
  for (const name of [
    ...names,
    ...others.map(ending => `${base}.${ending}`),
    'partition.metadata',
    '7.log',
  ]) {
    await writeFile(join(partition, name), 'abc')
  }
  const segments = await listSegments(partition)
  expect(segments.map(({ baseOffset, bytes }) => [baseOffset, bytes])).toEqual([
    [0, 3],
    [900, 3],
    [1_000_000, 3],
  ])
  expect(segments[0]!.path).toBe(join(partition, '00000000000000000000.log'))
})

describe('reading', () => {
  const three = [{ records: records(0, 4) }, { records: records(4, 4) }, { records: records(8, 4) }]
  const whole = batches(...three)
  const first = writeBatch(three[0]!)

  test('a small segment is one chunk', async () => {
    expect(await read(whole)).toEqual({ chunks: [[0, 4, 8]], torn: [] })
  })

  test('an empty segment has none', async () => {
    expect(await read(new Uint8Array())).toEqual({ chunks: [], torn: [] })
  })

  test('chunks hold whole batches, whatever their size', async () => {
    for (const chunkBytes of [17, first.length - 1, first.length, first.length + 1, first.length * 2 + 5]) {
      const { chunks, torn } = await read(whole, { chunkBytes })
      expect(chunks.flat()).toEqual([0, 4, 8])
      expect(chunks.length).toBeGreaterThan(1)
      expect(torn).toEqual([])
    }
  })

  test('a batch larger than a chunk comes whole', async () => {
    const large = writeBatch({ records: [record(4, 'k', 'v'.repeat(100_000))] })
    const { chunks } = await read(Buffer.concat([first, large, writeBatch(three[2]!)]), { chunkBytes: 1000 })
    expect(chunks).toEqual([[0], [4], [8]])
  })

  test('reading begins at the batch asked for', async () => {
    expect((await read(whole, { at: first.length })).chunks).toEqual([[4, 8]])
  })

  test('a torn tail is cut wherever it is torn, the batches before it are read, and the caller is told', async () => {
    const before = batches(three[0]!, three[1]!)
    for (let length = before.length + 1; length < whole.length; length += 13) {
      const { chunks, torn } = await read(whole.subarray(0, length), { chunkBytes: 100 })
      expect(chunks.flat()).toEqual([0, 4])
      expect(torn).toMatchObject([{ at: before.length, bytes: length - before.length }])
    }
  })

  test.each([1, 16, 17, 61, 5000])('%i zeros at the end are a torn tail', async zeros => {
    const { chunks, torn } = await read(Buffer.concat([whole, Buffer.alloc(zeros)]), { chunkBytes: 200 })
    expect(chunks.flat()).toEqual([0, 4, 8])
    expect(torn).toMatchObject([{ at: whole.length, bytes: zeros }])
  })

  test('bytes that are no batch are a named error with file and place', async () => {
    const bytes = Buffer.concat([whole, Buffer.alloc(100, 'x')])
    await expect(read(bytes)).rejects.toThrow(expect.objectContaining({ code: 'batch-corrupt' }))
    await expect(read(bytes)).rejects.toThrow(`byte ${whole.length}: Expected a record batch of magic 2`)
    const zeroed = Buffer.concat([whole, Buffer.alloc(100), whole])
    await expect(read(zeroed)).rejects.toThrow(expect.objectContaining({ code: 'batch-corrupt' }))
  })

  test('message formats before Kafka 0.11 are a named error', async () => {
    const old = Buffer.from(whole)
    old[16] = 1
    await expect(read(old)).rejects.toThrow(expect.objectContaining({ code: 'batch-unsupported' }))
  })
})
