import type { BatchChunk, FollowRequest, ReadRequest, Source, TopicOffsets } from '../../src/source/source.js'
import type { MemorySink } from './memory-sink.js'

/** A source whose followed chunks come one by one: the next when the sink has written what followed from the one before. */
export class PacedSource implements Source {
  readonly name: string = 'paced'
  readonly growing: boolean = true
  readonly #source: Source
  readonly #sink: MemorySink

  constructor(source: Source, sink: MemorySink) {
    this.#source = source
    this.#sink = sink
  }

  topics(names?: readonly string[]): Promise<readonly TopicOffsets[]> {
    return this.#source.topics(names)
  }

  offsetsAt(topic: string, time: number): Promise<ReadonlyMap<number, number>> {
    return this.#source.offsetsAt(topic, time)
  }

  read(request: ReadRequest): AsyncIterable<BatchChunk> {
    return this.#source.read(request)
  }

  async *follow(request: FollowRequest): AsyncGenerator<BatchChunk> {
    const { written } = this.#sink
    let goOn = (): void => {}
    request.signal.addEventListener('abort', () => goOn(), { once: true })
    this.#sink.written = () => {
      written()
      goOn()
    }
    try {
      for await (const chunk of this.#source.follow(request)) {
        const taken = new Promise<void>(resolve => {
          goOn = resolve
        })
        yield chunk
        if (!request.signal.aborted) await taken
        if (request.signal.aborted) return
      }
    } finally {
      this.#sink.written = written
    }
  }

  async close(): Promise<void> {}
}
