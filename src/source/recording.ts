import { join, resolve } from 'node:path'
import { ObslabError } from '../errors.js'
import { loadCodecs } from '../log/codec.js'
import { type AbortedSpan, type LogIndex, PartitionLog } from '../log/partition-log.js'
import { listSegments, partitionFolder } from '../log/segment.js'
import { brokerTopics } from './broker-topics.js'
import { diskError, onDisk } from './disk.js'
import { readRecordedSchemas } from './recorded-schemas.js'
import { type RecordedPartition, type RecordingFile, readRecordingFile } from './recording-file.js'
import { type Environment, environmentRegistry, withEnvironmentLogin } from './registry-options.js'
import { HttpRegistry, type SchemaRegistry } from './schema-registry.js'
import type {
  AbortedTransaction,
  BatchChunk,
  FollowRequest,
  OffsetRange,
  PartitionOffsets,
  ReadRequest,
  Source,
  TopicOffsets,
} from './source.js'
import {
  invalidRecording,
  type PartitionFolder,
  partitionFolders,
  type StoredPartition,
  type StoredTopic,
} from './stored-topic.js'
import { unknownTopic } from './topic-name.js'

/**
 * Opens a folder as a source: a recording of obslab's (a folder with a `recording.json`), or the data folder of a
 * Kafka broker that was stopped or copied. Of a broker's folder it reads what its consumers could have read: up to
 * the high watermark, from the log's start, a torn tail cut, Kafka's internal topics left out. A topic counts as
 * compacted there when the log cleaner has been through it, because its configuration is elsewhere.
 *
 * A folder that is neither, or whose pieces contradict each other, is a `recording-invalid` error. Record batches
 * are read when asked for, so opening is quick however large the recording is.
 *
 * The schemas of Avro records are in the recording's `schemas.json`; those that are not there, of a broker's folder all,
 * are asked of the schema registry that OBSLAB_REGISTRY names.
 */
export async function openRecording(folder: string): Promise<Recording> {
  const path = resolve(folder)
  await loadCodecs()
  const about = await readRecordingFile(path)
  const found = await partitionFolders(path)
  const topics =
    about === undefined ? await brokerTopics(path, found) : await recordedTopics(path, about, found)
  const registry = await readRecordedSchemas(path, registryOf(process.env))
  return new Recording(folder, about, topics, registry)
}

function registryOf(environment: Environment): SchemaRegistry | undefined {
  const settings = environmentRegistry(environment)
  return settings === undefined ? undefined : new HttpRegistry(withEnvironmentLogin(settings, environment))
}

/** A folder of recorded batches, open as a {@link Source}. Made by {@link openRecording}. */
export class Recording implements Source {
  readonly name: string
  /** False: a recording is what was there when it was made. */
  readonly growing: boolean = false
  /** What its `recording.json` says; undefined for the data folder of a broker. */
  readonly about: RecordingFile | undefined
  /** The schemas recorded with it, and where others are asked for; undefined when there is neither. */
  readonly registry: SchemaRegistry | undefined
  readonly #topics: ReadonlyMap<string, StoredTopic>

  constructor(
    name: string,
    about: RecordingFile | undefined,
    topics: ReadonlyMap<string, StoredTopic>,
    registry?: SchemaRegistry,
  ) {
    this.name = name
    this.about = about
    this.registry = registry
    this.#topics = topics
  }

