import { createHash } from 'node:crypto'
import { ObslabError } from '../errors.js'
import { type Holder, holderText, isGone } from './holder.js'
import { type MysqlSession, named } from './mysql-session.js'
import { hasTable } from './mysql-table.js'
import type { SinkProgress, SinkRequest } from './sink.js'

/** The table in which the jobs that write to a database keep how far they are. */
export const progressTable = 'obslab_progress'

/** Seconds in which a session that was ended must have let go of its lock. */
const takeOverSeconds = 10

const definition = `CREATE TABLE IF NOT EXISTS ${progressTable} (
  job VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  output VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source TEXT NOT NULL,
  generation BIGINT NOT NULL,
  session BIGINT UNSIGNED NOT NULL,
  host VARCHAR(255) NOT NULL,
  pid BIGINT NOT NULL,
  since DATETIME(3) NOT NULL,
  heartbeat DATETIME(6) NOT NULL,
  progress LONGTEXT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4`

/** What a job's row is about. */
export type ProgressOwner = Pick<SinkRequest, 'job' | 'source' | 'self' | 'log'> & {
  database: string
  table: string
}

/**
 * How far a job is, in its row of {@link progressTable}; and who runs it. A live instance holds a named lock of the server,
 * which is free the moment its connection is gone. What fences an older one off is the generation in the row: each
 * transaction locks the row and checks it.
 */
export class MysqlProgress {
  readonly #session: MysqlSession
  readonly #owner: ProgressOwner
  #generation = 0

  constructor(session: MysqlSession, owner: ProgressOwner) {
    this.#session = session
    this.#owner = owner
  }

