import { type ChangeTopic, readChanges, wholeTopic } from './change/change-stream.js'
import type { ColumnType } from './change/column-type.js'
import { SchemaTopics } from './change/schema-topics.js'
import type { TypedTopic } from './change/topic.js'
import { TransactionLog, transactionId } from './change/transaction-log.js'
import { progressBar } from './display/progress.js'
import { ObslabError } from './errors.js'
import type { ReplayTopic } from './replay.js'
import { rangesOf } from './source/bounds.js'
import type { Source } from './source/source.js'

/** The topics that transactions are joined from: the tables', and those of BEGIN and END. */
export interface TransactionTopics {
  marks: readonly ReplayTopic[]
  tables: readonly ReplayTopic[]
}

/**
 * A connector writes a BEGIN before the events and the END after them; clocks of brokers that stamp them may differ by
 * this much, in milliseconds.
 */
const clockSlack = 60_000

/** Takes an event of a transaction, with the columns it was written with. */
export type TakeEvent = (
  change: Parameters<TransactionLog['addEvent']>[2],
  columns: readonly ColumnType[],
  keyColumns: readonly ColumnType[],
  definition: TypedTopic<unknown> | null,
) => void

/** What is read. */
export interface Reading {
  /** BEGINs from this time on, milliseconds, and before that one. */
  after: number
  before: number
  progress: boolean
  signal?: AbortSignal | undefined
  /** Only this transaction. Default: all. */
  id?: string
  /** Called with each event that was not met before. */
  take?: TakeEvent
}

/** Reads marks and changes and joins them. */
export async function readTransactionLog(
  source: Source,
  topics: TransactionTopics,
  reading: Reading,
): Promise<TransactionLog> {
  const { after, before, progress, signal, id, take } = reading
  const prefixes = topics.marks.map(({ offsets }) => prefixOfMarks(offsets.topic))
  const prefixOf = new Map(
    topics.tables.map(({ offsets }) => [offsets.topic, prefixAmong(offsets.topic, prefixes)]),
  )
  const tables = new Set(
    topics.tables.map(({ offsets: { topic } }) => `${prefixOf.get(topic)}\0${tableOf(topic)}`),
  )
  const names = topics.tables.map(({ offsets }) => offsets.topic)
  const history = (await SchemaTopics.open(source, names))?.history ?? null
  const log = new TransactionLog({
    isRead: (prefix, table) => tables.has(`${prefix}\0${table}`),
    isDdl: gtid => history?.statementOf(gtid) != null,
  })
  const asked = await within(
    source,
    [...topics.marks, ...topics.tables],
    after - clockSlack,
    before + clockSlack,
  )
  const of = asked
    .flatMap(({ ranges }) => ranges)
    .reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
  const bar = progress ? progressBar('transactions') : null
  let done = 0
  try {
    for await (const { topic, changes, reader, offsets } of readChanges(source, asked, signal)) {
      const definition = topics.tables.find(table => table.offsets.topic === topic)?.definition ?? null
      for (const { change, columns } of changes) {
        if (change.kind === 'transaction' && isMeant(change.id, id)) {
          log.addMark(prefixOfMarks(topic), change)
        } else if (change.kind === 'row' && isMeant(transactionId(change), id)) {
          const isNew = log.addEvent(prefixOf.get(topic) ?? '', tableOf(topic), change)
          if (isNew) take?.(change, columns ?? reader.columns, reader.keyColumns, definition)
        }
      }
      done += offsets
      bar?.update(done, of)
    }
  } finally {
    bar?.end()
  }
  return log
}

/** A whole id, or what follows the last colon of one: a GTID's number is what tells transactions apart to the eye. */
function isMeant(id: string | null, wanted: string | undefined): boolean {
  return wanted === undefined || id === wanted || id?.endsWith(`:${wanted}`) === true
}

/** When a transaction was written to Kafka, by its marks; all times when it has none. */
export async function spanOf(
  source: Source,
  marks: readonly ReplayTopic[],
  id: string,
  signal: AbortSignal | undefined,
): Promise<{ after: number; before: number }> {
  const times: number[] = []
  let ended = false
  const asked = marks.map(({ offsets }) => ({
    topic: offsets.topic,
    ranges: wholeTopic(offsets),
    definition: null,
  }))
  for await (const { changes } of readChanges(source, asked, signal)) {
    for (const { change } of changes) {
      if (change.kind !== 'transaction' || !isMeant(change.id, id)) continue
      times.push(change.timestamp)
      ended ||= change.status === 'END'
    }
  }
  if (times.length === 0) return { after: Number.NEGATIVE_INFINITY, before: Number.POSITIVE_INFINITY }
  return {
    after: Math.min(...times),
    before: ended ? Math.max(...times) : Number.POSITIVE_INFINITY,
  }
}

async function within(
  source: Source,
  topics: readonly ReplayTopic[],
  after: number,
  before: number,
): Promise<ChangeTopic[]> {
  const bounds = {
    ...(Number.isFinite(after) && { from: new Date(after) }),
    ...(Number.isFinite(before) && { to: new Date(before) }),
  }
  return await Promise.all(
    topics.map(async ({ offsets, definition }) => ({
      topic: offsets.topic,
      ranges: await timeRanges(source, offsets, bounds),
      definition,
    })),
  )
}

/** A table without a change in these times has nothing to be read. */
async function timeRanges(
  source: Source,
  offsets: ReplayTopic['offsets'],
  bounds: { from?: Date; to?: Date },
): Promise<ChangeTopic['ranges']> {
  try {
    return await rangesOf(source, offsets, bounds, { late: true })
  } catch (error) {
    if (error instanceof ObslabError && error.code === 'offset-out-of-range') return []
    throw error
  }
}

/** `dbserver1.transaction`: the prefix is what comes before the last dot, whatever `topic.transaction` says. */
function prefixOfMarks(topic: string): string {
  const dot = topic.lastIndexOf('.')
  return dot < 0 ? topic : topic.slice(0, dot)
}

/** Whose connector a table's topic is; the only one's, where its name does not say. */
function prefixAmong(topic: string, prefixes: readonly string[]): string {
  const fitting = prefixes
    .filter(prefix => topic.startsWith(`${prefix}.`))
    .sort((a, b) => b.length - a.length)
  if (fitting[0] !== undefined) return fitting[0]
  return prefixes.length === 1 ? prefixes[0]! : topic.split('.').slice(0, -2).join('.')
}

/** `openmrs.obs`, as the END of a transaction names it. */
function tableOf(topic: string): string {
  return topic.split('.').slice(-2).join('.')
}
