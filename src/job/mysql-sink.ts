import { z } from 'zod'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { parseOptions } from '../options.js'
import type { Holder } from './holder.js'
import { type DatabaseAddress, parseAddress } from './mysql-connection.js'
import { MysqlDeadLetters } from './mysql-dead-letters.js'
import { mysqlFailure } from './mysql-failure.js'
import { MysqlProgress, progressTable } from './mysql-progress.js'
import { MysqlSession } from './mysql-session.js'
import { MysqlTable, type TableForm } from './mysql-table.js'
import { deadLetterTable } from './names.js'
import type { HeldOutput, Sink, SinkBatch, SinkProgress, SinkRequest } from './sink.js'

/** What {@link mysqlSink} takes besides the address. */
export interface MysqlSinkOptions {
  /** The table that rows are written to. Default: the pipeline's output. */
  table?: string
  /** Default: the machine's. */
  clock?: Clock
}

const optionsSchema = z.strictObject({
  table: z
    .string()
    .regex(/^[^\0/\\]{1,51}$/, 'expected a name of 1 to 51 characters')
    .optional(),
  clock: z.custom<Clock>(value => typeof value === 'object' && value !== null).default(systemClock),
})

const addressSchema = z.strictObject({
  user: z.string().min(1),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(3306),
  database: z.string().min(1),
  password: z.string(),
})

/** Milliseconds between two signs of life: the server ends a session that was silent for two minutes. */
const heartbeat = 20_000
/** Bytes of one statement, where the server's max_allowed_packet leaves as much. */
const statementBytes = 1024 * 1024
/** Bytes of a statement besides its rows. */
const besides = 64 * 1024

/**
 * A sink that writes a table of MySQL (5.7 and up) or MariaDB, and each batch in one transaction with how far the inputs
 * are: each change affects the table exactly once, and a reader at READ COMMITTED or above sees a batch whole or not at all.
 *
 * `mysqlSink('mysql://user@host:port/database')` takes the password from OBSLAB_MYSQL_PASSWORD. The database must be there.
 * Created in it, where they are missing, are the table, with the columns that the schema of `.to(…)` declares and the
 * output's key as primary key, `<table>_dead_letters`, and `obslab_progress`, with one row for each job. What types columns
 * have is said at `mysqlColumn`. A table that is there and has other columns is an `output-foreign` error that tells how to
 * change it; further columns that may be null, or have a default, are left alone.
 *
 * A live instance holds a lock that the server frees when its connection is gone; opening while it lives is a `job-held`
 * error. An instance that lost its place finds another generation in the job's row, and its batch fails with `job-fenced`.
 */
export function mysqlSink(where: string | DatabaseAddress, options: MysqlSinkOptions = {}): Sink {
  const address =
    typeof where === 'string'
      ? parseAddress(where, process.env.OBSLAB_MYSQL_PASSWORD ?? '')
      : parseOptions(addressSchema, where, 'Database address')
  const { table, clock } = parseOptions(optionsSchema, options)
  return new MysqlSink(address, table ?? null, clock)
}

/** What is there while a sink is open. */
interface Opened {
  session: MysqlSession
  table: MysqlTable
  deadLetters: MysqlDeadLetters
  progress: MysqlProgress
}

class MysqlSink implements Sink {
  readonly name: string
  readonly delivery = 'exactly-once'
  readonly #address: DatabaseAddress
  readonly #given: string | null
  readonly #clock: Clock
  #closing = new AbortController()
  #table = ''
  #session: MysqlSession | null = null
  #opened: Opened | null = null
  #maxRecordBytes: number | undefined
  /** True while a transaction is open: the heartbeat stays out of it. */
  #writing = false
  /** After a failure the state of the connection is not known. */
  #failed = false

  constructor(address: DatabaseAddress, table: string | null, clock: Clock) {
    this.name = `mysql://${address.host}:${address.port}/${address.database}`
    this.#address = address
    this.#given = table
    this.#clock = clock
  }

  get maxRecordBytes(): number | undefined {
    return this.#maxRecordBytes
  }

