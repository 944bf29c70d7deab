import type { Connection as StreamingConnection } from 'mysql2'
import type { Connection } from 'mysql2/promise'
import { type DatabaseAddress, openMysql } from './mysql-connection.js'

/** Seconds without a statement after which the server ends a session, and frees its lock: that of a machine that vanished. */
const idleSeconds = 120
/** Milliseconds that a statement may take before its connection counts as lost. */
const statementTimeout = 120_000

/** Settings that what is written depends on, whatever the server's are: nothing is cut to fit, and times are UTC. */
const settings = [
  'SET SESSION autocommit = 1',
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
  "SET SESSION time_zone = '+00:00'",
  `SET SESSION wait_timeout = ${idleSeconds}`,
]

/** One connection of a sink, in its database. */
export class MysqlSession {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
    // A connection that is lost while nothing is asked of it tells so here; the next statement fails with it.
    connection.on('error', () => {})
  }

  static async open(address: DatabaseAddress, neededBy: string): Promise<MysqlSession> {
    const connection = await openMysql(address, neededBy)
    const session = new MysqlSession(connection)
    try {
      await session.run(`USE ${named(address.database)}`)
      for (const setting of settings) await session.run(setting)
    } catch (error) {
      session.destroy()
      throw error
    }
    return session
  }

  /** Runs a statement, and gives its rows. */
  async run(sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const [rows] = await this.#connection.query({ sql, timeout: statementTimeout }, [...values])
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  }

  /**
   * The rows of a query one after another, as lists of values in MySQL's binary form, in which doubles are exact. Integers
   * of 64 bits and times come as text.
   */
  async *rows(sql: string): AsyncGenerator<readonly unknown[]> {
    const { connection } = this.#connection as unknown as { connection: StreamingConnection }
    const options = {
      sql,
      rowsAsArray: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
    }
    for await (const row of connection.execute(options).stream()) yield row as readonly unknown[]
  }

  /** A text as a literal. */
  readonly quote = (text: string): string => this.#connection.escape(text)

  /** Ends the session in order. */
  async end(): Promise<void> {
    await this.#connection.end()
  }

  /** Cuts the connection: the server rolls back what was open. */
  destroy(): void {
    this.#connection.destroy()
  }
}

/** A name as SQL writes it. */
export function named(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
