import type { RowChange } from './change/change.js'
import { readChanges, wholeTopic } from './change/change-stream.js'
import type { ColumnKind, ColumnOrigin } from './change/column-type.js'
import { readEnvelope } from './change/envelope.js'
import { formatLogPosition } from './change/position.js'
import type { SchemaHistory } from './change/schema-history.js'
import { SchemaPrefixes } from './change/schema-prefix.js'
import {
  type Stretch,
  type TableVersion,
  tableVersions,
  typeText,
  WrittenVersions,
} from './change/schema-timeline.js'
import { SchemaTopics } from './change/schema-topics.js'
import { progressBar } from './display/progress.js'
import { formatPosition, ObslabError, type RecordPosition } from './errors.js'
import { Frame } from './frame/frame.js'
import { escapeHtml } from './frame/html.js'
import { plural } from './frame/text.js'
import { printAs } from './inspect.js'
import { foundText } from './options.js'
import type { KafkaRecord } from './source/record.js'
import type { Source, TopicOffsets } from './source/source.js'

/** How a schema history is read. */
export interface SchemaHistoryOptions {
  /** Whether a progress bar is drawn: true when left out, and never on what is not a terminal or a notebook. */
  progress?: boolean
  /** Cancels: it rejects with a `cancelled` error. */
  signal?: AbortSignal
}

/** One version of a table. */
export interface SchemaVersionRow {
  /** From 1, in the order in which they came. */
  version: number
  /** When it began, in the database. */
  time: number | null
  /** What changed since the version before, in words. */
  change: string
  /** The statement that made it; null where it is known from the records alone. */
  statement: string | null
  /** How many changes of rows were written under it, those delivered again left out. */
  records: number
  /** The first of them, as `topic:partition:offset`, which `lab.at` takes; null when there is none. */
  first: string | null
  /** Where it began in the database's log. */
  log: string | null
  /** What tells it: the DDL (`schema-change`), the schema that records carry (`connect-schema`), or values (`inferred`). */
  origin: ColumnOrigin
}

/** What happened to one column. */
export interface SchemaColumnChange {
  version: number
  time: number | null
  column: string
  change: 'added' | 'removed' | 'renamed' | 'type changed'
  before: string | null
  after: string | null
}

/** One column of one version. */
export interface SchemaColumn {
  column: string
  /** As MySQL writes it where that is known, else what it holds. */
  type: string
  kind: ColumnKind
  nullable: boolean
  key: boolean
  comment: string | null
}

/** A version, and what of the topic was written under it. */
export interface DatedVersion extends TableVersion {
  records: number
  first: RecordPosition | null
}

/** The columns of a topic's table through time: which versions there were, what changed, and what was written under each. */
export class SchemaTimeline {
  /** The topic's full name. */
  readonly topic: string
  /**
   * What tells the versions: the statements of the schema-change topic (`schema-change`), the schema that records carry
   * (`connect-schema`), or else their values (`inferred`), by which only columns that come and go are seen.
   */
  readonly origin: ColumnOrigin
  readonly #versions: readonly DatedVersion[]

  constructor(topic: string, origin: ColumnOrigin, versions: readonly DatedVersion[]) {
    this.topic = topic
    this.origin = origin
    this.#versions = versions
  }

  /** The versions, first to last: when and where each began, what changed, by which statement, and what it holds. */
  versions(): Frame<SchemaVersionRow> {
    const rows = this.#versions.map(version => ({
      version: version.number,
      time: version.time,
      change: changeText(version),
      statement: version.ddl,
      records: version.records,
      first: version.first && formatPosition(version.first),
      log: version.position && formatLogPosition(version.position),
      origin: this.origin,
    }))
    return Frame.from<SchemaVersionRow>(rows, {
      ...{ version: 'int', time: 'timestamp', change: 'text', statement: 'text', records: 'int' },
      ...{ first: 'text', log: 'text', origin: 'text' },
    })
  }

  /** What happened to each column: added, removed, renamed, its type changed. */
  changes(): Frame<SchemaColumnChange> {
    const rows = this.#versions.flatMap(({ number: version, time, changes }) =>
      changes.map(change => ({ version, time, ...change })),
    )
    return Frame.from<SchemaColumnChange>(rows, {
      ...{ version: 'int', time: 'timestamp', column: 'text', change: 'text', before: 'text', after: 'text' },
    })
  }

  /**
   * The columns of a version, in the table's order; of the last one when left out. A version that there is not is an
   * `option-invalid` error.
   */
  columns(version: number = this.#versions.length): Frame<SchemaColumn> {
    const found = this.#versions.find(({ number }) => number === version)
    if (found === undefined) {
      const numbers = this.#versions.length === 0 ? 'there is none' : `they are 1 to ${this.#versions.length}`
      throw new ObslabError(
        'option-invalid',
        `Expected the number of a version of ${this.topic}, found ${foundText(version)}; ${numbers}.`,
      )
    }
    const rows = found.columns.map(column => ({
      column: column.name,
      type: typeText({ ...column, nullable: true }),
      kind: column.kind,
      nullable: column.nullable,
      key: found.key.includes(column.name),
      comment: column.comment ?? null,
    }))
    return Frame.from<SchemaColumn>(rows, {
      ...{ column: 'text', type: 'text', kind: 'text', nullable: 'boolean', key: 'boolean', comment: 'text' },
    })
  }

  /** A line about what tells the versions, then the versions. */
  text(): string {
    return `${this.#title()}\n${this.versions().text()}`
  }

  /** What a notebook shows for it: HTML, and text for viewers without. */
  mimeBundle(): { 'text/html': string; 'text/plain': string } {
    const html = `<p style="margin:0 0 4px">${escapeHtml(this.#title())}</p>\n${this.versions().html()}`
    return { 'text/html': html, 'text/plain': this.text() }
  }

  #title(): string {
    const count = this.#versions.length
    return `${this.topic}: ${count} ${plural(count, 'version')} of its columns, told by ${tellers[this.origin]}`
  }
}
printAs(SchemaTimeline, timeline => timeline.text())

