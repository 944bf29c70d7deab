import { type FollowRecordsRequest, followRecords } from '../source/follow-records.js'
import type { KafkaRecord } from '../source/record.js'
import type { Source } from '../source/source.js'
import { AvroRecords } from './avro-records.js'
import { ChangeReader, type ReadChange } from './change-reader.js'
import type { ColumnType } from './column-type.js'
import { SchemaTopics } from './schema-topics.js'
import type { TypedTopic } from './topic.js'

/** One topic to follow, and how. */
export interface FollowChangesRequest extends FollowRecordsRequest {
  /** Its full name. */
  topic: string
  /** Its definition, whose columns decide kinds. */
  definition: Pick<TypedTopic<unknown>, 'columns'> | null
}

/** A record as it came and what it meant. */
export interface FollowedChange extends ReadChange {
  record: KafkaRecord
  /** The columns of its row and its key, or of the last ones before it. */
  columns: readonly ColumnType[]
  keyColumns: readonly ColumnType[]
}

/**
 * Follows one topic as changes, with redelivered ones marked, until `signal` is aborted or a source that does not grow
 * has ended. A row is decoded with all the DDL that its topic's connector had written before it, which costs a growing
 * source one look at the end of the schema-change topic for each chunk.
 */
export async function* followChanges(
  source: Source,
  { topic, definition, ...request }: FollowChangesRequest,
): AsyncGenerator<FollowedChange[], void, undefined> {
  const schemas = await SchemaTopics.open(source, [topic])
  const avro = AvroRecords.of(source)
  const reader = new ChangeReader(topic, { definition, history: schemas?.history ?? null, avro })
  for await (const records of followRecords(source, request)) {
    if (source.growing) await schemas?.catchUp()
    await avro.load(records)
    yield records.map(record => {
      const read = reader.read(record)
      return { ...read, record, columns: reader.columns, keyColumns: reader.keyColumns }
    })
  }
}
