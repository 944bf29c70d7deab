import { ObslabError } from '../../src/errors.js'
import { writeBatch } from '../../src/log/batch-writer.js'
import type { LogRecord } from '../../src/log/record-batch.js'
import { RecordReader } from '../../src/source/record.js'
import type {
  BatchChunk,
  FollowRequest,
  PartitionOffsets,
  ReadRequest,
  Source,
  TopicOffsets,
} from '../../src/source/source.js'

/** Records of one batch. */
const batchSize = 5

/**
 * A topic of several partitions, of which the records come a batch of each partition in turn. Its partitions end after a
 * share of their records at first; what comes after that is followed, and then it ends.
 */
export class DealtSource implements Source {
  readonly name: string = 'dealt'
  readonly growing: boolean = true
  readonly topic: string
  readonly #partitions: readonly (readonly LogRecord[])[]
  /** Where each partition ends now. */
  readonly #ends: readonly number[]

  constructor(topic: string, partitions: readonly (readonly LogRecord[])[], ends?: readonly number[]) {
    this.topic = topic
    this.#partitions = partitions
    this.#ends = ends ?? partitions.map(records => records.length)
  }

  /** The same topic that ends after a share of its records at first, or where it was read before. */
  cut(share: number, committed: ReadonlyMap<string, number> = new Map()): DealtSource {
    const ends = this.#partitions.map(({ length }, partition) =>
      Math.max(Math.floor(length * share), committed.get(`${this.topic}:${partition}`) ?? 0),
    )
    return new DealtSource(this.topic, this.#partitions, ends)
  }

  async topics(): Promise<readonly TopicOffsets[]> {
    const partitions = this.#ends.map((end, partition): PartitionOffsets => {
      return { partition, start: 0, stable: end, end }
    })
    return [{ topic: this.topic, cleanupPolicy: 'delete', partitions }]
  }

  async *read({ ranges, signal }: ReadRequest): AsyncGenerator<BatchChunk> {
    const at = new Map(ranges.map(({ partition, from }) => [partition, from]))
    for (let isMore = true; isMore; ) {
      isMore = false
      for (const { partition, to } of ranges) {
        const next = at.get(partition)!
        const records = this.#partitions[partition]!.slice(next, Math.min(next + batchSize, to))
        if (records.length === 0) continue
        if (signal?.aborted) throw new ObslabError('cancelled', 'Reading was cancelled.')
        isMore = true
        at.set(partition, next + records.length)
        yield { topic: this.topic, partition, bytes: writeBatch({ records }), aborted: [] }
      }
    }
  }

  async *follow({ positions, signal }: FollowRequest): AsyncGenerator<BatchChunk> {
    const ranges = positions.map(one => ({ ...one, to: this.#partitions[one.partition]!.length }))
    for await (const chunk of this.read({ ranges })) {
      if (signal.aborted) return
      yield chunk
    }
  }

  async offsetsAt(): Promise<ReadonlyMap<number, number>> {
    return new Map()
  }

  async close(): Promise<void> {}
}

/** The whole history of every n-th visit of a source, dealt to three partitions by key, in the order it was recorded. */
export async function dealtVisits(source: Source, each: number): Promise<DealtSource> {
  const topic = 'dbserver1.openmrs.visit'
  const [offsets] = await source.topics([topic])
  const { start, stable } = offsets!.partitions[0]!
  const range = { topic, partition: 0, from: start, to: stable }
  const reader = new RecordReader(topic, 0, range)
  const partitions: LogRecord[][] = [[], [], []]
  for await (const chunk of source.read({ ranges: [range] })) {
    for (const { key, value, timestamp, headers } of reader.read(chunk)) {
      const { payload, visit_id = payload.visit_id } = JSON.parse(Buffer.from(key!).toString())
      if (visit_id % each !== 0) continue
      const partition = partitions[(visit_id / each) % 3]!
      partition.push({ offset: partition.length, timestamp, key, value, headers })
    }
  }
  return new DealtSource(topic, partitions)
}
