import { z } from 'zod'
import { ObslabError } from '../errors.js'
import { type BatchHeader, batchHeaders } from '../log/batch-header.js'
import { BatchMerger } from '../log/batch-merger.js'
import { loadCodecs } from '../log/codec.js'
import { isSound, RecordCursor } from '../log/record-cursor.js'
import { partitionFolder } from '../log/segment.js'
import { parseOptions } from '../options.js'
import { headerLocator, locatedError } from './record.js'
import type { RecordingFile } from './recording-file.js'
import { RecordingWriter } from './recording-writer.js'
import { type RegisteredSchema, type SchemaRegistry, schemaIdsOf } from './schema-registry.js'
import type { AbortedTransaction, BatchChunk, OffsetRange, Source, TopicOffsets } from './source.js'

/** How far a recording has come. */
export interface RecordProgress {
  /** Offsets passed, over all partitions. */
  done: number
  /** Offsets to pass, fixed at the start. */
  total: number
  /** Records written so far, those of aborted transactions included. */
  records: number
  /** Bytes written so far. */
  bytes: number
}

/** What {@link recordTopics} may be told. */
export interface RecordTopicsOptions {
  /** The topics, by their full names. Default: all but Kafka's internal ones. */
  topics?: readonly string[]
  /** Cancels: nothing is left of the recording, and the call rejects with a `cancelled` error. */
  signal?: AbortSignal
  /** Told after each chunk. */
  onProgress?: (progress: RecordProgress) => void
  /**
   * Write the records anew in this codec, small batches merged to about a megabyte; offsets, timestamps and producer
   * ids stay. Default: the batches are kept byte for byte.
   */
  codec?: 'lz4' | 'zstd'
}

const optionsSchema: z.ZodType<RecordTopicsOptions> = z.strictObject({
  topics: z.array(z.string().min(1)).min(1, 'expected at least one topic; leave it out for all').optional(),
  signal: z.instanceof(AbortSignal).optional(),
  onProgress: z
    .custom<NonNullable<RecordTopicsOptions['onProgress']>>(
      value => typeof value === 'function',
      'expected a function',
    )
    .optional(),
  codec: z
    .enum(['lz4', 'zstd'], "expected 'lz4' or 'zstd'; leave it out to keep the batches as they are")
    .optional(),
})

/** Parses the options of a recording; what does not fit is an `option-invalid` error. */
export function parseRecordOptions(options: RecordTopicsOptions): RecordTopicsOptions {
  return parseOptions(optionsSchema, options)
}

/** What was recorded. */
export interface RecordSummary {
  folder: string
  /** The content of the `recording.json`. */
  about: RecordingFile
  /** Records written, those of aborted transactions included. */
  records: number
  bytes: number
}

/**
 * Records topics of a source into `folder`, from their first offset to the last stable one. The ends of all
 * partitions are fixed in one round before the first batch is read. The folder is private and appears whole at the
 * end: after an error or a cancel there is none. It holds the raw values: it is patient data. The schemas that Avro
 * records name are recorded with them when the source has a registry, so that they are read without it.
 */
export async function recordTopics(
  source: Source,
  folder: string,
  options: RecordTopicsOptions = {},
): Promise<RecordSummary> {
  const parsed = parseRecordOptions(options)
  await loadCodecs()
  const writer = await RecordingWriter.begin(folder)
  try {
    const topics = await source.topics(parsed.topics)
    const run = new RecordRun(writer, topics, parsed)
    await run.readAll(source)
    if (run.schemas.size > 0) await writer.writeSchemas(run.schemas)
    const about = await writer.finish({
      source: source.name,
      recordedAt: new Date().toISOString(),
      masked: false,
    })
    return { folder: writer.folder, about, records: run.records, bytes: run.bytes }
  } catch (error) {
    await writer.discard()
    throw error
  }
}

interface PartitionRun {
  range: OffsetRange
  next: number
  merger: BatchMerger | undefined
  /** The aborted transactions that the source told of, by producer and first offset. */
  aborted: Map<string, AbortedTransaction>
  /** The offset of each producer's last marker. */
  markers: Map<number, number>
}

class RecordRun {
  records = 0
  bytes = 0
  /** The schemas that the records written so far name. */
  readonly schemas = new Map<number, RegisteredSchema>()
  readonly #asked = new Set<number>()
  readonly #writer: RecordingWriter
  readonly #topics: readonly TopicOffsets[]
  readonly #options: RecordTopicsOptions
  readonly #partitions = new Map<string, PartitionRun>()
  #done = 0

  constructor(writer: RecordingWriter, topics: readonly TopicOffsets[], options: RecordTopicsOptions) {
    this.#writer = writer
    this.#topics = topics
    this.#options = options
  }

