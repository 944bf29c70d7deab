import { appendFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BatchToWrite, markerRecord } from '../../src/log/batch-writer.js'
import { loadCodecs } from '../../src/log/codec.js'
import { segmentFileName } from '../../src/log/segment.js'
import { recordTopics } from '../../src/source/recorder.js'
import { openRecording } from '../../src/source/recording.js'
import type { RecordingFile } from '../../src/source/recording-file.js'
import { batches, records } from '../log/batches.js'
import { writeBrokerData, writeCheckpoint } from './broker-data.js'
import {
  type ContractStep,
  type ContractTopic,
  contractTopics,
  expectedPartitions,
} from './contract-topics.js'
import { type OpenContract, readRange, sourceContract, told } from './source-contract.js'

const topics = contractTopics('dbserver1.contract.')
let root: string
let broker: string

beforeAll(async () => {
  await loadCodecs()
  root = await mkdtemp(join(tmpdir(), 'obslab-recording-'))
  broker = join(root, 'broker')
  await writeBrokerData(broker, topics)
})
afterAll(() => rm(root, { recursive: true }))

async function recorded(codec?: 'lz4' | 'zstd'): Promise<OpenContract> {
  const target = join(root, `recording-${codec}`)
  const source = await openRecording(broker)
  await recordTopics(source, target, codec === undefined ? {} : { codec })
  await source.close()
  return { source: await openRecording(target), topics }
}

sourceContract('the data folder of a broker', async () => ({ source: await openRecording(broker), topics }))
sourceContract('a recording of raw batches', () => recorded())
sourceContract('a recording in lz4, batches merged', () => recorded('lz4'))
sourceContract('a recording in zstd, batches merged', () => recorded('zstd'))

