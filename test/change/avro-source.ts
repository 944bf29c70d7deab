import { writeBatch } from '../../src/log/batch-writer.js'
import { RecordReader } from '../../src/source/record.js'
import type { SchemaRegistry } from '../../src/source/schema-registry.js'
import type {
  BatchChunk,
  FollowRequest,
  OffsetRange,
  ReadRequest,
  Source,
  TopicOffsets,
} from '../../src/source/source.js'
import type { AvroConverter } from './avro-converter.js'

/** A source whose keys and values are those of another, written as JSON with schemas there, in Avro. */
export class AvroSource implements Source {
  readonly name: string = 'avro'
  readonly growing: boolean = false
  readonly registry: SchemaRegistry | undefined
  readonly #json: Source
  readonly #converter: AvroConverter

  constructor(json: Source, converter: AvroConverter, registry?: SchemaRegistry) {
    this.#json = json
    this.#converter = converter
    this.registry = registry
  }

  topics(names?: readonly string[]): Promise<readonly TopicOffsets[]> {
    return this.#json.topics(names)
  }

  offsetsAt(topic: string, time: number): Promise<ReadonlyMap<number, number>> {
    return this.#json.offsetsAt(topic, time)
  }

  async *read(request: ReadRequest): AsyncGenerator<BatchChunk> {
    for await (const chunk of this.#json.read(request)) yield* this.#convert(chunk, request.ranges)
  }

  async *follow(request: FollowRequest): AsyncGenerator<BatchChunk> {
    const ranges = request.positions.map(position => ({ ...position, to: Number.POSITIVE_INFINITY }))
    for await (const chunk of this.#json.follow(request)) yield* this.#convert(chunk, ranges)
  }

  async close(): Promise<void> {}

  *#convert(chunk: BatchChunk, ranges: readonly OffsetRange[]): Generator<BatchChunk> {
    const { topic, partition } = chunk
    const range = ranges.find(one => one.topic === topic && one.partition === partition)!
    const records = new RecordReader(topic, partition, range).read(chunk).map(record => ({
      ...record,
      key: this.#converter.convert(`${topic}-key`, record.key),
      value: this.#converter.convert(`${topic}-value`, record.value),
    }))
    if (records.length > 0) yield { topic, partition, bytes: writeBatch({ records }), aborted: [] }
  }
}
