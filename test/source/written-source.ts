import { writeBatch } from '../../src/log/batch-writer.js'
import type { LogRecord } from '../../src/log/record-batch.js'
import type {
  BatchChunk,
  PartitionOffsets,
  ReadRequest,
  Source,
  TopicOffsets,
} from '../../src/source/source.js'

/** A topic of one partition: its records, by ascending offset. */
export interface WrittenTopic {
  records: readonly LogRecord[]
  /** Default `delete`. */
  cleanupPolicy?: string
}

/** A source that holds what it is given, a batch for each record. It begins at the first record there is. */
export class WrittenSource implements Source {
  readonly name: string = 'written'
  readonly growing: boolean = false
  readonly #topics: Readonly<Record<string, WrittenTopic>>

  constructor(topics: Readonly<Record<string, WrittenTopic>>) {
    this.#topics = topics
  }

  async topics(names: readonly string[] = Object.keys(this.#topics)): Promise<readonly TopicOffsets[]> {
    return [...names].sort().map(topic => {
      const { records, cleanupPolicy = 'delete' } = this.#topics[topic]!
      const start = records[0]?.offset ?? 0
      const end = (records.at(-1)?.offset ?? -1) + 1
      const partition: PartitionOffsets = { partition: 0, start, stable: end, end }
      return { topic, cleanupPolicy, partitions: [partition] }
    })
  }

  async *read({ ranges }: ReadRequest): AsyncGenerator<BatchChunk> {
    for (const { topic, partition, from, to } of ranges) {
      for (const record of this.#topics[topic]!.records) {
        if (record.offset < from || record.offset >= to) continue
        yield { topic, partition, bytes: writeBatch({ records: [record] }), aborted: [] }
      }
    }
  }

  async offsetsAt(): Promise<ReadonlyMap<number, number>> {
    return new Map([[0, 0]])
  }

  async *follow(): AsyncGenerator<BatchChunk> {}

  async close(): Promise<void> {}
}
