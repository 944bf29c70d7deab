import { z } from 'zod'
import type { RowChange, Tombstone } from './change/change.js'
import { type ChangeTopic, readChanges, wholeTopic } from './change/change-stream.js'
import type { ColumnKind, ColumnType, Row, Value } from './change/column-type.js'
import { inLogOrder } from './change/log-order.js'
import { formatLogPosition } from './change/position.js'
import type { TypedTopic } from './change/topic.js'
import { type ValueTest, valueExpected, valueTest } from './change/value-test.js'
import { progressBar } from './display/progress.js'
import { ObslabError } from './errors.js'
import { keyText, type WhatOptions, whatText } from './frame/change-line.js'
import { ChangeRecord } from './frame/change-record.js'
import { Frame } from './frame/frame.js'
import { columnUnknown } from './frame/names.js'
import { sameColumn } from './openmrs/patient-columns.js'
import { parseOptions } from './options.js'
import type { ReplayTopic } from './replay.js'
import type { Source } from './source/source.js'

/**
 * What rows are looked for: the columns named have these values, before or after the change. A value is given as rows
 * hold it, a number for an integer column, a text for a text column; one that no column of the name can hold is an
 * `option-invalid` error. 7 finds a BIGINT, 7.9 a DECIMAL of 7.90, true a TINYINT of 1.
 */
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
    .array(z.custom<TypedTopic<unknown> | string>(isTopic, "expected a typed topic or a name such as 'obs'"))
    .min(1, 'expected at least one topic; leave it out for every table')
    .optional(),
  unmask: z.boolean().optional(),
  progress: z.boolean().optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const value = z.union(
  [z.null(), z.number(), z.bigint(), z.boolean(), z.string(), z.instanceof(Uint8Array)],
  'expected a value as rows hold it: null, a number, a bigint, true or false, a text or a Uint8Array',
)
const whereSchema: z.ZodType<FindWhere> = z
  .record(z.string(), value)
  .refine(
    where => Object.keys(where).length > 0,
    'expected at least one column with its value, such as { person_id: 7 }',
  )

/** Parses the options of a search. */
export function parseFindOptions(options: FindOptions): FindOptions {
  return parseOptions(optionsSchema, options)
}

/**
 * All changes of rows that have the values of `where`, of all topics given, in the order of the database's log, those of
 * a transaction in its order.
 */
export async function findChanges(
  source: Source,
  topics: readonly ReplayTopic[],
  where: FindWhere,
  { unmask = false, progress = true, signal }: FindOptions = {},
): Promise<Frame<FoundChange>> {
  const wanted = Object.entries(parseOptions(whereSchema, where, 'Column'))
  const search = new Search(wanted)
  const bar = progress ? progressBar('searching') : null
  const asked = topics.map(changeTopic)
  const of = asked.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + to - from, 0)
  let done = 0
  try {
    for await (const chunk of readChanges(source, asked, signal)) {
      const { columns, keyColumns } = chunk.reader
      const definition = topics.find(({ offsets }) => offsets.topic === chunk.topic)?.definition ?? null
      search.of([...keyColumns, ...columns])
      for (const { change, redelivered } of chunk.changes) {
        if (change.kind !== 'row' && change.kind !== 'tombstone') continue
        if (!search.matches(change)) continue
        const record = { key: null, value: null, headers: [] }
        search.found.push({
          record: new ChangeRecord({ change, redelivered, record, columns, keyColumns, definition }),
          totalOrder: change.kind === 'row' ? (change.transaction?.totalOrder ?? null) : null,
        })
      }
      done += chunk.offsets
      bar?.update(done, of)
    }
  } finally {
    bar?.end()
  }
  search.requireColumns()
  search.requireKinds()
  const names = wanted.flatMap(([name]) => [name, sameColumn[name] ?? name])
  return frameOf(search.found, { unmask, omit: new Set(names) })
}

interface Found {
  record: ChangeRecord
  totalOrder: number | null
}

