import { batchHeaders } from '../log/batch-header.js'
import type { SchemaRegistry } from '../source/schema-registry.js'
import type { BatchChunk, FollowRequest, ReadRequest, Source, TopicOffsets } from '../source/source.js'

/** Bytes that are read before they are asked for: what is in hand while a batch is written. */
const aheadBytes = 8 * 1024 * 1024
/** Bytes of one piece, more or less: a batch of Kafka's is never cut. */
const pieceBytes = 1024 * 1024

/**
 * A source whose followed records are read ahead of who takes them, as far as some bytes of memory go: so it is known
 * what is at hand, and may be taken into one transaction. Records are handed over as they came; nothing is decoded.
 */
export class ReadAhead implements Source {
  readonly name: string
  readonly growing: boolean
  readonly #source: Source
  #queue: Queue | null = null

  constructor(source: Source) {
    this.#source = source
    this.name = source.name
    this.growing = source.growing
  }

  get registry(): SchemaRegistry | undefined {
    return this.#source.registry
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

  async *follow({ positions, signal }: FollowRequest): AsyncGenerator<BatchChunk> {
    const leaving = new AbortController()
    const until = AbortSignal.any([signal, leaving.signal])
    this.#queue = new Queue(this.#source.follow({ positions, signal: until }))
    try {
      yield* this.#queue.take()
    } finally {
      this.#queue.stop()
      leaving.abort()
    }
  }

  /** Whether followed records can be had without waiting. */
  get isAtHand(): boolean {
    return this.atHand > 0
  }

  /** Pieces of followed records that can be had without waiting. */
  get atHand(): number {
    return this.#queue?.length ?? 0
  }

  /** Bytes of followed records that were taken so far. */
  get takenBytes(): number {
    return this.#queue?.takenBytes ?? 0
  }

  /** Resolves when followed records are at hand, or none will come any more; at once before they are followed. */
  async ready(): Promise<void> {
    await this.#queue?.ready()
  }

  async close(): Promise<void> {}
}

class Queue {
  takenBytes = 0
  readonly #chunks: BatchChunk[] = []
  #bytes = 0
  #stopped = false
  #ended = false
  #failure: { error: unknown } | null = null
  #wakeTaker: () => void = () => {}
  #wakeFiller: () => void = () => {}

  constructor(source: AsyncIterable<BatchChunk>) {
    void this.#fill(source)
  }

  get length(): number {
    return this.#chunks.length
  }

  async ready(): Promise<void> {
    if (this.#chunks.length > 0 || this.#ended) return
    await new Promise<void>(wake => {
      const other = this.#wakeTaker
      this.#wakeTaker = () => {
        other()
        wake()
      }
    })
  }

  async *take(): AsyncGenerator<BatchChunk> {
    for (;;) {
      await this.ready()
      const chunk = this.#chunks.shift()
      if (chunk === undefined) {
        if (this.#failure !== null) throw this.#failure.error
        return
      }
      this.#bytes -= chunk.bytes.length
      this.takenBytes += chunk.bytes.length
      this.#wakeFiller()
      yield chunk
    }
  }

  stop(): void {
    this.#stopped = true
    this.#wakeFiller()
  }

  async #fill(source: AsyncIterable<BatchChunk>): Promise<void> {
    try {
      for await (const chunk of source) {
        for (const piece of piecesOf(chunk)) {
          this.#chunks.push({ ...piece, came: performance.now() })
          this.#bytes += piece.bytes.length
        }
        this.#wake()
        while (this.#bytes >= aheadBytes && !this.#stopped)
          await new Promise<void>(wake => {
            this.#wakeFiller = wake
          })
        if (this.#stopped) return
      }
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#ended = true
      this.#wake()
    }
  }

  #wake(): void {
    const wake = this.#wakeTaker
    this.#wakeTaker = () => {}
    wake()
  }
}

/** A chunk in pieces of whole batches. */
function* piecesOf(chunk: BatchChunk): Generator<BatchChunk> {
  const { bytes } = chunk
  if (bytes.length <= pieceBytes) return yield chunk
  let begin = 0
  for (const { end } of batchHeaders(bytes)) {
    if (end - begin < pieceBytes && end < bytes.length) continue
    yield { ...chunk, bytes: bytes.subarray(begin, end) }
    begin = end
  }
}
