import type { Change } from '../change/change.js'
import { type ChangeChunk, readChanges } from '../change/change-stream.js'
import { type ColumnType, canRead, type Row } from '../change/column-type.js'
import type { SchemaHistory, SchemaVersion } from '../change/schema-history.js'
import { SchemaTopics } from '../change/schema-topics.js'
import type { Source, TopicOffsets } from '../source/source.js'

/** What a source tells of the rows of a table's topic. */
export interface RecordedTopic {
  /** The full name. */
  topic: string
  /** In the table's order where the DDL tells it, else in that of the rows. Empty when nothing tells any. */
  columns: readonly RecordedColumn[]
  /** The columns that identify a row, in order; empty when there are none. */
  key: readonly string[]
  /** How many changes of rows were looked at. */
  rows: number
}

/** A column as it is now, with what rows from before may differ in. */
export interface RecordedColumn extends ColumnType {
  /** Not in all versions of the table, or rows, that were looked at: older rows do not have it. */
  wasAdded: boolean
  /** Types that it had before, as MySQL writes them, whose values are none of its type now. */
  unfitTypes: readonly string[]
  /** Null in every row looked at: inferred, its type is a guess. */
  isEmpty: boolean
}

/** Offsets of each partition that are looked at, from its end back: enough to infer types from, and a bound. */
const newest = 10_000

/**
 * Looks at topics: at the DDL that their connectors wrote, and at the newest rows with the schemas they carry. Given in
 * the order asked for.
 */
export async function recordedTopics(
  source: Source,
  topics: readonly TopicOffsets[],
): Promise<RecordedTopic[]> {
  const names = topics.map(({ topic }) => topic)
  const history = (await SchemaTopics.open(source, names))?.history ?? null
  const looks = new Map(names.map(name => [name, new Look()]))
  const asked = topics.map(({ topic, partitions }) => ({
    topic,
    definition: null,
    ranges: partitions.map(({ partition, start, stable }) => {
      return { topic, partition, from: Math.max(start, stable - newest), to: stable }
    }),
  }))
  for await (const chunk of readChanges(source, asked)) looks.get(chunk.topic)?.add(chunk)
  return names.map(name => recordedTopic(name, timelineOf(history, name), looks.get(name)!))
}

function timelineOf(history: SchemaHistory | null, topic: string): readonly SchemaVersion[] {
  const [table, database] = topic.split('.').toReversed()
  if (history === null || table === undefined || database === undefined) return []
  return history.timeline(database, table).filter(({ columns }) => columns.length > 0)
}

/** What the rows of one topic show. */
class Look {
  rows = 0
  /** The columns of the newest rows, and their keys'. */
  columns: readonly ColumnType[] = []
  keyColumns: readonly ColumnType[] = []
  /** In how many rows each column was, and in how many it had a value. */
  readonly #present = new Map<string, number>()
  readonly #filled = new Set<string>()
  #time = Number.NEGATIVE_INFINITY

  add({ changes, reader }: ChangeChunk): void {
    for (const { change } of changes) if (change.kind === 'row') this.#addRow(change.after ?? change.before)
    const times = changes.flatMap(({ change }) => (isRow(change) ? [change.timestamp] : []))
    const time = times.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY)
    if (time < this.#time || times.length === 0) return
    this.#time = time
    this.columns = reader.columns
    this.keyColumns = reader.keyColumns
  }

  wasIn(column: string): boolean {
    return (this.#present.get(column) ?? 0) === this.rows
  }

  hasValues(column: string): boolean {
    return this.#filled.has(column)
  }

  #addRow(row: Row | null): void {
    if (row === null) return
    this.rows++
    for (const name in row) {
      this.#present.set(name, (this.#present.get(name) ?? 0) + 1)
      if (row[name] !== null) this.#filled.add(name)
    }
  }
}

function isRow(change: { kind: string }): change is Extract<Change, { kind: 'row' }> {
  return change.kind === 'row'
}

function recordedTopic(topic: string, timeline: readonly SchemaVersion[], look: Look): RecordedTopic {
  const now = timeline.at(-1)
  const resolved = new Map(look.columns.map(column => [column.name, column]))
  const columns = (now?.columns ?? look.columns).map(column =>
    recordedColumn(asNow(column, resolved.get(column.name)), timeline, look),
  )
  const names = new Set(columns.map(({ name }) => name))
  const recordKey = look.keyColumns.map(({ name }) => name).filter(name => names.has(name))
  return { topic, columns, key: recordKey.length > 0 ? recordKey : (now?.key ?? []), rows: look.rows }
}

/** The kind that rows are read as, with what the DDL says besides. */
function asNow(column: ColumnType, resolved: ColumnType | undefined): ColumnType {
  return resolved === undefined || resolved.kind === column.kind
    ? column
    : { ...resolved, nullable: column.nullable }
}

function recordedColumn(column: ColumnType, timeline: readonly SchemaVersion[], look: Look): RecordedColumn {
  const versions = timeline.map(({ columns }) => columns.find(({ name }) => name === column.name))
  const unfit = versions.flatMap(version =>
    version?.mysqlType === undefined || canRead(column.kind, version.encoding) ? [] : [version.mysqlType],
  )
  const inRows = timeline.length > 0 || look.wasIn(column.name)
  return {
    ...column,
    nullable: column.nullable || versions.some(version => version?.nullable === true),
    wasAdded: !inRows || versions.some(version => version === undefined),
    unfitTypes: [...new Set(unfit)],
    isEmpty: look.rows > 0 && !look.hasValues(column.name),
  }
}
