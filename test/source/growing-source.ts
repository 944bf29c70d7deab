import { writeBatch } from '../../src/log/batch-writer.js'
import { RecordReader } from '../../src/source/record.js'
import type {
  BatchChunk,
  FollowRequest,
  PartitionOffsets,
  ReadRequest,
  Source,
  TopicOffsets,
} from '../../src/source/source.js'

/** Where a partition ends at first. */
export type Cut = (topic: string, offsets: PartitionOffsets) => number

/** Records of one batch of what comes. */
const batchSize = 25

/**
 * A source whose partitions end at a cut at first; the rest of the committed records then comes to whoever follows, in
 * small batches as if they were written just now, and then it ends.
 */
export class GrowingSource implements Source {
  readonly name: string = 'growing'
  readonly growing: boolean = true
  readonly #whole: Source
  readonly #cut: Cut

  constructor(whole: Source, cut: Cut) {
    this.#whole = whole
    this.#cut = cut
  }

  async topics(names?: readonly string[]): Promise<readonly TopicOffsets[]> {
    const topics = await this.#whole.topics(names)
    return topics.map(offsets => ({
      ...offsets,
      partitions: offsets.partitions.map(partition => {
        const end = this.#cut(offsets.topic, partition)
        return { ...partition, stable: end, end }
      }),
    }))
  }

  offsetsAt(topic: string, time: number): Promise<ReadonlyMap<number, number>> {
    return this.#whole.offsetsAt(topic, time)
  }

  read(request: ReadRequest): AsyncIterable<BatchChunk> {
    return this.#whole.read(request)
  }

  async *follow({ positions, signal }: FollowRequest): AsyncGenerator<BatchChunk> {
    const topics = await this.#whole.topics([...new Set(positions.map(({ topic }) => topic))])
    const ranges = positions.map(({ topic, partition, from }) => {
      const { partitions } = topics.find(offsets => offsets.topic === topic)!
      return { topic, partition, from, to: partitions.find(has => has.partition === partition)!.stable }
    })
    const readers = new Map(
      ranges.map(range => [
        `${range.topic}:${range.partition}`,
        new RecordReader(range.topic, range.partition, range),
      ]),
    )
    for await (const chunk of this.#whole.read({ ranges })) {
      const { topic, partition } = chunk
      const records = readers.get(`${topic}:${partition}`)!.read(chunk)
      for (let at = 0; at < records.length; at += batchSize) {
        if (signal.aborted) return
        const bytes = writeBatch({ records: records.slice(at, at + batchSize) })
        yield { topic, partition, bytes, aborted: [] }
      }
    }
  }

  close(): Promise<void> {
    return this.#whole.close()
  }
}
