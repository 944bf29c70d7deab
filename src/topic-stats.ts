import type { ColumnKind, Row, Value } from './change/column-type.js'
import { isSensitive } from './change/masking.js'
import { ObslabError } from './errors.js'
import { columnOf } from './frame/column-builder.js'
import { groupDigits, isoTime } from './frame/format.js'
import { Frame } from './frame/frame.js'
import { escapeHtml } from './frame/html.js'
import { plural } from './frame/text.js'
import { printAs } from './inspect.js'
import type { TopicCounts } from './topic-counts.js'

/** The sizes of one part of the records, in bytes as the records hold it, before compression. */
export interface SizeRow {
  part: string
  /** How many records have it. */
  records: number
  bytes: number
  /** Its share of all bytes, 0 to 1. */
  share: number
  p50: number | null
  p90: number | null
  p99: number | null
  max: number | null
}

/** How often a column is null. */
export interface ColumnNulls {
  column: string
  kind: ColumnKind
  /** Rows that have the column: those after creates, updates and snapshot reads. */
  rows: number
  nulls: number
  /** 0 to 1. */
  null_share: number
}

/** The records of one hour, by their Kafka timestamps. */
export interface HourRow {
  hour: number
  records: number
  bytes: number
}

/** How many records did what. */
export interface OpShare {
  op: string
  records: number
  /** 0 to 1. */
  share: number
}

const hourMs = 3_600_000
/** An hour without a record has a line too, but not where one stray timestamp would make millions of them. */
const mostHours = 20_000

/** What one pass over a topic counted. Everything is per record, those delivered again among them, unless it says else. */
export class TopicStats {
  /** The topic's full name. */
  readonly topic: string
  /** How many records were read. */
  readonly records: number
  /** Bytes of their keys, values and headers, uncompressed. */
  readonly bytes: number
  /** How many different keys they have. */
  readonly distinctKeys: number
  /** How many have no key. */
  readonly withoutKey: number
  /** The share of records that are tombstones, 0 to 1. */
  readonly tombstoneShare: number
  /** The share of the bytes of keys and values that are schema blocks or schema ids, 0 to 1. */
  readonly schemaShare: number
  /** The oldest Kafka timestamp, milliseconds; null without records. */
  readonly oldest: number | null
  /** The newest Kafka timestamp, milliseconds; null without records. */
  readonly newest: number | null
  readonly #counts: TopicCounts

  constructor(counts: TopicCounts) {
    const { key, value, headers, overhead } = counts
    this.topic = counts.topic
    this.records = counts.records
    this.bytes = key.bytes + value.bytes + headers.bytes
    this.distinctKeys = counts.keys.size
    this.withoutKey = counts.records - key.count
    this.tombstoneShare = share(counts.records - value.count, counts.records)
    this.schemaShare = share(overhead.key + overhead.value, key.bytes + value.bytes)
    this.oldest = counts.oldest
    this.newest = counts.newest
    this.#counts = counts
  }

  /** Sizes of keys, values, headers and whole records: quantiles, largest, sums, and what of it are schema blocks. */
  sizes(): Frame<SizeRow> {
    const { key, value, headers, record, overhead } = this.#counts
    const parts = { key, value, headers, record }
    const rows = Object.entries(parts).map(([part, sizes]): SizeRow => {
      const [p50, p90, p99] = sizes.quantiles([0.5, 0.9, 0.99]) as [
        number | null,
        number | null,
        number | null,
      ]
      const { count: records, bytes, largest: max } = sizes
      return { part, records, bytes, share: shown(bytes, this.bytes), p50, p90, p99, max }
    })
    const blocks = Object.entries(overhead).map(([part, bytes]): SizeRow => {
      const { count: records } = parts[part as keyof typeof overhead]
      const none = { p50: null, p90: null, p99: null, max: null }
      return { part: `schema of ${part}`, records, bytes, share: shown(bytes, this.bytes), ...none }
    })
    return Frame.from<SizeRow>([...rows, ...(this.schemaShare > 0 ? blocks : [])], {
      ...{ part: 'text', records: 'int', bytes: 'int', share: 'double' },
      ...{ p50: 'int', p90: 'int', p99: 'int', max: 'int' },
    })
  }

  /** How many records did what: `c`, `u`, `d`, `r`, tombstones, and those delivered again or not to be decoded. */
  ops(): Frame<OpShare> {
    const rows = [...this.#counts.ops]
      .map(([op, records]) => ({ op, records, share: shown(records, this.records) }))
      .sort((a, b) => b.records - a.records)
    return Frame.from<OpShare>(rows, { op: 'text', records: 'int', share: 'double' })
  }

  /** How often each column is null in the rows that were written, those delivered again left out. */
  columns(): Frame<ColumnNulls> {
    const rows = [...this.#counts.columns].map(([column, { kind, rows, nulls }]) => {
      return { column, kind, rows, nulls, null_share: shown(nulls, rows) }
    })
    return Frame.from<ColumnNulls>(rows, {
      ...{ column: 'text', kind: 'text', rows: 'int', nulls: 'int', null_share: 'double' },
    })
  }

