import { type KafkaRecord, RecordReader } from '../source/record.js'
import type { BatchChunk, OffsetRange, Source, TopicOffsets } from '../source/source.js'
import { AvroRecords } from './avro-records.js'
import { ChangeReader, type ReadChange } from './change-reader.js'
import type { ReaderMemory } from './reader-memory.js'
import type { SchemaHistory } from './schema-history.js'
import { SchemaTopics } from './schema-topics.js'
import type { TypedTopic } from './topic.js'

/** One topic to read changes of. */
export interface ChangeTopic {
  /** Its full name. */
  topic: string
  /** Which records of it, a range for each partition. */
  ranges: readonly OffsetRange[]
  /** Its definition, whose columns decide kinds. */
  definition: Pick<TypedTopic<unknown>, 'columns'> | null
}

/** What one chunk of records of one partition meant. */
export interface ChangeChunk {
  topic: string
  partition: number
  changes: readonly ReadChange[]
  /** The records themselves, one for each change. A kept one keeps its whole batch in memory. */
  records: readonly KafkaRecord[]
  /** The reader of the topic, with what it has counted and the columns it has met so far. */
  reader: ChangeReader
  /** Offsets of this chunk that are done with, records or not: what progress counts. */
  offsets: number
  /** The offset at which the partition is to be read on. */
  next: number
}

/**
 * Reads several topics of a source as changes, each up to the end of its ranges, with redelivered ones marked. Nothing is
 * decoded ahead of the caller. A topic without a record in its ranges gives no chunk.
 */
export async function* readChanges(
  source: Source,
  topics: readonly ChangeTopic[],
  signal?: AbortSignal,
): AsyncGenerator<ChangeChunk> {
  yield* new ChangeStream(source, topics).read(signal)
}

/**
 * The changes of several topics: first those that are there, up to the end of their ranges, then those that come. What is
 * known of types and of redelivery goes on from the one to the other.
 */
export class ChangeStream {
  readonly #source: Source
  readonly #topics: readonly ChangeTopic[]
  readonly #kept: Readonly<Record<string, ReaderMemory>>
  readonly #readers = new Map<string, ChangeReader>()
  readonly #avro: AvroRecords
  #schemas: SchemaTopics | null = null

  /** `kept` is what {@link dump} gave where the ranges begin; left out, they begin where the topics do. */
  constructor(
    source: Source,
    topics: readonly ChangeTopic[],
    kept: Readonly<Record<string, ReaderMemory>> = {},
  ) {
    this.#source = source
    this.#topics = topics
    this.#kept = kept
    this.#avro = AvroRecords.of(source)
  }

  /** The changes within the ranges. Aborted by `signal`, it rejects with a `cancelled` error. Call it first, and once. */
  async *read(signal?: AbortSignal): AsyncGenerator<ChangeChunk> {
    const names = this.#topics.map(({ topic }) => topic)
    this.#schemas = await SchemaTopics.open(this.#source, names)
    const history = this.#schemas?.history ?? null
    for (const one of this.#topics) this.#readers.set(one.topic, this.#readerOf(one, history))
    const ranges = this.#topics.flatMap(one => one.ranges)
    const partitions = recordReaders(ranges)
    for await (const chunk of this.#source.read({ ranges, ...(signal && { signal }) }))
      yield* this.#decode(chunk, partitions)
  }

  /**
   * The changes after the ranges as they come, until `signal` is aborted. Call it when {@link read} has ended. A row is
   * decoded with all the DDL that its topic's connector had written before it, which costs one look at the end of the
   * schema-change topic for each chunk that was read after the last look.
   */
  async *follow(signal: AbortSignal): AsyncGenerator<ChangeChunk> {
    const positions = this.#topics
      .flatMap(one => one.ranges)
      .map(({ to, ...range }) => ({ ...range, from: to }))
    const partitions = recordReaders(positions)
    let looked = Number.NEGATIVE_INFINITY
    for await (const chunk of this.#source.follow({ positions, signal })) {
      if (this.#source.growing && !(chunk.came !== undefined && chunk.came <= looked)) {
        looked = performance.now()
        await this.#schemas?.catchUp()
      }
      yield* this.#decode(chunk, partitions)
    }
  }

  /**
   * What is known of each topic's records besides the schemas, as plain data: redelivery, inferred types, the columns of
   * last rows. A stream that begins with it where this one is reads on as this one would. It holds for the chunk given
   * last, so it is to be taken before the next is asked for.
   */
  dump(): Record<string, ReaderMemory> {
    const own = Array.from(this.#readers, ([topic, reader]) => [topic, reader.dump()] as const)
    return { ...this.#kept, ...Object.fromEntries(own) }
  }

  #readerOf(one: ChangeTopic, history: SchemaHistory | null): ChangeReader {
    const kept = this.#kept[one.topic] ?? null
    return new ChangeReader(one.topic, { ...one, history, avro: this.#avro, kept })
  }

  async *#decode(
    chunk: BatchChunk,
    partitions: ReadonlyMap<string, RecordReader>,
  ): AsyncGenerator<ChangeChunk> {
    const { topic, partition } = chunk
    const records = partitions.get(partitionName(chunk))
    const reader = this.#readers.get(topic)
    if (records === undefined || reader === undefined) return
    const before = records.next
    const read = records.read(chunk)
    await this.#avro.load(read)
    const changes = read.map(record => reader.read(record))
    const { next } = records
    yield { topic, partition, changes, records: read, reader, offsets: next - before, next }
  }
}

/** Every committed record a topic had when its offsets were asked for: a range for each partition, perhaps empty. */
export function wholeTopic({ topic, partitions }: TopicOffsets): OffsetRange[] {
  return partitions.map(({ partition, start, stable }) => ({ topic, partition, from: start, to: stable }))
}

interface PartitionRange {
  topic: string
  partition: number
  from: number
  to?: number
}

function recordReaders(ranges: readonly PartitionRange[]): Map<string, RecordReader> {
  return new Map(
    ranges.map(range => [partitionName(range), new RecordReader(range.topic, range.partition, range)]),
  )
}

function partitionName({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}-${partition}`
}