  /** The live instance; null without one. It is told at once, and changes nothing. */
  async holder(): Promise<Holder | null> {
    const session = await this.#lockedBy()
    if (session === null) return null
    const row = await this.#row()
    // The row is another's until the one that has just taken the lock has written it.
    if (row === null || Number(row.session) !== session)
      return { host: 'a starting instance', pid: 0, since: this.#owner.self.since }
    const holder = holderOf(row)
    return this.#isLeft(holder) ? null : holder
  }

  /** Becomes the one instance: takes the lock and raises the generation. A live instance is a `job-held` error. */
  async take(): Promise<void> {
    const { job, table, source, self } = this.#owner
    if (!(await hasTable(this.#session, progressTable))) await this.#session.run(definition)
    await this.#lock()
    const [other] = await this.#session.run(
      `SELECT job FROM ${progressTable} WHERE output = ? AND job <> ? LIMIT 1`,
      [table, job],
    )
    if (other !== undefined) {
      throw new ObslabError(
        'output-foreign',
        `Expected the table ${table} to be written by the job ${job} alone, found that ${other.job} writes it. Name another ` +
          `table; or, when that job is no more, delete its row of ${progressTable}.`,
      )
    }
    await this.#session.run(
      `INSERT INTO ${progressTable} (job, output, source, generation, session, host, pid, since, heartbeat)
        VALUES (?, ?, ?, 1, CONNECTION_ID(), ?, ?, ?, UTC_TIMESTAMP(6))
        ON DUPLICATE KEY UPDATE generation = generation + 1, session = VALUES(session), host = VALUES(host),
        pid = VALUES(pid), since = VALUES(since), heartbeat = VALUES(heartbeat)`,
      [job, table, source, self.host, self.pid, timeText(self.since)],
    )
    const row = await this.#row()
    this.#generation = Number(row?.generation)
  }

  /** How far the output is. Null where nothing was written yet, or into another table, or from another source. */
  async read(): Promise<SinkProgress | null> {
    const { job, table, source, log } = this.#owner
    const row = await this.#row()
    if (row === null || row.progress === null) return null
    if (row.output === table && row.source === source) return JSON.parse(String(row.progress)) as SinkProgress
    log.warn('what the database keeps of the job is about another table or source, and does not count', {
      job,
      table: String(row.output),
      source: String(row.source),
    })
    return null
  }

  /** Locks the row until the transaction ends, and makes sure that this instance still is the one: else `job-fenced`. */
  async require(): Promise<void> {
    const [row] = await this.#session.run(
      `SELECT generation FROM ${progressTable} WHERE job = ? FOR UPDATE`,
      [this.#owner.job],
    )
    if (row !== undefined && Number(row.generation) === this.#generation) return
    throw new ObslabError(
      'job-fenced',
      `Another instance of the job ${this.#owner.job} has taken its output over. Run one instance; this one has ended.`,
    )
  }

  /** Writes how far the output is, in the transaction that is open. Null leaves what was kept. */
  async write(progress: SinkProgress | null): Promise<void> {
    if (progress === null) return
    const { job, table, source } = this.#owner
    await this.#session.run(
      `UPDATE ${progressTable} SET progress = ?, output = ?, source = ?, heartbeat = UTC_TIMESTAMP(6) WHERE job = ?`,
      [JSON.stringify(progress), table, source, job],
    )
  }

  /** Tells that this instance lives, which also keeps the server from ending the session. */
  async beat(): Promise<void> {
    await this.#session.run(
      `UPDATE ${progressTable} SET heartbeat = UTC_TIMESTAMP(6) WHERE job = ? AND generation = ?`,
      [this.#owner.job, this.#generation],
    )
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    await this.#session.run('DO RELEASE_LOCK(?)', [this.#lockName])
  }

  async #lock(): Promise<void> {
    if (await this.#locked(0)) return
    const [session, row] = [await this.#lockedBy(), await this.#row()]
    const holder = row === null ? null : holderOf(row)
    const isLeft = holder !== null && Number(row?.session) === session && this.#isLeft(holder)
    if (isLeft) {
      // The server does not know yet that the process is gone, or that its connection was given up.
      await this.#session.run(`KILL ${session}`).catch(() => {})
      if (await this.#locked(takeOverSeconds)) return
    } else if (session === null && (await this.#locked(0))) return
    throw new ObslabError(
      'job-held',
      `The job ${this.#owner.job} is running${holder === null ? '' : `: ${holderText(holder)}`}. Stop it first, or wait for it.`,
    )
  }

  /** Whether a holder is no instance any more: its process is gone, or it is this very one, from before it lost its connection. */
  #isLeft(holder: Holder): boolean {
    const { host, pid, since } = this.#owner.self
    return isGone(holder) || (holder.host === host && holder.pid === pid && holder.since === since)
  }

  async #locked(seconds: number): Promise<boolean> {
    const [answer] = await this.#session.run('SELECT GET_LOCK(?, ?) AS got', [this.#lockName, seconds])
    return Number(answer?.got) === 1
  }

  async #lockedBy(): Promise<number | null> {
    const [answer] = await this.#session.run('SELECT IS_USED_LOCK(?) AS session', [this.#lockName])
    return answer?.session === null || answer === undefined ? null : Number(answer.session)
  }

  /** Locks are the server's and not a database's, and their names have at most 64 characters. */
  get #lockName(): string {
    const { database, job } = this.#owner
    return `obslab.${createHash('sha256').update(`${database}\0${job}`).digest('hex').slice(0, 40)}`
  }

  async #row(): Promise<Record<string, unknown> | null> {
    if (!(await hasTable(this.#session, progressTable))) return null
    const [row] = await this.#session.run(
      `SELECT output, source, generation, session, host, pid, CAST(since AS CHAR) AS since, progress
        FROM ${named(progressTable)} WHERE job = ?`,
      [this.#owner.job],
    )
    return row ?? null
  }
}

function holderOf({ host, pid, since }: Record<string, unknown>): Holder {
  return { host: String(host), pid: Number(pid), since: Date.parse(`${String(since).replace(' ', 'T')}Z`) }
}

function timeText(ms: number): string {
  return new Date(Math.floor(ms)).toISOString().slice(0, -1).replace('T', ' ')
}
