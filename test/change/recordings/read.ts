import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type KafkaRecord, RecordReader } from '../../../src/source/record.js'
import { openRecording } from '../../../src/source/recording.js'

/** The recordings of surprises: one scenario under three MySQL connectors and on MariaDB, and partial row images. */
export type SurprisesName = 'bare' | 'rewritten' | 'whole' | 'maria' | 'partial'

/** The recordings of one scenario under four connectors. */
export type RecordingName = 'plain' | 'schema' | 'modes' | 'unwrapped'

/** The records of every topic of a recording, by topic, in order of offset within a partition. */
export async function readRecording(
  name: RecordingName | SurprisesName,
): Promise<ReadonlyMap<string, readonly KafkaRecord[]>> {
  const recording = await openRecording(path.join(import.meta.dirname, name))
  const topics = new Map<string, readonly KafkaRecord[]>()
  for (const { topic, partitions } of await recording.topics()) {
    const records: KafkaRecord[] = []
    for (const { partition, start: from, stable: to } of partitions) {
      const range = { topic, partition, from, to }
      const reader = new RecordReader(topic, partition, range)
      for await (const chunk of recording.read({ ranges: [range] })) records.push(...reader.read(chunk))
    }
    topics.set(topic, records)
  }
  await recording.close()
  return topics
}

/** The final rows of every table as MySQL printed them when the recordings were made. */
export async function readExpected(): Promise<Record<string, Record<string, string | null>[]>> {
  return JSON.parse(await readFile(path.join(import.meta.dirname, 'expected.json'), 'utf8'))
}
