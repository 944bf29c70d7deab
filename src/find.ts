import { z } from 'zod'
import type { RowChange, Tombstone } from './change/change.js'
import { type ChangeTopic, readChanges, wholeTopic } from './change/change-stream.js'
import type { Row, Value } from './change/column-type.js'
import { comparePositions, formatLogPosition } from './change/position.js'
import type { TypedTopic } from './change/topic.js'
import { progressBar } from './display/progress.js'
import { keyText, type WhatOptions, whatText } from './frame/change-line.js'
import { ChangeRecord } from './frame/change-record.js'
import { Frame } from './frame/frame.js'
import { columnUnknown } from './frame/names.js'
import { sameColumn } from './openmrs/patient-columns.js'
import { parseOptions } from './options.js'
import type { ReplayTopic } from './replay.js'
import type { Source } from './source/source.js'

/** What rows are looked for: the columns named have these values, before or after the change. */
export type FindWhere = Readonly<Record<string, Value>>

/** Where and how to look. */
export interface FindOptions {
  /** The topics to look in. Every table's topic when left out. */
  topics?: readonly (TypedTopic<unknown> | string)[]
  /** Show the values of sensitive columns in `changed`. They are masked when left out. */
  unmask?: boolean
  /** Whether a progress bar is drawn: true when left out, and never on what is not a terminal or a notebook. */
  progress?: boolean
  /** Cancels: it rejects with a `cancelled` error. */
  signal?: AbortSignal
}

/** One change that was found. */
export interface FoundChange {
  /** When it was committed in the database, or, where the record does not say, its Kafka timestamp. */
  time: number
  op: string
  topic: string
  key: string
  /** What it set, before → after for an update. */
  changed: string
  /** `topic:partition:offset`, which `lab.at` takes. */
  position: string
  /** Its place in the database's log; null where the record does not say. */
  log: string | null
  /** Whether it was delivered before and is to be skipped. */
  redelivered: boolean
}

const isTopic = (topic: unknown): boolean =>
  typeof topic === 'string' || (typeof topic === 'object' && topic !== null && 'name' in topic)

