import { ObslabError } from '../errors.js'
import type { TopicRecords } from './batch-producer.js'
import type { DeadLetterRecord } from './dead-letter.js'
import type { OutputTopic } from './output-topic.js'
import type { OutputRecord } from './sink.js'

/** Bytes of one record batch: brokers take 1 MiB unless told otherwise, and large ones make the next wait. */
const largestBatch = 512 * 1024
/** Bytes that a record batch and its record have besides key and value, at most. */
const batchOverhead = 128

/** Bytes of key and row together that a record of a topic may have. */
export function recordBytes({ maxMessageBytes }: OutputTopic): number {
  return maxMessageBytes - batchOverhead
}

/** The rows for the output topic. One that is larger than it takes is an `output-failed` error. */
export function outputRecords(topic: OutputTopic, records: readonly OutputRecord[]): TopicRecords {
  const most = recordBytes(topic)
  for (const { key, row } of records) {
    if (row === null || !isLarger(key, row, most)) continue
    throw new ObslabError(
      'output-failed',
      `Expected rows of at most ${most} bytes with their keys, found a larger one: raise max.message.bytes of ${topic.topic}.`,
    )
  }
  return { ...topic, records, batchBytes: Math.min(largestBatch, most) }
}

/** The letters for the topic of dead letters. One whose view makes it too large goes without that. */
export function letterRecords(topic: OutputTopic, letters: readonly DeadLetterRecord[]): TopicRecords {
  const most = recordBytes(topic)
  const fitting = ({ key, letter }: DeadLetterRecord): OutputRecord => {
    if (letter === null || !isLarger(key, letter, most)) return { key, row: letter }
    return { key, row: JSON.stringify({ ...JSON.parse(letter), view: null }) }
  }
  return outputRecords(topic, letters.map(fitting))
}

function isLarger(key: string, text: string, most: number): boolean {
  // A character is at most three bytes here, so most rows need not be measured.
  if (3 * (key.length + text.length) <= most) return false
  return Buffer.byteLength(key) + Buffer.byteLength(text) > most
}
