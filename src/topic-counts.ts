import { z } from 'zod'
import type { ReadChange } from './change/change-reader.js'
import { readChanges } from './change/change-stream.js'
import type { ColumnKind, Row } from './change/column-type.js'
import type { Masking } from './change/masking.js'
import { rowKey } from './change/row-key.js'
import { SchemaPrefixes } from './change/schema-prefix.js'
import { SizeCounts } from './change/size-counts.js'
import { progressBar } from './display/progress.js'
import { ObslabError } from './errors.js'
import { opOf } from './frame/change-record.js'
import { parseOptions, positiveInt } from './options.js'
import { defaultMemory, type ReplayTopic } from './replay.js'
import { type Bounds, boundsShape, rangesOf } from './source/bounds.js'
import type { KafkaRecord } from './source/record.js'
import type { Source } from './source/source.js'

/** Which records to count. */
export interface StatsOptions extends Pick<Bounds, 'from' | 'to' | 'partitions' | 'limit'> {
  /** Bytes that keys may take; more is a `memory-exceeded` error. Half of what the process may use when left out. */
  memory?: number
  /** Whether a progress bar is drawn: true when left out, and never on what is not a terminal or a notebook. */
  progress?: boolean
  /** Cancels: it rejects with a `cancelled` error. */
  signal?: AbortSignal
}

const { from, to, partitions, limit } = boundsShape
const optionsSchema: z.ZodType<StatsOptions> = z.strictObject({
  ...{ from, to, partitions, limit },
  memory: positiveInt.optional(),
  progress: z.boolean().optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const hourMs = 3_600_000
/** Bytes that a key takes besides its text: its row, its number, their places in a map. */
const keyOverhead = 250

/** What is counted of the records of one topic. */
export class TopicCounts {
  readonly topic: string
  readonly definition: Masking | null
  records = 0
  oldest: number | null = null
  newest: number | null = null
  /** Sizes of the parts of records that have them, in bytes. */
  readonly key: SizeCounts = new SizeCounts()
  readonly value: SizeCounts = new SizeCounts()
  readonly headers: SizeCounts = new SizeCounts()
  readonly record: SizeCounts = new SizeCounts()
  /** Bytes of keys and values that are no payload. */
  readonly overhead: { key: number; value: number } = { key: 0, value: 0 }
  readonly keys: Map<string, { key: Row; records: number }> = new Map()
  readonly keyKinds: Map<string, ColumnKind> = new Map()
  readonly columns: Map<string, { kind: ColumnKind; rows: number; nulls: number }> = new Map()
  /** By the number of hours since the epoch. */
  readonly hours: Map<number, { records: number; bytes: number }> = new Map()
  /** By op: Debezium's letters, `tombstone`, `redelivered`, `quarantined`, and kinds of messages. */
  readonly ops: Map<string, number> = new Map()
  #held = 0
  readonly #schemas = { key: new SchemaPrefixes(), value: new SchemaPrefixes() }

  constructor(topic: string, definition: Masking | null) {
    this.topic = topic
    this.definition = definition
  }

  /** Bytes that the keys take, estimated. */
  get byteLength(): number {
    return this.#held
  }

  /** Takes the next record and what it meant. */
  add(record: KafkaRecord, { change, redelivered, columns }: ReadChange): void {
    const { timestamp } = record
    this.records++
    this.oldest = Math.min(this.oldest ?? timestamp, timestamp)
    this.newest = Math.max(this.newest ?? timestamp, timestamp)
    this.#addSizes(record)
    const op = redelivered ? 'redelivered' : opOf(change)
    this.ops.set(op, (this.ops.get(op) ?? 0) + 1)
    if ('key' in change && change.key !== null) this.#addKey(change.key)
    if (change.kind !== 'row' || redelivered || change.after === null) return
    for (const { name, kind } of columns ?? []) {
      const value = change.after[name]
      if (value === undefined) continue
      const counted = this.columns.get(name) ?? { kind, rows: 0, nulls: 0 }
      this.columns.set(name, counted)
      counted.kind = kind
      counted.rows++
      if (value === null) counted.nulls++
    }
  }

  #addSizes({ key, value, headers, timestamp }: KafkaRecord): void {
    const headerBytes = headers.reduce(
      (sum, header) => sum + Buffer.byteLength(header.key) + (header.value?.length ?? 0),
      0,
    )
    for (const [part, bytes] of [
      ['key', key],
      ['value', value],
    ] as const) {
      if (bytes === null) continue
      this[part].add(bytes.length)
      this.overhead[part] += this.#schemas[part].overheadOf(bytes)
    }
    this.headers.add(headerBytes)
    const bytes = (key?.length ?? 0) + (value?.length ?? 0) + headerBytes
    this.record.add(bytes)
    const number = Math.floor(timestamp / hourMs)
    const hour = this.hours.get(number) ?? { records: 0, bytes: 0 }
    this.hours.set(number, hour)
    hour.records++
    hour.bytes += bytes
  }

  #addKey(key: Row): void {
    const text = rowKey(key, Object.keys(key))
    const known = this.keys.get(text)
    if (known !== undefined) {
      known.records++
      return
    }
    this.keys.set(text, { key, records: 1 })
    this.#held += 2 * text.length + keyOverhead
  }
}

/** Reads the records of a topic within bounds, once, and counts. */
export async function countTopic(
  source: Source,
  { offsets, definition }: ReplayTopic,
  options: StatsOptions = {},
): Promise<TopicCounts> {
  const {
    memory = defaultMemory(),
    progress = true,
    signal,
    ...bounds
  } = parseOptions(optionsSchema, options)
  const { topic } = offsets
  const ranges = await rangesOf(source, offsets, bounds)
  const of = ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
  const counts = new TopicCounts(topic, definition)
  const bar = progress ? progressBar('counting') : null
  let done = 0
  try {
    for await (const { changes, records, reader, offsets } of readChanges(
      source,
      [{ topic, ranges, definition }],
      signal,
    )) {
      for (const [i, record] of records.entries()) {
        if (counts.records === bounds.limit) break
        counts.add(record, changes[i]!)
      }
      for (const { name, kind } of reader.keyColumns) counts.keyKinds.set(name, kind)
      if (counts.byteLength > memory) throw tooManyKeys(counts, memory)
      done += offsets
      bar?.update(done, of)
      if (counts.records === bounds.limit) break
    }
  } finally {
    bar?.end()
  }
  return counts
}

function tooManyKeys({ keys, topic }: TopicCounts, memory: number): ObslabError {
  return new ObslabError(
    'memory-exceeded',
    `Counting was to keep at most ${memory.toLocaleString('en')} bytes of keys, and ${topic} has more than ` +
      `${keys.size.toLocaleString('en')} different ones. Ask for fewer records (from, to, limit, partitions), or give it ` +
      'more: memory: <bytes>.',
  )
}