  async topics(names?: readonly string[]): Promise<readonly TopicOffsets[]> {
    const found: TopicOffsets[] = []
    for (const topic of [...new Set(names ?? this.#topics.keys())].sort()) {
      const { cleanupPolicy, partitions } = this.#topic(topic)
      const offsets: PartitionOffsets[] = []
      for (const partition of partitions.values()) offsets.push(await partition.offsets())
      found.push({ topic, cleanupPolicy, partitions: offsets })
    }
    return found
  }

  async offsetsAt(topic: string, time: number): Promise<ReadonlyMap<number, number>> {
    const found = new Map<number, number>()
    for (const [number, { log, offsets }] of this.#topic(topic).partitions) {
      const { start, stable } = await offsets()
      await this.#index(log)
      const offset = await onDisk('read', log.folder, () => log.offsetAt(time, start, stable))
      found.set(number, offset ?? stable)
    }
    return found
  }

  async *read({ ranges, signal }: ReadRequest): AsyncGenerator<BatchChunk, void, undefined> {
    const wanted = ranges.filter(({ from, to }) => from < to)
    for (const range of wanted) checkRange(range, await this.#partition(range).offsets())
    for (const range of wanted) {
      for await (const chunk of this.#readRange(range, signal)) {
        yield chunk
        this.#checkCancelled(signal)
      }
    }
  }

  /** A recording does not grow: what is there comes, from each position to the stable offset, and then the end. */
  async *follow({ positions, signal }: FollowRequest): AsyncGenerator<BatchChunk, void, undefined> {
    const ranges: OffsetRange[] = []
    for (const { topic, partition, from } of positions) {
      const { stable } = await this.#partition({ topic, partition }).offsets()
      if (from > stable)
        throw outOfRange({ topic, partition, from, to: from }, `its stable offset is ${stable}`)
      ranges.push({ topic, partition, from, to: stable })
    }
    if (signal.aborted) return
    try {
      yield* this.read({ ranges, signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async bytes(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const sizes = new Map<string, number>()
    for (const name of names) {
      let bytes = 0
      for (const { log } of this.#topic(name).partitions.values())
        for (const segment of await onDisk('read', log.folder, () => listSegments(log.folder)))
          bytes += segment.bytes
      sizes.set(name, bytes)
    }
    return sizes
  }

  async close(): Promise<void> {}

  async *#readRange(range: OffsetRange, signal?: AbortSignal): AsyncGenerator<BatchChunk, void, undefined> {
    this.#checkCancelled(signal)
    const { topic, partition } = range
    const { log, aborted: unmarked } = this.#partition(range)
    try {
      const aborted = [...(await this.#index(log)).aborted, ...unmarked.map(endless)].sort(byFirstOffset)
      for await (const { bytes, baseOffset, nextOffset } of log.read(range.from, range.to)) {
        yield { topic, partition, bytes, aborted: abortedWithin(aborted, baseOffset, nextOffset) }
      }
    } catch (error) {
      throw diskError('read', log.folder, error)
    }
  }

  /** What a broker cuts off a log after a crash was whole when a recording was finished. */
  async #index(log: PartitionLog): Promise<LogIndex> {
    const index = await onDisk('read', log.folder, () => log.index())
    if (this.about === undefined || index.torn === undefined) return index
    const { path, at } = index.torn
    throw new ObslabError(
      'batch-corrupt',
      `Expected whole batches with right checksums in ${path}, found a damaged one at byte ${at}. ` +
        'Copy the recording again, or record the topics again.',
    )
  }

  #topic(name: string): StoredTopic {
    const topic = this.#topics.get(name)
    if (topic === undefined) throw unknownTopic(name, this.#topics.keys())
    return topic
  }

  #partition({ topic, partition }: { topic: string; partition: number }): StoredPartition {
    const { partitions } = this.#topic(topic)
    const found = partitions.get(partition)
    if (found !== undefined) return found
    throw new ObslabError(
      'offset-out-of-range',
      `Topic ${topic} has no partition ${partition} in ${this.name}: it has ${[...partitions.keys()].join(', ')}.`,
      { position: { topic, partition } },
    )
  }

  #checkCancelled(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw new ObslabError('cancelled', `Reading ${this.name} was cancelled.`)
  }
}

function endless(transaction: AbortedTransaction): AbortedSpan {
  return { ...transaction, lastOffset: Number.POSITIVE_INFINITY }
}

function byFirstOffset(a: AbortedTransaction, b: AbortedTransaction): number {
  return a.firstOffset - b.firstOffset
}

function abortedWithin(spans: readonly AbortedSpan[], baseOffset: number, nextOffset: number): AbortedSpan[] {
  return spans.length === 0
    ? []
    : spans.filter(span => span.firstOffset < nextOffset && span.lastOffset >= baseOffset)
}

function checkRange(range: OffsetRange, { start, stable }: PartitionOffsets): void {
  if (range.from < start) throw outOfRange(range, `it begins at ${start}`)
  if (range.to > stable) throw outOfRange(range, `its stable offset is ${stable}`)
}

function outOfRange({ topic, partition, from, to }: OffsetRange, found: string): ObslabError {
  return new ObslabError(
    'offset-out-of-range',
    `Expected offsets that partition ${partition} of ${topic} holds, found ${from} to ${to}: ${found}. ` +
      'Ask for offsets within what topics() tells.',
    { position: { topic, partition, offset: from } },
  )
}

async function recordedTopics(
  path: string,
  about: RecordingFile,
  found: readonly PartitionFolder[],
): Promise<Map<string, StoredTopic>> {
  const names = new Set(found.map(({ topic, partition }) => partitionFolder(topic, partition)))
  const topics = new Map<string, StoredTopic>()
  for (const [topic, { cleanupPolicy, partitions }] of Object.entries(about.topics)) {
    const logs = new Map<number, StoredPartition>()
    for (const number of Object.keys(partitions)
      .map(Number)
      .sort((a, b) => a - b)) {
      const name = partitionFolder(topic, number)
      if (!names.delete(name))
        throw invalidRecording(path, `no folder ${name}, which its recording.json lists`)
      logs.set(number, await recordedPartition(join(path, name), number, partitions[number]!))
    }
    topics.set(topic, { cleanupPolicy, partitions: logs })
  }
  const [extra] = names
  if (extra !== undefined)
    throw invalidRecording(path, `a folder ${extra}, which its recording.json does not list`)
  return topics
}

async function recordedPartition(
  folder: string,
  partition: number,
  { start, stable, end, bytes, aborted = [] }: RecordedPartition,
): Promise<StoredPartition> {
  const segments = await onDisk('read', folder, () => listSegments(folder))
  const found = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  if (found !== bytes) {
    throw invalidRecording(
      folder,
      `segments of ${found} bytes instead of the ${bytes} that recording.json states`,
    )
  }
  return { log: new PartitionLog(folder), offsets: async () => ({ partition, start, stable, end }), aborted }
}
