import { ChangeReader } from './change/change-reader.js'
import { SchemaTopics } from './change/schema-topics.js'
import { ObslabError } from './errors.js'
import { ChangeRecord } from './frame/change-record.js'
import { printAs } from './inspect.js'
import { batchHeaders } from './log/batch-header.js'
import { foundText } from './options.js'
import type { ReplayTopic } from './replay.js'
import { RecordReader } from './source/record.js'
import type { BatchChunk, OffsetRange, Source } from './source/source.js'

/** Where a record is. */
export interface RecordPlace {
  topic: string
  partition: number
  offset: number
}

/** Takes `topic:partition:offset` apart; the topic may be a short name. Anything else is an `option-invalid` error. */
export function parsePlace(text: string): RecordPlace {
  const match = typeof text === 'string' ? /^([^:\s]+):(\d+):(\d+)$/.exec(text.trim()) : null
  const [partition, offset] = [Number(match?.[2]), Number(match?.[3])]
  if (match === null || !Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)) {
    throw new ObslabError(
      'option-invalid',
      `Expected a record's place as topic:partition:offset, such as obs:2:1234, found ${foundText(text)}.`,
    )
  }
  return { topic: match[1]!, partition, offset }
}

/** A record that was looked up by itself: it prints with all that is known of it. */
export class LookedUpRecord extends ChangeRecord {}
printAs(LookedUpRecord, record => record.text())

/** The record at an offset, decoded. An offset without a record is an `offset-out-of-range` error that says why. */
export async function recordAt(
  source: Source,
  { offsets, definition }: ReplayTopic,
  { partition, offset }: Omit<RecordPlace, 'topic'>,
): Promise<LookedUpRecord> {
  const { topic } = offsets
  const range = { topic, partition, from: offset, to: offset + 1 }
  requireWithin(offsets, range)
  const schemas = await SchemaTopics.open(source, [topic])
  const reader = new RecordReader(topic, partition, range)
  const chunks: BatchChunk[] = []
  for await (const chunk of source.read({ ranges: [range] })) {
    chunks.push(chunk)
    const [record] = reader.read(chunk)
    if (record === undefined) continue
    const changes = new ChangeReader(topic, { definition, history: schemas?.history ?? null })
    const { change } = changes.read(record)
    const { columns, keyColumns } = changes
    return new LookedUpRecord({ change, redelivered: null, record, columns, keyColumns, definition })
  }
  throw gone(range, whyNone(chunks, offset))
}

function requireWithin({ partitions }: ReplayTopic['offsets'], range: OffsetRange): void {
  const { topic, partition, from } = range
  const found = partitions.find(candidate => candidate.partition === partition)
  if (found === undefined) {
    const has = partitions.map(candidate => candidate.partition).join(', ')
    throw new ObslabError('option-invalid', `${topic} has no partition ${partition}; it has ${has}.`)
  }
  const { start, stable, end } = found
  if (from < start)
    throw gone(range, `is gone: older records were deleted, and the partition begins at ${start} now.`)
  if (from >= end)
    throw gone(
      range,
      end === start
        ? 'is not there yet: the partition is empty.'
        : `is not there yet: the last one is ${end - 1}.`,
    )
  if (from >= stable)
    throw gone(
      range,
      'is not committed yet: from there on there are records of a transaction that is still open.',
    )
}

function whyNone(chunks: readonly BatchChunk[], offset: number): string {
  for (const { bytes } of chunks) {
    for (const { baseOffset, nextOffset, control, transactional, recordCount } of batchHeaders(bytes)) {
      if (offset < baseOffset || offset >= nextOffset) continue
      if (control) return 'is the mark of a transaction’s end, which Kafka writes for itself.'
      if (transactional && recordCount === nextOffset - baseOffset)
        return 'belongs to a transaction that was aborted, so it counts as never written.'
    }
  }
  return 'is gone: the topic is compacted, and a newer record of its key replaced it.'
}

function gone({ topic, partition, from: offset }: OffsetRange, why: string): ObslabError {
  return new ObslabError('offset-out-of-range', `There is no record to show: offset ${offset} ${why}`, {
    position: { topic, partition, offset },
  })
}
