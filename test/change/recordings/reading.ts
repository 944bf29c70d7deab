import path from 'node:path'
import { ChangeReader, type ReadChange, type ReaderDefinition } from '../../../src/change/change-reader.js'
import { readChanges, wholeTopic } from '../../../src/change/change-stream.js'
import type { Row } from '../../../src/change/column-type.js'
import { rowKey } from '../../../src/change/row-key.js'
import { SchemaHistory } from '../../../src/change/schema-history.js'
import type { KafkaRecord } from '../../../src/source/record.js'
import { openRecording } from '../../../src/source/recording.js'
import { type RecordingName, readRecording, type SurprisesName } from './read.js'

/** A topic of one of this folder's recordings, and how it is read. */
export interface Reading {
  recording: RecordingName | SurprisesName
  /** The topic's name from its database on; '' is the connector's schema-change topic. */
  topic: string
  /** Whether the DDL of the connector is known. Default: it is. */
  ddl?: boolean
  definition?: ReaderDefinition
  /** What happened to the recorded records on their way. Default: nothing. */
  changed?: (records: readonly KafkaRecord[]) => readonly KafkaRecord[]
}

/** What a topic's records meant, and the reader of them. */
export interface Read {
  records: readonly KafkaRecord[]
  changes: readonly ReadChange[]
  reader: ChangeReader
}

const recordings = new Map<
  RecordingName | SurprisesName,
  Promise<ReadonlyMap<string, readonly KafkaRecord[]>>
>()

/** Reads a recorded topic. */
export async function readTopic({
  recording,
  topic,
  ddl = true,
  definition,
  changed,
}: Reading): Promise<Read> {
  const topics = recordings.get(recording) ?? readRecording(recording)
  recordings.set(recording, topics)
  const history = SchemaHistory.from(ddl ? ((await topics).get(recording) ?? []) : [])
  const name = [recording, topic].filter(part => part !== '').join('.')
  const recorded = (await topics).get(name)
  if (recorded === undefined) throw new Error(`The recording has no topic ${name}.`)
  const records = changed === undefined ? recorded : changed(recorded)
  const reader = new ChangeReader(name, { history, definition: definition ?? null })
  return { records, changes: records.map(record => reader.read(record)), reader }
}

/** Reads topics of the embedded recording `datasets/openmrs` by their short names. */
export async function readDataset(
  tables: readonly string[],
  definitions: Readonly<Record<string, ReaderDefinition>> = {},
): Promise<ReadonlyMap<string, { changes: ReadChange[]; reader: ChangeReader }>> {
  const source = await openRecording(path.join(import.meta.dirname, '../../../datasets/openmrs'))
  const names = tables.map(table => `dbserver1.openmrs.${table}`)
  const topics = (await source.topics(names)).map(offsets => {
    const definition = definitions[offsets.topic.slice('dbserver1.openmrs.'.length)] ?? null
    return {
      topic: offsets.topic,
      ranges: wholeTopic(offsets),
      definition,
    }
  })
  const read = new Map<string, { changes: ReadChange[]; reader: ChangeReader }>()
  for await (const { topic, changes, reader } of readChanges(source, topics)) {
    const table = topic.slice('dbserver1.openmrs.'.length)
    const known = read.get(table) ?? { changes: [], reader }
    read.set(table, known)
    known.changes.push(...changes)
  }
  await source.close()
  return read
}

/** Records whose values have one text replaced by another. */
export function edited(
  from: string,
  to: string,
): (records: readonly KafkaRecord[]) => readonly KafkaRecord[] {
  return records =>
    records.map(record => {
      const text = record.value === null ? null : Buffer.from(record.value).toString()
      return { ...record, value: text === null ? null : Buffer.from(text.replaceAll(from, to)) }
    })
}

/** The rows there are after these changes, by key: the plainest reading, without redelivered ones. */
export function finalRows(changes: readonly ReadChange[]): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>()
  for (const { change, redelivered } of changes) {
    if (redelivered) continue
    if (change.kind === 'truncate') rows.clear()
    else if ((change.kind === 'row' || change.kind === 'tombstone') && change.key !== null) {
      const key = rowKey(change.key, Object.keys(change.key))
      if (change.kind === 'row' && change.after !== null) rows.set(key, change.after)
      else rows.delete(key)
    }
  }
  return rows
}
