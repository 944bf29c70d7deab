import { z } from 'zod'
import { inLogOrder, type LogPlace } from './change/log-order.js'
import { formatLogPosition } from './change/position.js'
import type { TypedTopic } from './change/topic.js'
import type { MarkPlace, TransactionLog, TransactionStatus } from './change/transaction-log.js'
import { formatPosition, ObslabError } from './errors.js'
import { keyText, whatText } from './frame/change-line.js'
import { ChangeRecord } from './frame/change-record.js'
import { Frame } from './frame/frame.js'
import { foundText, parseOptions } from './options.js'
import { placesText } from './source/bounds.js'
import type { Source } from './source/source.js'
import { parseTime } from './source/time.js'
import { readTransactionLog, spanOf, type TakeEvent, type TransactionTopics } from './transaction-reader.js'

/** Which transactions to list, and what to join them to. */
export interface TransactionsOptions {
  /** The tables' topics to look for their events in. Every table's topic when left out. */
  topics?: readonly (TypedTopic<unknown> | string)[]
  /** Only transactions whose BEGIN was written to Kafka at or after this time: ISO 8601 text or a Date. */
  from?: string | Date
  /** Only transactions whose BEGIN was written to Kafka before this time. */
  to?: string | Date
  /** Whether a progress bar is drawn: true when left out, and never on what is not a terminal or a notebook. */
  progress?: boolean
  /** Cancels: it rejects with a `cancelled` error. */
  signal?: AbortSignal
}

/** How one transaction is looked up. */
export interface TransactionOptions {
  /** Show the values of sensitive columns in `changed`. They are masked when left out. */
  unmask?: boolean
  /** Whether a progress bar is drawn: true when left out, and never on what is not a terminal or a notebook. */
  progress?: boolean
  /** Cancels: it rejects with a `cancelled` error. */
  signal?: AbortSignal
}

/** One line of {@link Lab.transactions}. */
export interface TransactionRow {
  /** When it was committed in the database; null where nothing tells it. */
  time: number | null
  id: string
  /** Whether its events are all there, and if not, why: `complete`, `incomplete`, `unread`, `open`, `ddl`, … */
  status: TransactionStatus
  /** Events found, each counted once however often it was delivered. */
  events: number
  /** Events that its END announces; null without one. */
  announced: number | null
  /** How many events of each table were found. */
  tables: string
  /** The tables of which fewer events were found than announced, and how many are missing; null when none is. */
  missing: string | null
  /** How often an event was delivered again. */
  redelivered: number
  /** Where in the database's log its first and its last event stand; null without events. */
  log: string | null
  log_end: string | null
  /** Where its BEGIN and its END are, as `topic:partition:offset`, which `lab.at` takes; null where there is none. */
  begin: string | null
  end: string | null
}

/** One change of a transaction. */
export interface TransactionChange {
  /** Its place in the transaction, from 1. */
  order: number
  op: string
  topic: string
  key: string
  /** What it set, before → after for an update. */
  changed: string
  /** `total_order` as the connector counted it; from 1 again in what it wrote after a restart amid the transaction. */
  total_order: number | null
  /** `topic:partition:offset`, which `lab.at` takes. */
  position: string
  /** Its place in the database's log; null where the record does not say. */
  log: string | null
}

const time = z.union(
  [z.date(), z.string().refine(text => parseTime(text) !== undefined)],
  'expected a time in ISO 8601 (2026-03-01T10:00:00Z) or a Date',
)
const followed = { progress: z.boolean().optional(), signal: z.instanceof(AbortSignal).optional() }
const isTopic = (topic: unknown): boolean =>
  typeof topic === 'string' || (typeof topic === 'object' && topic !== null && 'name' in topic)
const listSchema: z.ZodType<TransactionsOptions> = z.strictObject({
  topics: z
    .array(z.custom<TypedTopic<unknown> | string>(isTopic, "expected a typed topic or a name such as 'obs'"))
    .min(1, 'expected at least one topic; leave it out for every table')
    .optional(),
  from: time.optional(),
  to: time.optional(),
  ...followed,
})
const oneSchema: z.ZodType<TransactionOptions> = z.strictObject({
  unmask: z.boolean().optional(),
  ...followed,
})

/** Parses the options of a listing. */
export function parseTransactionsOptions(options: TransactionsOptions): TransactionsOptions {
  return parseOptions(listSchema, options)
}

