import type { AtRecord, Change } from '../change/change.js'
import type { ColumnKind, ColumnType, Value } from '../change/column-type.js'
import { formatPosition } from '../errors.js'
import type { Finding } from '../finding.js'
import type { ColumnsRead } from '../pipeline/columns-read.js'

/** What was seen of one column. */
interface Seen {
  type: string | null
  kind: ColumnKind | null
  /** Where the type or kind became another, the last time, and from what to what. */
  changed: { at: string; from: string; to: string } | null
  present: boolean
  /** The last row without it, and the first after the last that had it. */
  lacking: string | null
  goneAt: string | null
}

/** Watches whether the columns that a pipeline reads are in all rows, and hold the same type all the time. */
export class SchemaWatch {
  readonly #pipeline: string
  readonly #columns: ReadonlyMap<string, ColumnsRead>
  readonly #topics = new Map<string, Map<string, Seen>>()

  constructor(pipeline: string, columns: ReadonlyMap<string, ColumnsRead>) {
    this.#pipeline = pipeline
    this.#columns = columns
  }

  /** How many columns it watches. */
  get columns(): number {
    let count = 0
    for (const topic of this.#topics.values()) count += topic.size
    return count
  }

  /** Takes the next change of a topic. */
  add(change: Change): void {
    if (change.kind !== 'row' || change.after === null) return
    const { after } = change
    const seen = this.#topic(change.topic, Object.keys(after))
    for (const [name, column] of seen) {
      const value = after[name]
      if (value === undefined) {
        column.lacking = formatPosition(placeOf(change))
        column.goneAt ??= column.present ? column.lacking : null
        continue
      }
      column.present = true
      column.goneAt = null
      this.#note(column, value, change)
    }
  }

  /** Takes the types of the columns that rows had up to a change. */
  types(topic: string, types: readonly ColumnType[], at: AtRecord | undefined): void {
    const seen = this.#topics.get(topic)
    if (seen === undefined || at === undefined) return
    for (const { name, kind } of types) {
      const column = seen.get(name)
      if (column === undefined) continue
      if (column.kind !== null && column.kind !== kind) {
        column.changed = { at: formatPosition(placeOf(at)), from: column.kind, to: kind }
      }
      column.kind = kind
    }
  }

  /** What is worth knowing of the columns. */
  findings(): Finding[] {
    return [...this.#topics].flatMap(([topic, columns]) =>
      [...columns].flatMap(([name, seen]) => this.#findingsOf(topic, name, seen)),
    )
  }

  #findingsOf(topic: string, name: string, { changed, lacking, goneAt, present }: Seen): Finding[] {
    const found: Finding[] = []
    const reads = `${this.#pipeline} reads ${name} of ${topic}`
    if (goneAt !== null || !present) {
      const since = goneAt === null ? 'which no row has' : `which rows have no longer, from ${goneAt} on`
      const sentence = `${reads}, ${since}. Its functions get nothing for it: take it out, or read what took its place.`
      found.push({ code: 'column-gone', severity: 'error', sentence })
    } else if (lacking !== null) {
      const sentence =
        `${reads}, which rows up to ${lacking} do not have. Its functions get nothing for it there, which is not null: ` +
        `write row.${name} ?? null.`
      found.push({ code: 'column-lacking', severity: 'warning', sentence })
    }
    if (changed !== null) {
      const { at, from, to } = changed
      const sentence = `${reads}, which was ${from} and is ${to} from ${at} on. Its functions have to take both.`
      found.push({ code: 'column-type-changed', severity: 'warning', sentence })
    }
    return found
  }

  #note(column: Seen, value: Value, change: Change): void {
    const type = value === null ? null : value instanceof Uint8Array ? 'bytes' : typeof value
    if (type === null || type === column.type) return
    if (column.type !== null) {
      column.changed = { at: formatPosition(placeOf(change)), from: column.type, to: type }
    }
    column.type = type
  }

  #topic(topic: string, names: readonly string[]): Map<string, Seen> {
    let seen = this.#topics.get(topic)
    if (seen === undefined) {
      seen = new Map()
      this.#topics.set(topic, seen)
      const read = this.#columns.get(topic) ?? 'all'
      for (const name of read === 'all' ? names : read) seen.set(name, newColumn())
    }
    return seen
  }
}

function newColumn(): Seen {
  return { type: null, kind: null, changed: null, present: false, lacking: null, goneAt: null }
}

function placeOf({ topic, partition, offset }: AtRecord): {
  topic: string
  partition: number
  offset: number
} {
  return { topic, partition, offset }
}
