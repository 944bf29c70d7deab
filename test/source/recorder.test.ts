import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { batchHeaders } from '../../src/log/batch-header.js'
import type { BatchToWrite } from '../../src/log/batch-writer.js'
import { loadCodecs } from '../../src/log/codec.js'
import { partitionFolder, segmentFileName } from '../../src/log/segment.js'
import { type RecordProgress, recordTopics } from '../../src/source/recorder.js'
import { openRecording } from '../../src/source/recording.js'
import type { Source } from '../../src/source/source.js'
import { batches, records } from '../log/batches.js'
import { writeBrokerData, writeCheckpoint } from './broker-data.js'
import { contractTopics } from './contract-topics.js'
import { readRange, told } from './source-contract.js'

let root: string
let source: Source
let folder: string
let files = 0

beforeAll(async () => {
  await loadCodecs()
  root = await mkdtemp(join(tmpdir(), 'obslab-recorder-'))
  await writeBrokerData(join(root, 'broker'), contractTopics(''))
  source = await openRecording(join(root, 'broker'))
})
afterAll(() => rm(root, { recursive: true }))
beforeEach(() => {
  folder = join(root, 'recordings', `${files++}`)
})

/** A broker's folder with one partition `obs-0` of these batches. */
async function broker(parts: readonly BatchToWrite[], logStart?: number): Promise<Source> {
  const path = await mkdtemp(join(root, 'small-'))
  await mkdir(join(path, 'obs-0'))
  await writeFile(join(path, 'obs-0', segmentFileName(0)), batches(...parts))
  if (logStart !== undefined)
    await writeCheckpoint(join(path, 'log-start-offset-checkpoint'), [`obs 0 ${logStart}`])
  return openRecording(path)
}

const segments = async (path: string): Promise<Buffer> =>
  Buffer.concat(await Promise.all((await readdir(path)).sort().map(name => readFile(join(path, name)))))

test('without a codec the batches are the very bytes of the source', async () => {
  await recordTopics(source, folder, { topics: ['plain', 'snappy'] })
  for (const [topic, partition] of [
    ['plain', 0],
    ['plain', 2],
    ['snappy', 0],
  ] as const) {
    const name = partitionFolder(topic, partition)
    const there = join(root, 'broker', name)
    const logs = (await readdir(there)).filter(file => file.endsWith('.log')).sort()
    const expected = Buffer.concat(await Promise.all(logs.map(file => readFile(join(there, file)))))
    expect(Buffer.compare(await segments(join(folder, name)), expected)).toBe(0)
  }
})

test('recording.json tells the source, the offsets and the sizes', async () => {
  const summary = await recordTopics(source, folder, { topics: ['left-open', 'compacted'] })
  const about = JSON.parse(await readFile(join(folder, 'recording.json'), 'utf8'))
  const bytes = (await segments(join(folder, 'left-open-0'))).length
  expect(about).toMatchObject({
    format: 1,
    source: join(root, 'broker'),
    masked: false,
    topics: {
      compacted: { cleanupPolicy: 'compact' },
      'left-open': { cleanupPolicy: 'delete', partitions: { 0: { start: 0, stable: 7, end: 13, bytes } } },
    },
  })
  expect(Date.parse(about.recordedAt)).not.toBeNaN()
  expect(summary).toMatchObject({ folder, about, records: 5 + 2 + 8 })
  expect((await openRecording(folder)).about).toEqual(about)
})

test('all topics are recorded when none is named', async () => {
  await recordTopics(source, folder)
  const names = (await source.topics()).map(({ topic }) => topic)
  expect((await (await openRecording(folder)).topics()).map(({ topic }) => topic)).toEqual(names)
})

test('the folder and its files are private, and nothing is left beside it', async () => {
  await recordTopics(source, folder, { topics: ['plain'] })
  const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777
  expect(await mode(folder)).toBe(0o700)
  expect(await mode(join(folder, 'plain-0'))).toBe(0o700)
  expect(await mode(join(folder, 'plain-0', segmentFileName(0)))).toBe(0o600)
  expect(await mode(join(folder, 'recording.json'))).toBe(0o600)
  expect((await readdir(join(root, 'recordings'))).filter(name => name.includes('partial'))).toEqual([])
})

test('an aborted stretch at a codec’s merge keeps its markers and its records', async () => {
  await recordTopics(source, folder, { topics: ['transactions'], codec: 'zstd' })
  const controls = async (path: string): Promise<unknown[]> => {
    const bytes = await segments(path)
    return [...batchHeaders(bytes)].filter(({ control }) => control).map(({ baseOffset }) => baseOffset)
  }
  expect(await controls(join(folder, 'transactions-0'))).toEqual([10, 15, 16, 19])
})