  async readAll(source: Source): Promise<void> {
    for (const { topic, cleanupPolicy, partitions } of this.#topics) {
      for (const offsets of partitions) {
        await this.#writer.addPartition(topic, cleanupPolicy, offsets)
        const { partition, start, stable } = offsets
        const merger = this.#options.codec === undefined ? undefined : new BatchMerger(this.#options.codec)
        const range = { topic, partition, from: start, to: stable }
        this.#partitions.set(partitionFolder(topic, partition), {
          range,
          next: start,
          merger,
          aborted: new Map(),
          markers: new Map(),
        })
      }
    }
    const ranges = [...this.#partitions.values()].map(({ range }) => range)
    const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
    const { signal, onProgress } = this.#options
    for await (const chunk of source.read(signal === undefined ? { ranges } : { ranges, signal })) {
      await this.#take(chunk)
      if (source.registry !== undefined) await this.#keepSchemas(chunk, source.registry)
      onProgress?.({ done: this.#done, total, records: this.records, bytes: this.bytes })
    }
    for (const partition of this.#partitions.values()) {
      await this.#append(partition, partition.merger?.flush() ?? [])
      const { topic, partition: number } = partition.range
      this.#writer.setAborted(topic, number, unmarked(partition))
    }
    onProgress?.({ done: total, total, records: this.records, bytes: this.bytes })
  }

  async #take(chunk: BatchChunk): Promise<void> {
    const partition = this.#partitions.get(partitionFolder(chunk.topic, chunk.partition))!
    const ready: Uint8Array[] = []
    let first: BatchHeader | undefined
    for (const { producerId, firstOffset } of chunk.aborted) {
      partition.aborted.set(`${producerId} ${firstOffset}`, { producerId, firstOffset })
    }
    for (const header of batchHeaders(chunk.bytes, headerLocator(chunk))) {
      if (header.control) partition.markers.set(header.producerId, header.lastOffset)
      else this.records += header.recordCount
      this.#pass(partition, header)
      if (partition.merger === undefined) this.#check(chunk, header)
      else ready.push(...this.#merge(chunk, header, partition.merger))
      first ??= header
    }
    if (partition.merger === undefined && first !== undefined) ready.push(chunk.bytes)
    await this.#append(partition, ready)
  }

  async #keepSchemas(chunk: BatchChunk, registry: SchemaRegistry): Promise<void> {
    for (const id of schemaIds(chunk)) {
      if (this.#asked.has(id)) continue
      this.#asked.add(id)
      const schema = await registry.schema(id)
      if (schema !== null) this.schemas.set(id, schema)
    }
  }

  #pass(partition: PartitionRun, header: BatchHeader): void {
    const next = Math.min(header.nextOffset, partition.range.to)
    if (next <= partition.next) return
    this.#done += next - partition.next
    partition.next = next
  }

  #check(chunk: BatchChunk, header: BatchHeader): void {
    if (isSound(chunk.bytes, header)) return
    throw new ObslabError(
      'batch-corrupt',
      'Expected a batch with a right CRC-32C, found a wrong one. Copy the recording again, or record the topic again.',
      { position: { topic: chunk.topic, partition: chunk.partition, offset: header.baseOffset } },
    )
  }

  #merge(chunk: BatchChunk, header: BatchHeader, merger: BatchMerger): Uint8Array[] {
    try {
      return merger.add(chunk.bytes, header)
    } catch (error) {
      throw locatedError(error, chunk, header.baseOffset)
    }
  }

  async #append({ range }: PartitionRun, batches: readonly Uint8Array[]): Promise<void> {
    if (batches.length === 0) return
    const bytes = batches.length === 1 ? batches[0]! : Buffer.concat(batches)
    const [first] = batchHeaders(bytes)
    await this.#writer.append(range.topic, range.partition, first!.baseOffset, bytes)
    this.bytes += bytes.length
  }
}

/** The numbers of the schemas that the records of a chunk name. */
function schemaIds({ bytes }: BatchChunk): Set<number> {
  const ids = new Set<number>()
  for (const header of batchHeaders(bytes)) {
    if (header.control) continue
    const cursor = new RecordCursor(bytes, header)
    while (cursor.next()) {
      const record = { key: cursor.key(), value: cursor.value(), headers: cursor.headers() }
      for (const id of schemaIdsOf(record)) ids.add(id)
    }
  }
  return ids
}

function unmarked({ aborted, markers, range }: PartitionRun): AbortedTransaction[] {
  return [...aborted.values()].filter(
    ({ producerId, firstOffset }) => firstOffset < range.to && firstOffset > (markers.get(producerId) ?? -1),
  )
}
