import { AvroRecords } from './change/avro-records.js'
import type { RowChange } from './change/change.js'
import { ChangeReader } from './change/change-reader.js'
import type { ColumnType } from './change/column-type.js'
import type { SchemaHistory } from './change/schema-history.js'
import { type TableVersion, tableVersions } from './change/schema-timeline.js'
import { SchemaTopics } from './change/schema-topics.js'
import { ObslabError } from './errors.js'
import { ChangeRecord, type ChangeRecordParts } from './frame/change-record.js'
import { escapeControls, isoTime } from './frame/format.js'
import { elide } from './frame/text-width.js'
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
export class LookedUpRecord extends ChangeRecord {
  /**
   * The version of its table that the change was written under, as `lab.schemaHistory` numbers them; null where no
   * schema-change topic tells them, and for what is no change of a row.
   */
  readonly schemaVersion: number | null
  /** The version in words, with the statement that made it; or where else its columns' types come from. */
  readonly schema: string | null

  constructor(parts: ChangeRecordParts, history: SchemaHistory | null) {
    super(parts)
    const version = parts.change.kind === 'row' ? versionOf(parts.change, history) : null
    this.schemaVersion = version?.number ?? null
    this.schema = parts.change.kind === 'row' ? schemaText(version, parts.columns) : null
  }
}
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
    const avro = AvroRecords.of(source)
    await avro.load([record])
    const changes = new ChangeReader(topic, { definition, history: schemas?.history ?? null, avro })
    const { change } = changes.read(record)
    const { columns, keyColumns } = changes
    const parts = { change, redelivered: null, record, columns, keyColumns, definition }
    return new LookedUpRecord(parts, schemas?.history ?? null)
  }
  throw gone(range, whyNone(chunks, offset))
}

function versionOf({ topic, source }: RowChange, history: SchemaHistory | null): TableVersion | null {
  const parts = topic.split('.')
  if (history === null || parts.length < 3) return null
  const [database, table] = parts.slice(-2) as [string, string]
  const { versions, numberOf } = tableVersions(history.timeline(database, table))
  const told = history.versionAt(database, table, source)
  return versions.find(({ number }) => told !== null && number === numberOf.get(told)) ?? null
}

function schemaText(version: TableVersion | null, columns: readonly ColumnType[]): string {
  if (version !== null) {
    const { number, ddl, time } = version
    const since = number === 1 || time === null ? '' : `, since ${isoTime(time, 'Z')}`
    return `version ${number}${since}${ddl === null ? '' : `: ${elide(escapeControls(ddl), 80)}`}`
  }
  return columns[0]?.origin === 'inferred'
    ? 'none: types are taken from the values'
    : 'as the record carries it'
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