test('whatever transactions do in whatever order, the committed records are read, recorded or not', async () => {
  const step = fc.oneof(
    fc.record({
      partition: fc.nat(1),
      count: fc.integer({ min: 1, max: 3 }),
      by: fc.constantFrom(undefined, 'a', 'b', 'c'),
    }),
    fc.record({ end: fc.constantFrom('a', 'b', 'c'), commit: fc.boolean() }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      fc.constantFrom(undefined, 'lz4' as const),
      async (drawn, codec) => {
        const steps = drawn.map((draw, index): ContractStep => {
          if ('end' in draw) return draw.commit ? { commit: draw.end } : { abort: draw.end }
          const send = Array.from({ length: draw.count }, (_, row) => ({
            key: `${index}`,
            value: `${row}`,
            timestamp: index,
          }))
          return {
            send,
            partition: draw.partition,
            ...(draw.by === undefined ? {} : { transaction: draw.by }),
          }
        })
        const topic: ContractTopic = { name: 'any', partitions: 2, codec: 'none', compacted: false, steps }
        const folder = await mkdtemp(join(root, 'any-'))
        await writeBrokerData(folder, [topic])
        const source = await openRecording(folder)
        await recordTopics(source, join(folder, 'recorded'), codec === undefined ? {} : { codec })
        for (const opened of [source, await openRecording(join(folder, 'recorded'))]) {
          for (const { partition, stable, records } of expectedPartitions(topic)) {
            const { records: read } = await readRange(opened, {
              topic: 'any',
              partition,
              from: 0,
              to: stable,
            })
            expect(read.map(told)).toEqual(
              records.map(record =>
                told({
                  ...record,
                  topic: 'any',
                  partition,
                  key: Buffer.from(record.key!),
                  value: Buffer.from(record.value!),
                  headers: [],
                }),
              ),
            )
          }
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('following a recording gives what is there and then ends by itself', async () => {
  const source = await openRecording(broker)
  const positions = [{ topic: 'dbserver1.contract.plain', partition: 0, from: 0 }]
  let bytes = 0
  for await (const chunk of source.follow({ positions, signal: new AbortController().signal }))
    bytes += chunk.bytes.length
  expect(bytes).toBeGreaterThan(0)
  const past = source.follow({
    positions: [{ ...positions[0]!, from: 1000 }],
    signal: new AbortController().signal,
  })
  await expect(
    (async () => {
      for await (const _ of past);
    })(),
  ).rejects.toMatchObject({ code: 'offset-out-of-range' })
})

/** A broker's folder with the partition `obs-0`; a second list of batches is a second segment. */
async function brokerFolder(...segments: readonly (readonly BatchToWrite[])[]): Promise<string> {
  const folder = await mkdtemp(join(root, 'broker-'))
  await mkdir(join(folder, 'obs-0'))
  for (const [index, parts] of segments.entries()) {
    const name = segmentFileName(index === 0 ? 0 : parts[0]!.records[0]!.offset)
    await writeFile(join(folder, 'obs-0', name), batches(...parts))
  }
  return folder
}

async function offsetsOf(folder: string): Promise<unknown> {
  const [found] = await (await openRecording(folder)).topics(['obs'])
  const { start, stable, end } = found!.partitions[0]!
  return { start, stable, end }
}

describe('the data folder of a broker', () => {
  const ten = [{ records: records(0, 5) }, { records: records(5, 5) }]

  test('ends at the high watermark it had saved', async () => {
    const folder = await brokerFolder(ten)
    expect(await offsetsOf(folder)).toEqual({ start: 0, stable: 10, end: 10 })
    await writeCheckpoint(join(folder, 'replication-offset-checkpoint'), ['obs 0 5', 'gone 3 7'])
    expect(await offsetsOf(folder)).toEqual({ start: 0, stable: 5, end: 5 })
  })

  test('has a transaction open whose marker lies above the high watermark', async () => {
    const transactional = { producerId: 1, producerEpoch: 0, transactional: true }
    const folder = await brokerFolder([
      { records: records(0, 2), ...transactional },
      { records: records(2, 2) },
      { records: [markerRecord('commit', 4, 1)], ...transactional, control: true },
    ])
    expect(await offsetsOf(folder)).toEqual({ start: 0, stable: 5, end: 5 })
    await writeCheckpoint(join(folder, 'replication-offset-checkpoint'), ['obs 0 4'])
    expect(await offsetsOf(folder)).toEqual({ start: 0, stable: 0, end: 4 })
  })

  test('begins where the log start says, else where the first segment is named after', async () => {
    const folder = await brokerFolder(ten)
    await writeCheckpoint(join(folder, 'log-start-offset-checkpoint'), ['obs 0 7'])
    expect(await offsetsOf(folder)).toEqual({ start: 7, stable: 10, end: 10 })
    await writeCheckpoint(join(folder, 'log-start-offset-checkpoint'), ['obs 0 12'])
    expect(await offsetsOf(folder)).toEqual({ start: 12, stable: 12, end: 12 })
  })

  test('is read without a torn tail', async () => {
    const folder = await brokerFolder(ten, [{ records: records(10, 5) }])
    const last = join(folder, 'obs-0', segmentFileName(10))
    await appendFile(last, batches({ records: records(15, 5) }).subarray(0, 90))
    expect(await offsetsOf(folder)).toEqual({ start: 0, stable: 15, end: 15 })
    const { records: read } = await readRange(await openRecording(folder), {
      topic: 'obs',
      partition: 0,
      from: 0,
      to: 15,
    })
    expect(read).toHaveLength(15)
  })

  test('with old segments in tiered storage is a named error', async () => {
    const folder = await brokerFolder(ten)
    await rm(join(folder, 'obs-0', segmentFileName(0)))
    await writeFile(join(folder, 'obs-0', segmentFileName(5)), batches(ten[1]!))
    await writeCheckpoint(join(folder, 'log-start-offset-checkpoint'), ['obs 0 0'])
    expect(await offsetsOf(folder)).toEqual({ start: 5, stable: 10, end: 10 })
    await mkdir(join(folder, '__remote_log_metadata-0'))
    await expect(offsetsOf(folder)).rejects.toMatchObject({
      code: 'batch-unsupported',
      position: { topic: 'obs' },
    })
  })

  test('with message formats before Kafka 0.11 is a named error', async () => {
    const folder = await brokerFolder(ten)
    const path = join(folder, 'obs-0', segmentFileName(0))
    const bytes = await readFile(path)
    bytes[16] = 1
    await writeFile(path, bytes)
    await expect(offsetsOf(folder)).rejects.toMatchObject({ code: 'batch-unsupported' })
  })

  test('with partitions of two topics of one name is a named error', async () => {
    const folder = await brokerFolder(ten)
    await mkdir(join(folder, 'obs-1'))
    for (const partition of [0, 1]) {
      await writeFile(
        join(folder, `obs-${partition}`, 'partition.metadata'),
        `version: 0\ntopic_id: id${partition}\n`,
      )
    }
    await expect(openRecording(folder)).rejects.toMatchObject({ code: 'recording-invalid' })
  })

  test.each([
    ['of another version', '1\n0\n'],
    ['with a line that is none', '0\n1\nobs 0\n'],
    ['with fewer lines than it states', '0\n2\nobs 0 5\n'],
  ])('with a checkpoint %s is a named error', async (_, text) => {
    const folder = await brokerFolder(ten)
    await writeFile(join(folder, 'replication-offset-checkpoint'), text)
    await expect(openRecording(folder)).rejects.toMatchObject({ code: 'recording-invalid' })
  })
})

describe('what is not a recording is a named error', () => {
  let whole: string
  beforeAll(async () => {
    whole = await brokerFolder([{ records: records(0, 5) }, { records: records(5, 5) }])
  })

  async function damaged(damage: (folder: string) => Promise<unknown>): Promise<string> {
    const folder = join(await mkdtemp(join(root, 'damaged-')), 'recording')
    await recordTopics(await openRecording(whole), folder)
    await damage(folder)
    return folder
  }
  const described =
    (change: (about: RecordingFile) => unknown) =>
    async (folder: string): Promise<void> => {
      const path = join(folder, 'recording.json')
      const about = JSON.parse(await readFile(path, 'utf8'))
      change(about)
      await writeFile(path, JSON.stringify(about))
    }

  test.each<[string, (folder: string) => Promise<unknown>, string]>([
    ['a folder that is not there', folder => rm(folder, { recursive: true }), 'no such folder'],
    [
      'an empty folder',
      folder => rm(folder, { recursive: true }).then(() => mkdir(folder)),
      'neither a recording.json',
    ],
    [
      'a recording.json that is no JSON',
      folder => writeFile(join(folder, 'recording.json'), '{'),
      'not JSON',
    ],
    ['a later format', described(about => Object.assign(about, { format: 2 })), 'format 2'],
    ['a missing field', described(about => Reflect.deleteProperty(about, 'source')), 'a mistake at source'],
    ['a field too many', described(about => Object.assign(about, { more: 1 })), 'a mistake'],
    [
      'a topic name that leaves the folder',
      described(about => Object.assign(about.topics, { '../obs': about.topics.obs })),
      'a mistake at topics',
    ],
    [
      'offsets that contradict each other',
      described(about => Object.assign(about.topics.obs!.partitions[0]!, { start: 11 })),
      'start <= stable <= end',
    ],
    [
      'a partition without its folder',
      folder => rm(join(folder, 'obs-0'), { recursive: true }),
      'no folder obs-0',
    ],
    ['a folder that is not listed', folder => mkdir(join(folder, 'obs-1')), 'a folder obs-1'],
    [
      'a truncated segment',
      folder => truncate(join(folder, 'obs-0', segmentFileName(0)), 100),
      'segments of 100 bytes',
    ],
    ['a missing segment', folder => rm(join(folder, 'obs-0', segmentFileName(0))), 'segments of 0 bytes'],
  ])('%s', async (_, damage, found) => {
    const opened = openRecording(await damaged(damage))
    await expect(opened).rejects.toMatchObject({ name: 'ObslabError', code: 'recording-invalid' })
    await expect(opened).rejects.toThrow(found)
  })

  test('a recording whose last batch is damaged does not quietly end before it', async () => {
    const folder = await damaged(async folder => {
      const path = join(folder, 'obs-0', segmentFileName(0))
      const bytes = await readFile(path)
      bytes[bytes.length - 1]! ^= 1
      await writeFile(path, bytes)
    })
    const source = await openRecording(folder)
    const reading = readRange(source, { topic: 'obs', partition: 0, from: 0, to: 10 })
    await expect(reading).rejects.toMatchObject({ code: 'batch-corrupt' })
    await expect(source.offsetsAt('obs', 0)).rejects.toMatchObject({ code: 'batch-corrupt' })
  })
})