  async holder(request: SinkRequest): Promise<Holder | null> {
    return await this.#guard(async () => {
      const session = await MysqlSession.open(this.#address, 'mysqlSink()')
      try {
        return await this.#progressOf(session, request).holder()
      } finally {
        session.destroy()
      }
    })
  }

  async open(request: SinkRequest): Promise<SinkProgress | null> {
    const form = this.#formOf(request)
    this.#closing = new AbortController()
    this.#writing = false
    this.#failed = false
    return await this.#guard(async () => {
      const session = await MysqlSession.open(this.#address, 'mysqlSink()')
      this.#session = session
      const progress = this.#progressOf(session, request)
      await progress.take()
      const [limits] = await session.run('SELECT @@max_allowed_packet AS packet')
      const room = Number(limits?.packet) - besides
      // A text of nothing but quotes and backslashes is twice as long as a literal.
      this.#maxRecordBytes = Math.floor(room / 2)
      const table = await MysqlTable.open(session, form, Math.min(statementBytes, room))
      const deadLetters = await MysqlDeadLetters.open(session, deadLetterTable(this.#table))
      this.#opened = { session, table, deadLetters, progress }
      void this.#beat(progress, this.#closing.signal)
      return await progress.read()
    })
  }

  async held(): Promise<HeldOutput> {
    const { table, deadLetters } = this.#require()
    return await this.#guard(async () => ({
      rows: await table.rows(),
      deadLetters: await deadLetters.letters(),
    }))
  }

  async write({ records, deadLetters, progress }: SinkBatch): Promise<void> {
    const opened = this.#require()
    const { session } = opened
    this.#writing = true
    await this.#guard(async () => {
      await session.run('START TRANSACTION')
      await opened.progress.require()
      for (const statement of opened.table.statements(records)) await session.run(statement)
      await opened.deadLetters.write(deadLetters)
      await opened.progress.write(progress)
      await session.run('COMMIT')
    })
    this.#writing = false
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const [session, opened] = [this.#session, this.#opened]
    this.#session = null
    this.#opened = null
    if (session === null) return
    try {
      if (opened === null || this.#failed || this.#writing) return
      await opened.progress.release()
      await session.end()
    } catch {
      // What is left of a broken connection is cut below.
    } finally {
      session.destroy()
    }
  }

  #require(): Opened {
    if (this.#opened === null) throw new Error('the sink is not open')
    return this.#opened
  }

  #progressOf(session: MysqlSession, { job, output, source, self, log }: SinkRequest): MysqlProgress {
    this.#table = this.#given ?? output
    return new MysqlProgress(session, {
      job,
      source,
      self,
      log,
      database: this.#address.database,
      table: this.#table,
    })
  }

  #formOf({ job, output, key, columns }: SinkRequest): TableForm {
    const table = this.#given ?? output
    const declare = `declare them: .to('${output}', { key: ['…'], schema: z.object({ … }) })`
    const invalid = (problem: string): ObslabError =>
      new ObslabError('pipeline-invalid', `The job ${job} cannot write the table ${table}: ${problem}.`)
    if (columns === null) throw invalid(`nothing tells the columns of its rows; ${declare}`)
    if (key === null || key.length === 0) throw invalid(`nothing tells the columns of its key; ${declare}`)
    const missing = key.filter(name => !columns.some(column => column.name === name))
    if (missing.length > 0) {
      throw invalid(
        `${missing.join(', ')} of its key ${missing.length === 1 ? 'is not a column' : 'are not columns'} of its rows; keep the ` +
          `key in the rows, or name another in .to('${output}', { key: ['…'] })`,
      )
    }
    const json = key.find(name => columns.find(column => column.name === name)?.kind === 'json')
    if (json !== undefined) throw invalid(`${json} of its key is a list or an object`)
    if (table === progressTable || `${table}_dead_letters`.length > 64) {
      throw invalid(
        `the name is ${table === progressTable ? "that of obslab's own table" : 'longer than 51 characters'}; give another, { table: '…' }`,
      )
    }
    return { table, key, columns }
  }

  async #beat(progress: MysqlProgress, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#clock.sleep(heartbeat, signal)
        if (!this.#writing) await progress.beat()
      }
    } catch {
      // Closed; or the connection is lost, which the next batch fails with.
    }
  }

  async #guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (error) {
      this.#failed = true
      throw mysqlFailure(error, { name: this.name, table: this.#table })
    }
  }
}
