import { fileURLToPath } from 'node:url'
import type { Row } from './change/column-type.js'
import type { TypedTopic } from './change/topic.js'
import { ObslabError } from './errors.js'
import { type FindOptions, type FindWhere, type FoundChange, findChanges, parseFindOptions } from './find.js'
import type { Frame } from './frame/frame.js'
import { type SqlValue, sqlFrame } from './frame/sql.js'
import type { Table } from './frame/table.js'
import { printAs } from './inspect.js'
import type { LivePreview } from './live-preview.js'
import { foundText } from './options.js'
import type { Pipeline } from './pipeline/pipeline.js'
import { livePreview, type PreviewOptions, previewPipeline } from './preview.js'
import { type LookedUpRecord, parsePlace, recordAt } from './record-at.js'
import { type ReplayOptions, type ReplayTopic, replayTables } from './replay.js'
import { readSchemaTimeline, type SchemaHistoryOptions, type SchemaTimeline } from './schema-timeline.js'
import { openKafka } from './source/kafka.js'
import { parseKafkaConfig } from './source/kafka-config.js'
import type { KafkaOptions } from './source/kafka-options.js'
import {
  parseRecordOptions,
  type RecordSummary,
  type RecordTopicsOptions,
  recordTopics,
} from './source/recorder.js'
import { openRecording } from './source/recording.js'
import type { Source } from './source/source.js'
import { resolveTopic } from './source/topic-name.js'
import { type Tail, tailTopic } from './tail.js'
import type { TailOptions } from './tail-options.js'
import { countTopic, type StatsOptions } from './topic-counts.js'
import { listTopics, type TopicRow } from './topic-list.js'
import { TopicStats } from './topic-stats.js'
import type { TransactionTopics } from './transaction-reader.js'
import {
  listTransactions,
  parseTransactionsOptions,
  readTransaction,
  type TransactionChange,
  type TransactionOptions,
  type TransactionRow,
  type TransactionsOptions,
} from './transactions.js'

/** The recording that obslab comes with: an OpenMRS database's changes, of invented people. */
const embedded = fileURLToPath(new URL('../datasets/openmrs', import.meta.url))

/** A topic to be replayed: a typed one, a full name, or a short one such as `obs`. */
export type TopicArgument = TypedTopic<unknown> | string

/**
 * A source opened for exploration. It joins no group and commits nothing, so that nothing it does can be noticed by
 * those who consume the same topics.
 */
export class Lab {
  /** Where its records come from. */
  readonly source: Source
  readonly #closing = new AbortController()

  constructor(source: Source) {
    this.source = source
  }

  /** What it reads: the folder of a recording or `kafka://host:port`, never a credential. */
  get name(): string {
    return this.source.name
  }

  /**
   * The topics there are: what each is, its partitions, records and bytes, its newest and oldest times, how keys and
   * values are written, and which connector and database server it came from. It reads the first and the last records
   * of each partition and nothing else.
   */
  async topics(): Promise<Frame<TopicRow>> {
    return await listTopics(this.source)
  }

