import { ChangeReader } from '../../src/change/change-reader.js'
import { wholeTopic } from '../../src/change/change-stream.js'
import { SchemaTopics } from '../../src/change/schema-topics.js'
import type { Frame } from '../../src/frame/frame.js'
import type { Table } from '../../src/frame/table.js'
import { TableBuilder } from '../../src/frame/table-builder.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { type KafkaRecord, RecordReader } from '../../src/source/record.js'
import { openRecording } from '../../src/source/recording.js'
import type { BatchChunk, OffsetRange } from '../../src/source/source.js'

type SchemaHistory = SchemaTopics['history']

/** The obs topic of a recording as raw batches in memory, read `times` over. */
export class ObsTopic {
  readonly topic: string
  readonly #chunks: readonly BatchChunk[]
  readonly #ranges: readonly OffsetRange[]
  readonly #history: SchemaHistory | null
  readonly #times: number

  private constructor(
    topic: string,
    chunks: readonly BatchChunk[],
    ranges: readonly OffsetRange[],
    history: SchemaHistory | null,
    times: number,
  ) {
    this.topic = topic
    this.#chunks = chunks
    this.#ranges = ranges
    this.#history = history
    this.#times = times
  }

  static async open(folder: string, times: number): Promise<ObsTopic> {
    const source = await openRecording(folder)
    const topic = (await source.topics()).find(offsets => offsets.topic.endsWith('.obs'))!
    const ranges = wholeTopic(topic)
    const chunks: BatchChunk[] = []
    for await (const chunk of source.read({ ranges })) chunks.push(chunk)
    const schemas = await SchemaTopics.open(source, [topic.topic])
    await source.close()
    return new ObsTopic(topic.topic, chunks, ranges, schemas?.history ?? null, times)
  }

  /** All records, in chunks. */
  *records(): Generator<KafkaRecord[]> {
    for (let time = 0; time < this.#times; time++) {
      const readers = new Map(
        this.#ranges.map(range => [range.partition, new RecordReader(this.topic, range.partition, range)]),
      )
      for (const chunk of this.#chunks) yield readers.get(chunk.partition)!.read(chunk)
    }
  }

  /** How many records there are, and the bytes of a value on average. */
  size(): { records: number; bytes: number } {
    let records = 0
    let bytes = 0
    for (const some of this.records()) {
      records += some.length
      for (const { value } of some) bytes += value?.length ?? 0
    }
    return { records, bytes: Math.round(bytes / records) }
  }

  /** A reader of its changes that has met none yet. */
  reader(): ChangeReader {
    return new ChangeReader(this.topic, { definition: openmrs.obs, history: this.#history })
  }

  /** The table of all records: our decode. */
  table(): Table {
    const reader = this.reader()
    const builder = new TableBuilder({
      topic: this.topic,
      definition: openmrs.obs,
      kindOf: name => reader.columns.find(column => column.name === name)?.kind,
    })
    for (const records of this.records()) {
      for (const record of records) {
        const { change, redelivered } = reader.read(record)
        builder.append(change, redelivered ? 'redelivered' : 'applied')
      }
    }
    return builder.finish()
  }
}

/** The schema-change records of a recording, which say what the types of obs are. */
export async function schemaRecords(folder: string): Promise<KafkaRecord[]> {
  const source = await openRecording(folder)
  const [topic] = await source.topics(['dbserver1'])
  const ranges = wholeTopic(topic!)
  const reader = new RecordReader('dbserver1', 0, ranges[0]!)
  const records: KafkaRecord[] = []
  for await (const chunk of source.read({ ranges })) records.push(...reader.read(chunk))
  await source.close()
  return records
}

/** The frame's rows again and again until there are `length`. */
export function stretched<R extends object>(frame: Frame<R>, length: number): Frame<R> {
  return frame.take(Int32Array.from({ length }, (_, i) => i % frame.length))
}