const optionsSchema: z.ZodType<FindOptions> = z.strictObject({
  topics: z
    .array(z.custom<TypedTopic<unknown> | string>(isTopic, 'is a name or a typed topic'))
    .min(1)
    .optional(),
  unmask: z.boolean().optional(),
  progress: z.boolean().optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const value = z.union([z.null(), z.number(), z.bigint(), z.boolean(), z.string(), z.instanceof(Uint8Array)])
const whereSchema: z.ZodType<FindWhere> = z
  .record(z.string(), value)
  .refine(where => Object.keys(where).length > 0, 'name at least one column, such as { person_id: 7 }')

/** Parses the options of a search. */
export function parseFindOptions(options: FindOptions): FindOptions {
  return parseOptions(optionsSchema, options)
}

/**
 * All changes of rows that have the values of `where`, of all topics given, ordered by when they were committed and by
 * where they stand in the database's log.
 */
export async function findChanges(
  source: Source,
  topics: readonly ReplayTopic[],
  where: FindWhere,
  { unmask = false, progress = true, signal }: FindOptions = {},
): Promise<Frame<FoundChange>> {
  const wanted = Object.entries(parseOptions(whereSchema, where))
  const search = new Search(wanted)
  const bar = progress ? progressBar('searching') : null
  const asked = topics.map(changeTopic)
  const of = asked.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + to - from, 0)
  let done = 0
  try {
    for await (const chunk of readChanges(source, asked, signal)) {
      const { columns, keyColumns } = chunk.reader
      const definition = topics.find(({ offsets }) => offsets.topic === chunk.topic)?.definition ?? null
      for (const { change, redelivered } of chunk.changes) {
        if (change.kind !== 'row' && change.kind !== 'tombstone') continue
        if (!search.matches(change)) continue
        const record = { key: null, value: null, headers: [] }
        search.found.push(new ChangeRecord({ change, redelivered, record, columns, keyColumns, definition }))
      }
      done += chunk.offsets
      bar?.update(done, of)
    }
  } finally {
    bar?.end()
  }
  search.requireColumns()
  const names = wanted.flatMap(([name]) => [name, sameColumn[name] ?? name])
  return frameOf(search.found, { unmask, omit: new Set(names) })
}

/** What was found, and which columns there were to look at. */
class Search {
  readonly found: ChangeRecord[] = []
  readonly #wanted: readonly (readonly [string, Value])[]
  /** The columns of the rows met, and which of them are those wanted. */
  readonly #shapes = new Map<string, readonly (readonly [string, Value])[] | null>()
  readonly #names = new Set<string>()
  readonly #missing: Set<string>

  constructor(wanted: readonly (readonly [string, Value])[]) {
    this.#wanted = wanted
    this.#missing = new Set(wanted.map(([name]) => name))
  }

  /** A tombstone has no row: it is found by its key alone. */
  matches(change: RowChange | Tombstone): boolean {
    if (change.kind === 'tombstone') return this.#rowMatches(change.key, false)
    return this.#rowMatches(change.after, true) || this.#rowMatches(change.before, true)
  }

  /** A column that no topic has is a `column-unknown` error. */
  requireColumns(): void {
    const [missing] = this.#missing
    if (missing !== undefined) throw columnUnknown(missing, [...this.#names])
  }

  #rowMatches(row: Row | null, isWhole: boolean): boolean {
    if (row === null) return false
    const wanted = this.#wantedOf(row, isWhole)
    return wanted?.every(([name, value]) => isSame(row[name] ?? null, value)) ?? false
  }

  /** Which columns of rows of this shape are to have which values; null when one that is wanted is not among them. */
  #wantedOf(row: Row, isWhole: boolean): readonly (readonly [string, Value])[] | null {
    const names = Object.keys(row)
    const shape = names.join('\0')
    const known = this.#shapes.get(shape)
    if (known !== undefined) return known
    const wanted = this.#wanted.map(([name, value]) => [columnFor(name, row), value] as const)
    if (isWhole) {
      for (const name of names) this.#names.add(name)
      for (const [i, [name]] of this.#wanted.entries()) if (wanted[i]![0] !== null) this.#missing.delete(name)
    }
    const complete = wanted.filter((one): one is readonly [string, Value] => one[0] !== null)
    const result = complete.length === wanted.length ? complete : null
    this.#shapes.set(shape, result)
    return result
  }
}

function columnFor(name: string, row: Row): string | null {
  if (name in row) return name
  const same = sameColumn[name]
  return same !== undefined && same in row ? same : null
}

/** 7 finds 7n: whether a column is a BIGINT is not what is asked. */
function isSame(found: Value, wanted: Value): boolean {
  if (found instanceof Uint8Array || wanted instanceof Uint8Array)
    return found instanceof Uint8Array && wanted instanceof Uint8Array && Buffer.compare(found, wanted) === 0
  return exact(found) === exact(wanted)
}

function exact(value: Value): Value {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
}

function changeTopic({ offsets, definition }: ReplayTopic): ChangeTopic {
  return { topic: offsets.topic, ranges: wholeTopic(offsets), definition }
}

function timeOf({ source, timestamp }: ChangeRecord): number {
  return source?.time ?? timestamp
}

function compareChanges(a: ChangeRecord, b: ChangeRecord): number {
  const byTime = timeOf(a) - timeOf(b)
  if (byTime !== 0) return byTime
  if (a.source !== null && b.source !== null && a.source.serverId === b.source.serverId) {
    const byPosition = comparePositions(a.source, b.source)
    if (byPosition !== 0) return byPosition
  }
  return a.partition - b.partition || a.offset - b.offset
}

function frameOf(found: ChangeRecord[], options: WhatOptions): Frame<FoundChange> {
  const rows = found.sort(compareChanges).map(change => ({
    time: timeOf(change),
    op: change.op,
    topic: change.topic,
    key: keyText(change, options),
    changed: whatText(change, options),
    position: change.position,
    log: change.source && formatLogPosition(change.source),
    redelivered: change.redelivered === true,
  }))
  return Frame.from<FoundChange>(rows, {
    time: 'timestamp',
    op: 'text',
    topic: 'text',
    key: 'text',
    changed: 'text',
    position: 'text',
    log: 'text',
    redelivered: 'boolean',
  })
}
