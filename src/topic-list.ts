import { AvroRecords } from './change/avro-records.js'
import { SchemaPrefixes } from './change/schema-prefix.js'
import { type DataFormat, formatOf, formatsText } from './change/topic-format.js'
import { type TopicKind, topicKind } from './change/topic-kind.js'
import { topicOrigin } from './change/topic-origin.js'
import { ObslabError } from './errors.js'
import { Frame } from './frame/frame.js'
import { batchHeaders } from './log/batch-header.js'
import { type KafkaRecord, RecordReader } from './source/record.js'
import type { BatchChunk, OffsetRange, PartitionOffsets, Source, TopicOffsets } from './source/source.js'

/** One line of {@link Lab.topics}. What its records do not tell is null. */
export interface TopicRow {
  topic: string
  /** What its records are: a table's changes, schema changes, transactions, heartbeats, signals, … */
  kind: TopicKind
  partitions: number
  /** Offsets from the first to the end: records, and the markers among them. */
  records: number
  /** Bytes on disk, of one replica, compressed as they are. */
  bytes: number | null
  /** The Kafka timestamp of the newest of the last records of its partitions. */
  newest: number | null
  /** The Kafka timestamp of the oldest of the first records of its partitions. */
  oldest: number | null
  /** How keys are written: `json`, `json+schema`, `avro`, `text`, `none`, … */
  key: string
  /** How values are written; `unwrapped json` where a transform took the rows out of Debezium's envelope. */
  value: string
  /** Debezium's connector, `mysql` or `mariadb`. */
  connector: string | null
  /** The connector's `topic.prefix`, which its topics' names begin with. */
  prefix: string | null
  /** The database server's `server_id`, of the last record that says it. */
  server: number | null
  /** Whether `bytes` is reckoned from a sample of batches, because the broker does not tell it. */
  bytes_estimated: boolean
  /** Kafka's cleanup policy: delete or compact. */
  cleanup: string
}

/** Enough for a batch of a producer's default size; what is larger comes whole nevertheless. */
const bytesAtOnce = 32 * 1024
/** The last offsets of a partition that are looked at: the very last may be markers. More where they all are. */
const lastOffsets = 10
const moreLastOffsets = 1_000
/** Records of either end that are looked into. */
const sampled = 4
/** Partitions whose first record is looked for at a time. */
const concurrently = 8

/**
 * What each topic of a source is. It reads the first and the last records of each partition, those of all topics
 * together, and asks for sizes once, so that hundreds of topics take no more rounds than one. A topic that may be
 * listed but not read is told by its name.
 */
export async function listTopics(source: Source): Promise<Frame<TopicRow>> {
  const topics = await source.topics()
  const names = topics.map(({ topic }) => topic)
  const [samples, sizes] = await Promise.all([sampleEnds(source, topics), source.bytes?.(names)])
  const avro = AvroRecords.of(source)
  await avro.loadWhatIsThere([...samples.values()].flatMap(({ first, last }) => [...first, ...last]))
  const rows = topics.map(offsets =>
    rowOf(offsets, samples.get(offsets.topic)!, sizes?.get(offsets.topic), avro),
  )
  for (const row of rows) if (row.kind === 'unknown' && isPrefix(row, names)) row.kind = 'schema-changes'
  return Frame.from<TopicRow>(rows, {
    ...{ topic: 'text', kind: 'text', partitions: 'int', records: 'int', bytes: 'int' },
    ...{ newest: 'timestamp', oldest: 'timestamp', key: 'text', value: 'text' },
    ...{ connector: 'text', prefix: 'text', server: 'int', bytes_estimated: 'boolean', cleanup: 'text' },
  })
}

/** Avro without its schemas cannot be looked into: topics whose names begin with this one tell that it is their connector's. */
function isPrefix({ topic, value }: TopicRow, names: readonly string[]): boolean {
  return value === 'avro' && names.some(name => name.startsWith(`${topic}.`))
}

function rowOf(
  offsets: TopicOffsets,
  sample: Sample,
  bytes: number | undefined,
  avro: AvroRecords,
): TopicRow {
  const { topic, partitions, cleanupPolicy } = offsets
  const records = partitions.reduce((sum, { start, end }) => sum + end - start, 0)
  const schemas = { key: new SchemaPrefixes(avro), value: new SchemaPrefixes(avro) }
  const ends = [...sample.first, ...sample.last]
  const format = (part: 'key' | 'value'): DataFormat[] =>
    ends.map(record => formatOf(record[part], schemas[part]))
  return {
    topic,
    kind: topicKind(topic, ends, schemas.value),
    partitions: partitions.length,
    records,
    bytes: bytes ?? sample.estimate(records),
    newest: sample.newest,
    oldest: sample.oldest,
    key: formatsText(format('key')),
    value: formatsText(format('value')),
    ...topicOrigin(topic, ends, schemas.value),
    bytes_estimated: bytes === undefined,
    cleanup: cleanupPolicy,
  }
}

/** What was met at the ends of a topic's partitions. */
class Sample {
  readonly first: KafkaRecord[] = []
  readonly last: KafkaRecord[] = []
  /** The partitions of which a first record was found. */
  readonly begun = new Set<number>()
  /** The partitions of which a last record was found. */
  readonly ended = new Set<number>()
  oldest: number | null = null
  newest: number | null = null
  #bytes = 0
  #offsets = 0

