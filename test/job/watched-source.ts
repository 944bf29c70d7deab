import { batchHeaders } from '../../src/log/batch-header.js'
import type {
  BatchChunk,
  FollowRequest,
  OffsetRange,
  ReadRequest,
  Source,
  TopicOffsets,
} from '../../src/source/source.js'

/**
 * A source that notes which ranges are read, and calls `reading` before each. It hands over one batch at a time. Schema
 * topics are not noted.
 */
export class WatchedSource implements Source {
  readonly name: string = 'watched'
  readonly growing: boolean
  readonly ranges: OffsetRange[] = []
  /** `read` and `follow` begun, and `end` of reading, in order. */
  readonly events: string[] = []
  reading: () => void = (): void => {}
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
    this.growing = source.growing
  }

  topics(names?: readonly string[]): Promise<readonly TopicOffsets[]> {
    return this.#source.topics(names)
  }

  offsetsAt(topic: string, time: number): Promise<ReadonlyMap<number, number>> {
    return this.#source.offsetsAt(topic, time)
  }

  async *read(request: ReadRequest): AsyncGenerator<BatchChunk> {
    const isNoted = request.ranges.some(({ topic }) => topic.split('.').length > 2)
    if (isNoted) {
      this.reading()
      this.ranges.push(...request.ranges)
      this.events.push('read')
    }
    for await (const chunk of this.#source.read(request)) yield* isNoted ? batchesOf(chunk) : [chunk]
    if (isNoted) this.events.push('end')
  }

  async *follow(request: FollowRequest): AsyncGenerator<BatchChunk> {
    this.events.push('follow')
    yield* this.#source.follow(request)
  }

  async close(): Promise<void> {}
}

function* batchesOf(chunk: BatchChunk): Generator<BatchChunk> {
  for (const { at, end } of batchHeaders(chunk.bytes))
    yield { ...chunk, bytes: chunk.bytes.subarray(at, end) }
}