const tellers: Readonly<Record<ColumnOrigin, string>> = {
  declared: 'its definition',
  'schema-change': 'the statements of the schema-change topic',
  'connect-schema': 'the schemas that its records carry',
  inferred: 'the names of its values, as neither DDL nor schemas are there',
}

function changeText({ number, columns, changes, ddl }: TableVersion): string {
  if (columns.length === 0) return 'dropped'
  const count = `${columns.length} ${plural(columns.length, 'column')}`
  if (number === 1) return ddl === null ? count : `created, ${count}`
  if (changes.length === 0) return 'no column'
  return changes
    .map(({ column, change, before, after }) => {
      if (change === 'added') return `+ ${column} ${after}`
      if (change === 'removed') return `− ${column}`
      return change === 'renamed' ? `${before} → ${after}` : `${column} ${before} → ${after}`
    })
    .join(' · ')
}

/** Reads a topic whole and dates the versions of its table. */
export async function readSchemaTimeline(
  source: Source,
  offsets: TopicOffsets,
  { progress = true, signal }: SchemaHistoryOptions = {},
): Promise<SchemaTimeline> {
  const { topic } = offsets
  const history = (await SchemaTopics.open(source, [topic]))?.history ?? null
  const dating = new Dating(topic, history)
  const ranges = wholeTopic(offsets)
  const of = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  const bar = progress ? progressBar('schema history') : null
  let done = 0
  try {
    for await (const chunk of readChanges(source, [{ topic, ranges, definition: null }], signal)) {
      for (const [i, { change, redelivered, columns }] of chunk.changes.entries())
        if (change.kind === 'row' && !redelivered && columns !== null)
          dating.add(change, columns, chunk.records[i]!)
      done += chunk.offsets
      bar?.update(done, of)
    }
  } finally {
    bar?.end()
  }
  return dating.finish()
}

interface Written {
  records: number
  first: RecordPosition
}

/** Finds the version that each change was written under, and counts. */
class Dating {
  readonly #topic: string
  readonly #history: SchemaHistory | null
  readonly #table: readonly [string, string] | null
  readonly #told: ReturnType<typeof tableVersions>
  readonly #byNumber = new Map<number, Written>()
  readonly #written = new WrittenVersions()
  readonly #byStretch = new Map<Stretch, Written>()
  readonly #schemas = new SchemaPrefixes()
  #key: readonly string[] = []

  constructor(topic: string, history: SchemaHistory | null) {
    this.#topic = topic
    this.#history = history
    this.#table = tableOf(topic)
    this.#told = tableVersions(this.#table === null ? [] : (history?.timeline(...this.#table) ?? []))
  }

  add(change: RowChange, columns: WrittenColumns, record: KafkaRecord): void {
    if (change.key !== null) this.#key = Object.keys(change.key)
    const { source, partition, timestamp } = change
    if (this.#told.versions.length > 0) {
      const version = this.#history!.versionAt(...this.#table!, source)
      count(this.#byNumber, (version && this.#told.numberOf.get(version)) ?? 1, change)
      return
    }
    const names = columns[0]?.origin === 'inferred' ? this.#writtenNames(record) : []
    count(this.#byStretch, this.#written.add({ columns, names, source, partition, timestamp }), change)
  }

  /** The columns as the record writes them: a decoded row has every column met so far. */
  #writtenNames({ value }: KafkaRecord): readonly string[] {
    const envelope = readEnvelope(value, this.#schemas)
    return 'after' in envelope ? Object.keys(envelope.after ?? envelope.before ?? {}) : []
  }

  finish(): SchemaTimeline {
    if (this.#told.versions.length > 0) {
      return new SchemaTimeline(this.#topic, 'schema-change', dated(this.#told.versions, this.#byNumber))
    }
    const { versions, numberOf } = this.#written.finish(this.#key)
    for (const [stretch, number] of numberOf) {
      const { records, first } = this.#byStretch.get(stretch)!
      const known = this.#byNumber.get(number)
      this.#byNumber.set(number, { records: (known?.records ?? 0) + records, first: known?.first ?? first })
    }
    return new SchemaTimeline(
      this.#topic,
      this.#written.origin ?? 'inferred',
      dated(versions, this.#byNumber),
    )
  }
}

type WrittenColumns = Parameters<WrittenVersions['add']>[0]['columns']

function count<K>(written: Map<K, Written>, key: K, { topic, partition, offset }: RowChange): void {
  const known = written.get(key)
  if (known === undefined) written.set(key, { records: 1, first: { topic, partition, offset } })
  else known.records++
}

function dated(versions: readonly TableVersion[], written: ReadonlyMap<number, Written>): DatedVersion[] {
  return versions.map(version => {
    const { records = 0, first = null } = written.get(version.number) ?? {}
    return { ...version, records, first }
  })
}

/** Database and table that a topic is named after; null for a name of another make. */
export function tableOf(topic: string): readonly [database: string, table: string] | null {
  const parts = topic.split('.')
  return parts.length < 3 ? null : [parts.at(-2)!, parts.at(-1)!]
}