/** Lists the transactions within the options' times, in the order of the database's log. */
export async function listTransactions(
  source: Source,
  topics: TransactionTopics,
  options: Omit<TransactionsOptions, 'topics'> = {},
): Promise<Frame<TransactionRow>> {
  const { from, to, progress = true, signal } = options
  const [after, before] = [timeOf(from) ?? Number.NEGATIVE_INFINITY, timeOf(to) ?? Number.POSITIVE_INFINITY]
  const log = await readTransactionLog(source, topics, { after, before, progress, signal })
  const listed = log.summaries.filter(({ begin }) =>
    begin === null ? from === undefined : begin.timestamp >= after && begin.timestamp < before,
  )
  if (log.summaries.length === 0) throw noMetadata(source)
  const rows = inLogOrder(listed, placeOf).map(
    ({ id, status, time, begin, end, events, announced, tables, redelivered, first, last }) => ({
      ...{ time, id, status, events, announced, redelivered },
      tables: tables
        .filter(table => table.events > 0)
        .map(table => `${table.name} ${table.events}`)
        .join(' · '),
      missing: missingText(tables),
      log: first && formatLogPosition(first),
      log_end: last && formatLogPosition(last),
      begin: begin && formatPosition(begin),
      end: end && formatPosition(end),
    }),
  )
  return Frame.from<TransactionRow>(rows, {
    ...{ time: 'timestamp', id: 'text', status: 'text', events: 'int', announced: 'int', tables: 'text' },
    ...{ missing: 'text', redelivered: 'int', log: 'text', log_end: 'text', begin: 'text', end: 'text' },
  })
}

/** All changes of one transaction, each once, in the order in which it made them. */
export async function readTransaction(
  source: Source,
  topics: TransactionTopics,
  id: string,
  options: TransactionOptions = {},
): Promise<Frame<TransactionChange>> {
  if (typeof id !== 'string' || id === '') {
    throw new ObslabError(
      'option-invalid',
      `Expected a transaction's id, as lab.transactions() lists them, found ${foundText(id)}.`,
    )
  }
  const { unmask = false, progress = true, signal } = parseOptions(oneSchema, options)
  const found: { record: ChangeRecord; totalOrder: number | null }[] = []
  const take: TakeEvent = (change, columns, keyColumns, definition) => {
    const record = { key: null, value: null, headers: [] }
    found.push({
      record: new ChangeRecord({ change, redelivered: false, record, columns, keyColumns, definition }),
      totalOrder: change.transaction?.totalOrder ?? null,
    })
  }
  const span = await spanOf(source, topics.marks, id, signal)
  const { summaries } = await readTransactionLog(source, topics, { ...span, progress, signal, id, take })
  if (summaries.length !== 1) throw notOne(source, id, summaries)
  const rows = inLogOrder(found, ({ record, totalOrder }) => ({ ...recordPlace(record), totalOrder }))
  return Frame.from<TransactionChange>(
    rows.map(({ record, totalOrder }, i) => ({
      order: i + 1,
      op: record.op,
      topic: record.topic,
      key: keyText(record, { unmask }),
      changed: whatText(record, { unmask }),
      total_order: totalOrder,
      position: record.position,
      log: record.source && formatLogPosition(record.source),
    })),
    {
      ...{ order: 'int', op: 'text', topic: 'text', key: 'text', changed: 'text' },
      ...{ total_order: 'int', position: 'text', log: 'text' },
    },
  )
}

function timeOf(at: string | Date | undefined): number | undefined {
  if (at === undefined) return undefined
  const time = at instanceof Date ? at.getTime() : parseTime(at)
  if (time !== undefined && !Number.isNaN(time)) return time
  throw new ObslabError('option-invalid', `Expected ${placesText}, found ${foundText(at)}.`)
}

function missingText(
  tables: readonly { name: string; events: number; announced: number | null }[],
): string | null {
  const missing = tables
    .map(({ name, events, announced }) => ({ name, events: (announced ?? 0) - events }))
    .filter(({ events }) => events > 0)
  return missing.length === 0 ? null : missing.map(({ name, events }) => `${name} ${events}`).join(' · ')
}

/** A transaction without events stands where its GTID says. */
function placeOf(summary: TransactionLog['summaries'][number]): LogPlace {
  const { id, first, begin, end, time } = summary
  const mark: MarkPlace | null = begin ?? end
  const at = time ?? mark?.timestamp ?? 0
  const bare = { file: '', pos: 0, row: 0, serverId: 0, gtid: id, snapshot: 'false', time: at }
  return {
    source: first ?? bare,
    totalOrder: null,
    timestamp: mark?.timestamp ?? at,
    partition: mark?.partition ?? 0,
    offset: mark?.offset ?? 0,
  }
}

function recordPlace({ source, timestamp, partition, offset }: ChangeRecord): Omit<LogPlace, 'totalOrder'> {
  return { source, timestamp, partition, offset }
}

function noMetadata(source: Source): ObslabError {
  return new ObslabError(
    'transaction-unknown',
    `Expected transactions in ${source.name}, found neither a transaction topic nor changes that name one: the ` +
      'connector has to be told to write them, provide.transaction.metadata=true.',
  )
}

function notOne(source: Source, id: string, found: TransactionLog['summaries']): ObslabError {
  const ids = found.map(summary => `${summary.id} of ${summary.prefix}`).slice(0, 5)
  return new ObslabError(
    'transaction-unknown',
    found.length === 0
      ? `There is no transaction ${foundText(id)} in ${source.name}. lab.transactions() lists those there are.`
      : `Expected the id of one transaction, found ${foundText(id)}, which ${ids.join(' and ')} have. Give it whole, ` +
          'and record the topics of one connector alone if several of them have it.',
  )
}
