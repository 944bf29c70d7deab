import { RecordReader } from '../source/record.js'
import type { OffsetRange, Source, TopicOffsets } from '../source/source.js'
import { AvroRecords } from './avro-records.js'
import { SchemaHistory } from './schema-history.js'

/**
 * The schema-change topics of the connectors that write some topics: those named by their prefixes (`dbserver1` for
 * `dbserver1.openmrs.obs`). Where records carry no schema, only their DDL tells a BIGINT from an INT and the scale of a
 * DECIMAL.
 */
export class SchemaTopics {
  /** What they have told so far. */
  readonly history: SchemaHistory
  readonly #avro: AvroRecords
  readonly #source: Source
  readonly #names: readonly string[]
  readonly #next = new Map<string, number>()

  private constructor(source: Source, names: readonly string[]) {
    this.#source = source
    this.#avro = AvroRecords.of(source)
    this.history = new SchemaHistory({}, this.#avro)
    this.#names = names
  }

  /** Finds and reads them; null when the source has none for these topics. */
  static async open(source: Source, topics: readonly string[]): Promise<SchemaTopics | null> {
    const found = await schemaTopics(source, topics)
    if (found.length === 0) return null
    const schemas = new SchemaTopics(
      source,
      found.map(({ topic }) => topic),
    )
    await schemas.catchUp()
    return schemas
  }

  /** Reads what was added since the last call. */
  async catchUp(): Promise<void> {
    const ranges = await this.#added()
    if (ranges.length === 0) return
    const readers = new Map(
      ranges.map(range => [nameOf(range), new RecordReader(range.topic, range.partition, range)]),
    )
    for await (const chunk of this.#source.read({ ranges })) {
      const records = readers.get(nameOf(chunk))?.read(chunk) ?? []
      await this.#avro.load(records)
      this.history.addRecords(records)
    }
    for (const range of ranges) this.#next.set(nameOf(range), range.to)
  }

  async #added(): Promise<OffsetRange[]> {
    const topics = await this.#source.topics(this.#names)
    return topics.flatMap(({ topic, partitions }) =>
      partitions
        .map(({ partition, start, stable }) => {
          const from = Math.max(start, this.#next.get(nameOf({ topic, partition })) ?? start)
          return { topic, partition, from, to: stable }
        })
        .filter(({ from, to }) => from < to),
    )
  }
}

/** The schema-change topics that the connectors of these topics write, as far as the source has them. */
async function schemaTopics(source: Source, topics: readonly string[]): Promise<readonly TopicOffsets[]> {
  const prefixes = new Set(topics.filter(topic => topic.split('.').length >= 3).map(prefixOf))
  return (await source.topics()).filter(({ topic }) => prefixes.has(topic))
}

/** `<prefix>.<database>.<table>`: the prefix itself may contain dots. */
function prefixOf(topic: string): string {
  return topic.split('.').slice(0, -2).join('.')
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}-${partition}`
}