  /**
   * The records of each hour from the oldest to the newest, by their Kafka timestamps, those without any among them: what
   * `chart` draws as a line of `records` over `hour`.
   */
  hours(): Frame<HourRow> {
    const { hours } = this.#counts
    const sorted = [...hours.keys()].sort((a, b) => a - b)
    const [first = 0, last = -1] = [sorted[0], sorted.at(-1)]
    const all =
      last - first >= mostHours ? sorted : Array.from({ length: last - first + 1 }, (_, i) => first + i)
    const rows = all.map(hour => ({ hour: hour * hourMs, ...(hours.get(hour) ?? { records: 0, bytes: 0 }) }))
    return Frame.from<HourRow>(rows, { hour: 'timestamp', records: 'int', bytes: 'int' })
  }

  /**
   * The keys with the most records, the first `n` of them: the key's columns, then `records` and their share. Sensitive
   * columns are masked.
   */
  hottest(n: number = 10): Frame {
    if (!Number.isSafeInteger(n) || n < 1)
      throw new ObslabError('option-invalid', `Expected how many keys to show, from 1 up, found ${n}.`)
    const { keys, keyKinds, topic, definition } = this.#counts
    const top = [...keys.values()].sort((a, b) => b.records - a.records).slice(0, n)
    const names = [...new Set(top.flatMap(({ key }) => Object.keys(key)))]
    const columns = names.map(name => {
      const kind = keyKinds.get(name)
      const sensitive = isSensitive({ name, kind }, topic, definition)
      return columnOf(name, valuesOf(top, name), { kind, sensitive, lenient: true })
    })
    const taken = new Set(names)
    const free = (name: string): string => (taken.has(name) ? `_${name}` : name)
    return Frame.fromColumns([
      ...columns,
      columnOf(free('records'), counted(top), { kind: 'int' }),
      columnOf(
        free('share'),
        top.map(({ records }) => shown(records, this.records)),
        { kind: 'double' },
      ),
    ])
  }

  /** What `JSON.stringify` writes of it: its numbers, and its frames as {@link Frame.toJSON} gives them, masked. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { topic, records, bytes, distinctKeys, withoutKey, tombstoneShare, schemaShare, oldest, newest } =
      this
    return {
      ...{ topic, records, bytes, distinctKeys, withoutKey, tombstoneShare, schemaShare, oldest, newest },
      ...{ sizes: this.sizes(), ops: this.ops(), columns: this.columns(), hours: this.hours() },
      hottest: this.hottest(),
    }
  }

  /** Lines about the topic, its sizes, and its hottest keys. Masked. */
  text(): string {
    return [this.#title(), ...this.#shown().flatMap(([title, frame]) => ['', title, frame.text()])].join('\n')
  }

  /** What a notebook shows for it: HTML, and text for viewers without. Masked. */
  mimeBundle(): { 'text/html': string; 'text/plain': string } {
    const paragraph = (text: string): string => `<p style="margin:8px 0 4px">${escapeHtml(text)}</p>`
    const frames = this.#shown().map(([title, frame]) => `${paragraph(title)}\n${frame.html()}`)
    return { 'text/html': [paragraph(this.#title()), ...frames].join('\n'), 'text/plain': this.text() }
  }

  #title(): string {
    const { oldest, newest } = this
    const span =
      oldest === null || newest === null ? '' : `, ${isoTime(oldest, 'Z')} to ${isoTime(newest, 'Z')}`
    const facts = [
      `${groupDigits(this.distinctKeys)} distinct ${plural(this.distinctKeys, 'key')}`,
      `${percent(this.tombstoneShare)} tombstones`,
      `${percent(this.schemaShare)} of keys and values are schemas`,
    ]
    const count = `${groupDigits(this.records)} ${plural(this.records, 'record')}`
    return `${this.topic}: ${count}, ${groupDigits(this.bytes)} bytes uncompressed${span}\n${facts.join(' · ')}`
  }

  #shown(): (readonly [string, Pick<Frame, 'text' | 'html'>])[] {
    const frames: (readonly [string, Pick<Frame, 'text' | 'html'>])[] = [
      ['sizes in bytes', this.sizes()],
      ['what the records did', this.ops()],
    ]
    if (this.distinctKeys > 0) frames.push(['hottest keys', this.hottest(5)])
    return frames
  }
}
printAs(TopicStats, stats => stats.text())

/** A share with as many digits as are of use in a table. */
function shown(part: number, whole: number): number {
  return Math.round(share(part, whole) * 1e6) / 1e6
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}

function valuesOf(keys: readonly { key: Row }[], name: string): Value[] {
  return keys.map(({ key }) => key[name] ?? null)
}

function counted(keys: readonly { records: number }[]): number[] {
  return keys.map(({ records }) => records)
}