test('many small batches become a small recording', async () => {
  const parts = Array.from({ length: 400 }, (_, index) => ({ records: records(index, 1) }))
  const small = await broker(parts)
  const raw = await recordTopics(small, `${folder}-raw`)
  const merged = await recordTopics(small, folder, { codec: 'zstd' })
  expect(merged.records).toBe(400)
  expect(merged.bytes).toBeLessThan(raw.bytes / 8)
  const read = async (path: string): Promise<unknown> =>
    (
      await readRange(await openRecording(path), { topic: 'obs', partition: 0, from: 0, to: 400 })
    ).records.map(told)
  expect(await read(folder)).toEqual(await read(`${folder}-raw`))
})

test('a first batch that begins below the start is kept whole, and reading still begins at the start', async () => {
  const started = await broker([{ records: records(0, 5) }, { records: records(5, 5) }], 3)
  expect(await started.topics()).toMatchObject([{ partitions: [{ start: 3, stable: 10, end: 10 }] }])
  await recordTopics(started, folder)
  const recording = await openRecording(folder)
  expect(await recording.topics()).toEqual(await started.topics())
  const { records: read } = await readRange(recording, { topic: 'obs', partition: 0, from: 3, to: 10 })
  expect(read.map(({ offset }) => offset)).toEqual([3, 4, 5, 6, 7, 8, 9])
  expect(await readdir(join(folder, 'obs-0'))).toEqual([segmentFileName(0)])
  const below = readRange(recording, { topic: 'obs', partition: 0, from: 2, to: 10 })
  await expect(below).rejects.toMatchObject({ code: 'offset-out-of-range' })
})

test('progress counts up to the offsets fixed at the start', async () => {
  const seen: RecordProgress[] = []
  const { records, bytes } = await recordTopics(source, folder, {
    onProgress: progress => seen.push(progress),
  })
  const offsets = (await source.topics()).flatMap(({ partitions }) => partitions.map(({ stable }) => stable))
  const total = offsets.reduce((sum, stable) => sum + stable, 0)
  expect(seen.length).toBeGreaterThan(5)
  expect(seen.at(-1)).toEqual({ done: total, total, records, bytes })
  const done = seen.map(progress => progress.done)
  expect(done).toEqual([...done].sort((a, b) => a - b))
})

describe('nothing is left of a recording', () => {
  const left = async (): Promise<string[]> =>
    (await readdir(join(root, 'recordings'))).filter(name =>
      name.startsWith(folder.slice(folder.lastIndexOf('/') + 1)),
    )

  test('of a topic that is not there', async () => {
    const recording = recordTopics(source, folder, { topics: ['plane'] })
    await expect(recording).rejects.toMatchObject({ code: 'topic-unknown' })
    expect(await left()).toEqual([])
  })

  test('that is cancelled half-way', async () => {
    const controller = new AbortController()
    const options = { signal: controller.signal, onProgress: () => controller.abort() }
    await expect(recordTopics(source, folder, options)).rejects.toMatchObject({ code: 'cancelled' })
    expect(await left()).toEqual([])
  })

  test.each([undefined, 'lz4' as const])('whose source is damaged (codec %s)', async codec => {
    const path = await mkdtemp(join(root, 'damaged-'))
    await mkdir(join(path, 'obs-0'))
    const bytes = Buffer.from(batches({ records: records(0, 5) }, { records: records(5, 5) }))
    bytes[70]! ^= 1
    await writeFile(join(path, 'obs-0', segmentFileName(0)), bytes)
    const recording = recordTopics(await openRecording(path), folder, codec === undefined ? {} : { codec })
    await expect(recording).rejects.toMatchObject({
      code: 'batch-corrupt',
      position: { topic: 'obs', partition: 0, offset: 0 },
    })
    expect(await left()).toEqual([])
  })
})

describe('the folder asked for', () => {
  test('may exist when it is empty', async () => {
    await mkdir(folder, { recursive: true })
    await recordTopics(source, folder, { topics: ['plain'] })
    expect(await readdir(folder)).toContain('recording.json')
  })

  test.each(['a folder that holds something', 'a file'])('is left alone when it is %s', async kind => {
    await mkdir(join(root, 'recordings'), { recursive: true })
    if (kind === 'a file') await writeFile(folder, 'mine')
    else await mkdir(folder).then(() => writeFile(join(folder, 'mine'), 'mine'))
    await expect(recordTopics(source, folder)).rejects.toMatchObject({ code: 'recording-exists' })
    expect(await readFile(kind === 'a file' ? folder : join(folder, 'mine'), 'utf8')).toBe('mine')
  })

  test('that the disk refuses is a named error that says why', async () => {
    await writeFile(join(root, 'file'), '')
    const recording = recordTopics(source, join(root, 'file', 'recording'))
    await expect(recording).rejects.toMatchObject({ code: 'disk-failed' })
    await expect(recording).rejects.toThrow('part of the path is not a folder')
  })
})