/** What was found, and which columns there were to look at. */
class Search {
  readonly found: Found[] = []
  readonly #wanted: readonly (readonly [string, Value])[]
  /** The columns of the rows met, and which of them are those wanted. */
  readonly #shapes = new Map<string, readonly (readonly [string, Value])[] | null>()
  readonly #names = new Set<string>()
  readonly #missing: Set<string>
  /** The kinds of the columns of the topic that is searched now. */
  #kinds: ReadonlyMap<string, ColumnKind> = new Map()
  /** For each column wanted, the test in columns of each kind met. */
  readonly #tests = new Map<string, Map<ColumnKind, ValueTest | null>>()

  constructor(wanted: readonly (readonly [string, Value])[]) {
    this.#wanted = wanted
    this.#missing = new Set(wanted.map(([name]) => name))
  }

  /** Tells the columns of the changes that are to be matched next. */
  of(columns: readonly ColumnType[]): void {
    this.#kinds = new Map(columns.map(({ name, kind }) => [name, kind]))
    for (const [name, value] of this.#wanted) {
      const kind = this.#kinds.get(name) ?? this.#kinds.get(sameColumn[name] ?? name)
      if (kind !== undefined) this.#test(name, kind, value)
    }
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

  /** A value that none of the columns of its name can hold is an `option-invalid` error. */
  requireKinds(): void {
    for (const [name, value] of this.#wanted) {
      const tests = [...(this.#tests.get(name) ?? [])]
      if (tests.length === 0 || tests.some(([, test]) => test !== null)) continue
      const expected = [...new Set(tests.map(([kind]) => valueExpected(kind)))].join(' or ')
      const kinds = tests.map(([kind]) => kind).join(' or ')
      throw new ObslabError(
        'option-invalid',
        `Column ${name} holds ${kinds}: expected ${expected}, found ${typeText(value)}.`,
      )
    }
  }

  #rowMatches(row: Row | null, isWhole: boolean): boolean {
    if (row === null) return false
    const wanted = this.#wantedOf(row, isWhole)
    if (wanted === null) return false
    return wanted.every(([column, value], i) => {
      const found = row[column] ?? null
      return (
        this.#test(this.#wanted[i]![0], this.#kinds.get(column) ?? kindOf(found), value)?.(found) ?? false
      )
    })
  }

  #test(name: string, kind: ColumnKind, value: Value): ValueTest | null {
    const tests = this.#tests.get(name) ?? new Map<ColumnKind, ValueTest | null>()
    if (tests.size === 0) this.#tests.set(name, tests)
    const known = tests.get(kind)
    if (known !== undefined) return known
    const test = valueTest(kind, value)
    tests.set(kind, test)
    return test
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

/** The kind that a value tells by itself, of a column that the topic has no more. */
function kindOf(value: Value): ColumnKind {
  if (typeof value === 'bigint') return 'bigint'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'boolean') return 'boolean'
  return value instanceof Uint8Array ? 'bytes' : 'text'
}

/** What kind of value was given: the value itself may be a patient's. */
function typeText(value: Value): string {
  if (typeof value === 'string') return 'a text'
  if (value instanceof Uint8Array) return 'a Uint8Array'
  return typeof value === 'bigint' ? 'a bigint' : typeof value === 'boolean' ? 'true or false' : 'a number'
}

function changeTopic({ offsets, definition }: ReplayTopic): ChangeTopic {
  return { topic: offsets.topic, ranges: wholeTopic(offsets), definition }
}

function timeOf({ source, timestamp }: ChangeRecord): number {
  return source?.time ?? timestamp
}

function frameOf(found: readonly Found[], options: WhatOptions): Frame<FoundChange> {
  const ordered = inLogOrder(found, ({ record, totalOrder }) => {
    const { source, timestamp, partition, offset } = record
    return { source, totalOrder, timestamp, partition, offset }
  })
  const rows = ordered.map(({ record: change }) => ({
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
