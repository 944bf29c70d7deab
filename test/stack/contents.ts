import { RecordReader } from '../../src/source/record.js'
import { openRecording } from '../../src/source/recording.js'

/** What a topic of a recording holds. */
export interface TopicContents {
  topic: string
  partitions: number
  records: number
  /** Records by Debezium's operation; `tombstone` for a null value, `other` for what is no change of a row. */
  operations: Record<string, number>
  /** Records whose position in the binlog lies before that of an earlier record of the same partition. */
  replayed: number
  /** Length of its segments together, in bytes. */
  bytes: number
}

interface Envelope {
  op?: string
  source?: { snapshot?: string; file: string; pos: number; row: number }
}

/** Counts what each topic of a recording holds. */
export async function contentsOf(folder: string): Promise<TopicContents[]> {
  const recording = await openRecording(folder)
  try {
    const contents: TopicContents[] = []
    for (const { topic, partitions } of await recording.topics()) {
      const found: TopicContents = {
        topic,
        partitions: partitions.length,
        records: 0,
        operations: {},
        replayed: 0,
        bytes: 0,
      }
      for (const { partition, start, stable } of partitions) {
        const range = { topic, partition, from: start, to: stable }
        const reader = new RecordReader(topic, partition, range)
        const count = counter(found)
        for await (const chunk of recording.read({ ranges: [range] })) {
          found.bytes += chunk.bytes.length
          for (const record of reader.read(chunk)) count(record.value)
        }
      }
      contents.push(found)
    }
    return contents
  } finally {
    await recording.close()
  }
}

/** Counts the records of one partition into `found`, in order. */
function counter(found: TopicContents): (value: Uint8Array | null) => void {
  let highest = ''
  return value => {
    const parsed = value === null ? null : JSON.parse(Buffer.from(value).toString())
    const envelope: Envelope | null = parsed?.schema === undefined ? parsed : parsed.payload
    const operation = envelope === null ? 'tombstone' : (envelope.op ?? 'other')
    found.records++
    found.operations[operation] = (found.operations[operation] ?? 0) + 1
    if (envelope?.op === undefined || envelope.op === 'r' || envelope.source === undefined) return
    const { file, pos, row } = envelope.source
    const position = `${file} ${String(pos).padStart(12, '0')} ${String(row).padStart(6, '0')}`
    if (position < highest) found.replayed++
    else highest = position
  }
}
