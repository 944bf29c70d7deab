import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { snappyCompress } from '@platformatic/wasm-utils'
import { type BatchToWrite, markerRecord, writeBatch } from '../../src/log/batch-writer.js'
import type { CodecName } from '../../src/log/codec.js'
import { crc32c } from '../../src/log/crc32c.js'
import type { LogRecord } from '../../src/log/record-batch.js'
import { partitionFolder, segmentFileName } from '../../src/log/segment.js'
import type { ContractRecord, ContractTopic } from './contract-topics.js'

const leaderEpoch = 4

/**
 * Writes the data folder of a broker to which what `topics` describe was done, in Kafka's layout, with what lies
 * beside the segments. The log cleaner has been through the compacted topics.
 */
export async function writeBrokerData(folder: string, topics: readonly ContractTopic[]): Promise<void> {
  const checkpoints = { replication: [] as string[], cleaner: [] as string[] }
  await mkdir(join(folder, '__consumer_offsets-0'), { recursive: true })
  await mkdir(join(folder, '__cluster_metadata-0'))
  await mkdir(join(folder, 'old-0.5a6b7c8d-delete'))
  for (const topic of topics) {
    for (const [partition, log] of logsOf(topic).entries()) {
      const directory = join(folder, partitionFolder(topic.name, partition))
      await mkdir(directory)
      await writeFile(join(directory, 'partition.metadata'), `version: 0\ntopic_id: id-of-${topic.name}\n`)
      await writeFile(join(directory, segmentFileName(0).replace('.log', '.index')), Buffer.alloc(64))
      for (const { baseOffset, bytes } of segmentsOf(log)) {
        await writeFile(join(directory, segmentFileName(baseOffset)), bytes)
      }
      checkpoints.replication.push(`${topic.name} ${partition} ${log.end}`)
      if (topic.compacted) checkpoints.cleaner.push(`${topic.name} ${partition} ${log.end}`)
    }
  }
  await writeCheckpoint(join(folder, 'replication-offset-checkpoint'), checkpoints.replication)
  await writeCheckpoint(join(folder, 'cleaner-offset-checkpoint'), checkpoints.cleaner)
  await writeFile(
    join(folder, 'meta.properties'),
    '#\nversion=1\ncluster.id=abcdefghijklmnopqrstuv\nnode.id=1\n',
  )
}

/** Writes one of a broker's checkpoint files, a line of topic, partition and offset for each entry. */
export function writeCheckpoint(path: string, entries: readonly string[]): Promise<void> {
  return writeFile(path, `0\n${entries.length}\n${entries.map(entry => `${entry}\n`).join('')}`)
}

interface Log {
  batches: BatchToWrite[]
  codec: CodecName
  end: number
}

function logsOf(topic: ContractTopic): Log[] {
  const logs = Array.from(
    { length: topic.partitions },
    (): Log => ({ batches: [], codec: topic.codec, end: 0 }),
  )
  const producers = [...new Set(topic.steps.map(nameOf).filter(name => name !== undefined))]
  const open = new Map<string, Set<Log>>()
  for (const step of topic.steps) {
    const name = nameOf(step)
    const producer =
      name === undefined
        ? {}
        : { producerId: 1000 + producers.indexOf(name), producerEpoch: 0, transactional: true }
    if ('send' in step) {
      const log = logs[step.partition]!
      log.batches.push({ ...producer, records: step.send.map(record => placed(record, log.end++)) })
      if (name !== undefined) open.set(name, (open.get(name) ?? new Set()).add(log))
    } else {
      const marker = 'commit' in step ? 'commit' : 'abort'
      for (const log of open.get(name!) ?? []) {
        log.batches.push({
          ...producer,
          control: true,
          records: [markerRecord(marker, log.end++, Date.UTC(2026, 8, 1))],
        })
      }
      open.delete(name!)
    }
  }
  if (topic.compacted) for (const log of logs) compactLog(log)
  return logs
}

function nameOf(step: ContractTopic['steps'][number]): string | undefined {
  return 'send' in step ? step.transaction : 'commit' in step ? step.commit : step.abort
}

function placed({ key, value, timestamp, headers = [] }: ContractRecord, offset: number): LogRecord {
  return {
    offset,
    timestamp,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: headers.map(([name, text]) => ({ key: name, value: Buffer.from(text) })),
  }
}

/** What Kafka's cleaner leaves: batches keep their offsets, superseded records go, tombstones get a horizon. */
function compactLog(log: Log): void {
  const newest = new Map<string, number>()
  for (const { records } of log.batches)
    for (const { key, offset } of records) newest.set(String(key), offset)
  log.batches = log.batches.map(batch => {
    const records = batch.records.filter(({ key, offset }) => newest.get(String(key)) === offset)
    const horizon = records.some(({ value }) => value === null) ? { deleteHorizon: Date.UTC(2026, 9, 1) } : {}
    const baseOffset = batch.records[0]!.offset
    return { ...batch, ...horizon, records, baseOffset, lastOffset: batch.records.at(-1)!.offset }
  })
}

/** Two segments where there are batches enough, so that reading goes across files. */
function segmentsOf(log: Log): { baseOffset: number; bytes: Uint8Array }[] {
  const half = Math.ceil(log.batches.length / 2)
  const parts = [log.batches.slice(0, half), log.batches.slice(half)].filter(
    (part, index) => index === 0 || part.length > 0,
  )
  return parts.map((batches, index) => ({
    baseOffset: index === 0 ? 0 : (batches[0]!.baseOffset ?? batches[0]!.records[0]!.offset),
    bytes: Buffer.concat(
      batches.map(batch => packed({ partitionLeaderEpoch: leaderEpoch, ...batch }, log.codec)),
    ),
  }))
}

function packed(batch: BatchToWrite, codec: CodecName): Uint8Array {
  if (batch.control) return writeBatch(batch)
  return codec === 'snappy' ? snappyBatch(batch) : writeBatch({ ...batch, codec })
}

/** A batch in snappy with the framing of Java producers, which obslab reads and does not write. */
function snappyBatch(batch: BatchToWrite): Uint8Array {
  const plain = Buffer.from(writeBatch(batch))
  const body = plain.subarray(61)
  const parts: Uint8Array[] = [Buffer.from('82534e41505059000000000100000001', 'hex')]
  for (let at = 0; at < body.length; at += 32 * 1024) {
    const block = snappyCompress(Buffer.from(body.subarray(at, at + 32 * 1024)))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  const bytes = Buffer.concat([plain.subarray(0, 61), ...parts])
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt16BE(bytes.readInt16BE(21) | 2, 21)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}