  addFirst(chunk: BatchChunk, records: readonly KafkaRecord[]): void {
    this.#measure(chunk)
    const [record] = records
    if (record === undefined || this.begun.has(record.partition)) return
    this.begun.add(record.partition)
    this.oldest = Math.min(this.oldest ?? record.timestamp, record.timestamp)
    this.newest = Math.max(this.newest ?? record.timestamp, record.timestamp)
    if (this.first.length < sampled) this.first.push(copyOf(record))
  }

  addLast(chunk: BatchChunk, records: readonly KafkaRecord[]): void {
    this.#measure(chunk)
    for (const { timestamp, partition } of records) {
      this.newest = Math.max(this.newest ?? timestamp, timestamp)
      this.ended.add(partition)
    }
    for (const record of records.slice(-2)) if (this.last.length < sampled) this.last.push(copyOf(record))
  }

  /** The bytes of so many records, by those of the batches met; null when none was. */
  estimate(records: number): number | null {
    if (records === 0) return 0
    return this.#offsets === 0 ? null : Math.round((this.#bytes / this.#offsets) * records)
  }

  #measure({ bytes }: BatchChunk): void {
    for (const { at, end, baseOffset, nextOffset } of batchHeaders(bytes)) {
      this.#bytes += end - at
      this.#offsets += nextOffset - baseOffset
    }
  }
}

/** A view would keep its whole batch. */
function copyOf(record: KafkaRecord): KafkaRecord {
  const copy = (bytes: Uint8Array | null): Uint8Array | null => bytes && Uint8Array.from(bytes)
  return { ...record, key: copy(record.key), value: copy(record.value), headers: [] }
}

async function sampleEnds(
  source: Source,
  topics: readonly TopicOffsets[],
): Promise<ReadonlyMap<string, Sample>> {
  const samples = new Map(topics.map(({ topic }) => [topic, new Sample()]))
  const ends = (range: (partition: PartitionOffsets) => Ends): OffsetRange[] =>
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(partition => ({ topic, partition: partition.partition, ...range(partition) })),
    )
  const firsts = ends(({ start, stable }) => ({ from: start, to: Math.min(start + 1, stable) }))
  const lasts = (offsets: number): OffsetRange[] =>
    ends(({ start, stable }) => ({ from: Math.max(start + 1, stable - offsets), to: stable })).filter(
      ({ topic, partition }) => !samples.get(topic)!.ended.has(partition),
    )
  const addLast = (chunk: BatchChunk, records: readonly KafkaRecord[]): void =>
    samples.get(chunk.topic)!.addLast(chunk, records)
  await readEnds(source, firsts, (chunk, records) => samples.get(chunk.topic)!.addFirst(chunk, records))
  await readEnds(source, lasts(lastOffsets), addLast)
  await readEnds(source, lasts(moreLastOffsets), addLast)
  const missing = ends(({ start, stable }) => ({ from: start, to: stable })).filter(
    ({ topic, partition, from, to }) => from + 1 < to && !samples.get(topic)!.begun.has(partition),
  )
  await findFirsts(source, missing, samples)
  return samples
}

type Ends = Pick<OffsetRange, 'from' | 'to'>

/** Reads ranges of many topics at once; where that fails for one of them, the others are read without it. */
async function readEnds(
  source: Source,
  ranges: readonly OffsetRange[],
  take: (chunk: BatchChunk, records: readonly KafkaRecord[]) => void,
): Promise<void> {
  const wanted = ranges.filter(({ from, to }) => from < to)
  if (wanted.length === 0) return
  const readers = new Map(
    wanted.map(range => [
      `${range.topic}:${range.partition}`,
      new RecordReader(range.topic, range.partition, range),
    ]),
  )
  try {
    for await (const chunk of source.read({ ranges: wanted, bytesAtOnce }))
      take(chunk, readers.get(`${chunk.topic}:${chunk.partition}`)!.read(chunk))
  } catch (error) {
    if (!isOfOneTopic(error)) throw error
    const names = [...new Set(wanted.map(({ topic }) => topic))]
    if (names.length === 1) return
    const half = new Set(names.slice(0, names.length / 2))
    const isIn = ({ topic }: OffsetRange): boolean => half.has(topic)
    await readEnds(source, wanted.filter(isIn), take)
    await readEnds(
      source,
      wanted.filter(range => !isIn(range)),
      take,
    )
  }
}

/** Partitions whose first offset holds no record for a consumer: it was compacted away, aborted, or is a marker. */
async function findFirsts(
  source: Source,
  ranges: readonly OffsetRange[],
  samples: ReadonlyMap<string, Sample>,
): Promise<void> {
  const left = [...ranges]
  const find = async (): Promise<void> => {
    for (let range = left.pop(); range !== undefined; range = left.pop()) {
      const reader = new RecordReader(range.topic, range.partition, range)
      try {
        for await (const chunk of source.read({ ranges: [range], bytesAtOnce })) {
          const records = reader.read(chunk)
          samples.get(range.topic)!.addFirst(chunk, records)
          if (records.length > 0) break
        }
      } catch (error) {
        if (!isOfOneTopic(error)) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: concurrently }, find))
}

/** What one topic's permissions, records or deletion meanwhile may be the cause of. */
function isOfOneTopic(error: unknown): boolean {
  const codes = ['broker-refused', 'batch-corrupt', 'batch-unsupported', 'batch-too-large', 'topic-unknown']
  return error instanceof ObslabError && [...codes, 'offset-out-of-range'].includes(error.code)
}