  /**
   * Reads a topic from its first record to the end fixed when the replay starts, and gives its table: `current()` rows,
   * all `changes()`, counts by operation. Bounds, columns and memory are options. A topic is a typed one
   * (`openmrs.obs`), a full name, or the end of one (`obs`); an unknown one is a `topic-unknown` error that names the
   * nearest. Several topics are cut at the same moment and given in the order asked for.
   */
  replay<R extends object>(topic: TypedTopic<R>, options?: ReplayOptions): Promise<Table<R>>
  replay(topic: string, options?: ReplayOptions): Promise<Table>
  replay(topics: readonly TopicArgument[], options?: ReplayOptions): Promise<Table[]>
  async replay(
    topics: TopicArgument | readonly TopicArgument[],
    options: ReplayOptions = {},
  ): Promise<Table | Table[]> {
    const several = Array.isArray(topics)
    const asked = (several ? topics : [topics]) as readonly TopicArgument[]
    if (asked.length === 0)
      throw new ObslabError('option-invalid', 'Expected at least one topic to replay, found an empty list.')
    const tables = await replayTables(this.source, await this.#resolve(asked), options)
    return several ? tables : tables[0]!
  }

  /**
   * Follows a topic live from its end, or plays a recorded one at the pace it was written. In a notebook it shows itself
   * at once: a table that updates in place, how many changes come a second, and how late, hop by hop. It goes on until
   * `stop()`; `forEach` visits each change, `frame()` gives the latest. Where to begin, how fast and how much is kept are
   * options.
   */
  tail<R extends object>(topic: TypedTopic<R>, options?: TailOptions): Promise<Tail<R>>
  tail(topic: string, options?: TailOptions): Promise<Tail>
  async tail(topic: TopicArgument, options: TailOptions = {}): Promise<Tail> {
    const [found] = await this.#resolve([topic])
    const tail = await tailTopic(this.source, found!, options)
    this.#closing.signal.addEventListener('abort', () => tail.stop())
    return tail
  }

  /**
   * One record: `lab.at('obs:2:1234')`, topic, partition and offset. What it did, before and after, its times, its place
   * in the database's log, the version of the table it was written under, its sizes. An offset without a record is an `offset-out-of-range` error that says why: not
   * there yet, deleted, compacted away, aborted, a transaction's mark.
   */
  async at(place: string): Promise<LookedUpRecord> {
    const { topic, partition, offset } = parsePlace(place)
    const [found] = await this.#resolve([topic])
    return await recordAt(this.source, found!, { partition, offset })
  }

  /**
   * Every change of the rows that have these values, `{ person_id: 7 }`, before or after it, over all tables: what
   * happened to one patient, ordered by time and place in the database's log. In OpenMRS a patient is a person, so
   * `person_id` is looked for as `patient_id` where a table has only that, and the other way round. Tables without the
   * columns are passed over; a column that no table has is a `column-unknown` error. It reads the topics whole.
   */
  async find(where: FindWhere, options: FindOptions = {}): Promise<Frame<FoundChange>> {
    const { topics = await this.#tables(), ...rest } = parseFindOptions(options)
    return await findChanges(this.source, await this.#resolve(topics), where, rest)
  }

  /**
   * What one pass over a topic counts: sizes of keys, values and headers with their quantiles, how much of them are schema
   * blocks, distinct and hottest keys, nulls of each column, records of each hour, what the records did. Bounds are
   * options. Keys of sensitive columns are masked when shown.
   */
  async stats(topic: TopicArgument, options: StatsOptions = {}): Promise<TopicStats> {
    const [found] = await this.#resolve([topic])
    return new TopicStats(await countTopic(this.source, found!, options))
  }

  /**
   * The columns of a topic's table through time: each version with the statement that made it, what it changed (columns
   * added, removed, renamed, of another type), when and where in the database's log it began, and how many changes were
   * written under it. Without a schema-change topic the schemas that records carry tell the versions, or else the names
   * of their values; `origin` says which. It reads the topic whole. `lab.at` tells the version of one record.
   */
  async schemaHistory(topic: TopicArgument, options: SchemaHistoryOptions = {}): Promise<SchemaTimeline> {
    const [found] = await this.#resolve([topic])
    return await readSchemaTimeline(this.source, found!.offsets, options)
  }

  /**
   * The database's transactions, in the order of its log: when each was committed, how many events of which tables it
   * has, and whether all that its END announces are there; if not, which tables are missing, or that its END has not
   * come yet, or that it is DDL, whose BEGIN never ends. What was delivered again counts once. It reads the tables'
   * topics between the times given, else whole. Whether a transaction is complete only `provide.transaction.metadata=true`
   * of the connector tells; without it they are told by the GTIDs of changes, and without those there is a
   * `transaction-unknown` error.
   */
  async transactions(options: TransactionsOptions = {}): Promise<Frame<TransactionRow>> {
    const { topics, ...rest } = parseTransactionsOptions(options)
    return await listTransactions(this.source, await this.#transactionTopics(topics), rest)
  }

  /**
   * All changes of one transaction, of every table, each once, in the order in which the transaction made them. Its id
   * may be given whole or, of a GTID, by its number alone. An id that there is not is a `transaction-unknown` error.
   */
  async transaction(id: string, options: TransactionOptions = {}): Promise<Frame<TransactionChange>> {
    return await readTransaction(this.source, await this.#transactionTopics(), id, options)
  }

  /**
   * Runs a pipeline over the recorded changes, one by one as its job would, and gives the rows its output topic would
   * hold after compaction, ordered by key. Columns that may tell something of a sensitive one are masked when shown. Rows
   * that a function fails on are left out, and a finding beside says how many and where. With `live: true` it goes on with
   * the changes that come, and what it gives updates in place until `stop()`.
   */
  preview<R extends object>(
    pipeline: Pipeline<R>,
    options: PreviewOptions & { live: true },
  ): Promise<LivePreview<R>>
  preview<R extends object>(
    pipeline: Pipeline<R>,
    options?: PreviewOptions & { live?: false },
  ): Promise<Frame<R>>
  async preview<R extends object>(
    pipeline: Pipeline<R>,
    options: PreviewOptions = {},
  ): Promise<Frame<R> | LivePreview<R>> {
    if (options?.live !== true) return await previewPipeline(this.source, pipeline, options)
    const preview = await livePreview(this.source, pipeline, options)
    this.#closing.signal.addEventListener('abort', () => preview.stop())
    return preview
  }

  /**
   * Runs one SELECT in DuckDB over frames: ``lab.sql`select concept_id, count(*) from ${obs.current()} group by 1` ``.
   * A frame in `${…}` is a table, an array a list for IN, any other value a bound parameter. Wide integers are bigint,
   * counts among them. A column of the result is sensitive when a sensitive column of a frame must be read for it,
   * under whatever name or in whatever expression. A query DuckDB refuses is a `sql-failed` error. Needs
   * `@duckdb/node-api` (`package-missing`).
   */
  async sql<R extends object = Row>(
    strings: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<Frame<R>> {
    return await sqlFrame<R>(strings, values)
  }

  /**
   * Records topics, all when `topics` names none, into a new folder that replays without the cluster. The folder holds
   * the records as they are, patients' data included, readable by its owner alone (mode 0700). Nothing is left of it
   * when recording fails.
   */
  async record(folder: string, options: RecordTopicsOptions = {}): Promise<RecordSummary> {
    if (typeof folder !== 'string' || folder === '')
      throw new ObslabError('option-invalid', `Expected a folder to record into, found ${foundText(folder)}.`)
    const { topics } = parseRecordOptions(options)
    const all = topics === undefined ? [] : (await this.source.topics()).map(({ topic }) => topic)
    const named = topics?.map(topic => resolveTopic(all, topic))
    return await recordTopics(this.source, folder, { ...options, ...(named && { topics: named }) })
  }

  /** Ends its tails and lets go of connections and files. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.source.close()
  }

  /** Tables to join, by default all, signals among them: their changes are events of transactions as well. */
  async #transactionTopics(tables?: readonly TopicArgument[]): Promise<TransactionTopics> {
    const rows = (await this.topics()).rows()
    const ofKind = (...kinds: readonly string[]): string[] =>
      rows.filter(({ kind }) => kinds.includes(kind)).map(({ topic }) => topic)
    return {
      marks: await this.#resolve(ofKind('transactions')),
      tables: await this.#resolve(tables ?? ofKind('table', 'signals')),
    }
  }

  async #tables(): Promise<string[]> {
    const topics = (await this.topics()).rows()
    return topics.filter(({ kind }) => kind === 'table').map(({ topic }) => topic)
  }

  async #resolve(asked: readonly TopicArgument[]): Promise<ReplayTopic[]> {
    for (const topic of asked) requireTopic(topic)
    const all = (await this.source.topics()).map(({ topic }) => topic)
    const names = asked.map(topic => resolveTopic(all, typeof topic === 'string' ? topic : topic.name))
    const offsets = await this.source.topics(names)
    return asked.map((topic, i) => ({
      offsets: offsets.find(has => has.topic === names[i])!,
      definition: typeof topic === 'string' ? null : topic,
    }))
  }
}
printAs(Lab, lab => `Lab(${lab.name})`)

function requireTopic(topic: unknown): void {
  const name: unknown = typeof topic === 'object' && topic !== null && 'name' in topic ? topic.name : topic
  if (typeof name === 'string' && name !== '') return
  throw new ObslabError(
    'option-invalid',
    `Expected a topic, as a typed one (openmrs.obs) or a name ('obs'), found ${foundText(topic)}.`,
  )
}

/**
 * Opens a source to explore. Without an argument, the recording that obslab comes with. Else the folder of a recording
 * (what `obslab record` writes, or the data folder of a stopped broker), a URL `kafka://host:port?ssl=true&sasl=…`, a
 * Java `client.properties` file, or an object of Kafka options; credentials come from the environment
 * (OBSLAB_KAFKA_USERNAME, OBSLAB_KAFKA_PASSWORD), that file or a callback, never from the URL.
 */
export async function connect(where: string | KafkaOptions = embedded): Promise<Lab> {
  if (typeof where !== 'string' && (typeof where !== 'object' || where === null || Array.isArray(where))) {
    throw new ObslabError(
      'option-invalid',
      `Expected a folder, a kafka:// URL, a client.properties file or Kafka options, found ${foundText(where)}.`,
    )
  }
  const isFolder = typeof where === 'string' && !where.includes('://') && !where.endsWith('.properties')
  return new Lab(isFolder ? await openRecording(where) : await openKafka(parseKafkaConfig(where)))
}
