import type { Connection } from 'mysql2/promise'
import { ObslabError } from '../errors.js'
import { codeOf, type DatabaseAddress, openMysql } from '../job/mysql-connection.js'
import { schema } from './schema.js'
import type { Statement, Step } from './statement.js'

/** One connection to the database that is simulated into. Its errors are `database-failed`. */
export class SimulatedDatabase {
  readonly #connection: Connection
  readonly #database: string

  private constructor(connection: Connection, database: string) {
    this.#connection = connection
    this.#database = database
    // The next statement tells of a connection that breaks between two; an event nobody hears would end the process.
    connection.on('error', () => undefined)
  }

  /** Connects, in UTC and with the lenience towards zero dates that old OpenMRS servers have. */
  static async connect(address: DatabaseAddress): Promise<SimulatedDatabase> {
    const connection = await openMysql(address, 'simulate()')
    const { database } = address
    const opened = new SimulatedDatabase(connection, database)
    await opened.#query({ sql: "SET time_zone='+00:00', sql_mode='NO_ENGINE_SUBSTITUTION'", values: [] })
    return opened
  }

  /** Creates the database when it is missing and every table of the schema; refuses a database that has tables. */
  async createSchema(): Promise<void> {
    const name = `\`${this.#database}\``
    await this.#query({
      sql: `CREATE DATABASE IF NOT EXISTS ${name} DEFAULT CHARACTER SET utf8mb4`,
      values: [],
    })
    const tables = await this.#query({
      sql: 'SELECT count(*) AS tables FROM information_schema.tables WHERE table_schema=?',
      values: [this.#database],
    })
    const count = Number((tables as { tables: number }[])[0]?.tables)
    if (count > 0)
      throw new ObslabError(
        'database-failed',
        `The simulation expects an empty database, found ${count} tables in '${this.#database}': name another one.`,
      )
    await this.use()
    for (const sql of Object.values(schema)) await this.#query({ sql, values: [] })
  }

  /** Makes the database the current one. */
  async use(): Promise<void> {
    await this.#query({ sql: `USE \`${this.#database}\``, values: [] })
  }

  /** Executes a step: in one transaction, committed unless the step says otherwise. */
  async execute(step: Step): Promise<void> {
    const transaction = step.kind !== 'alter' && (step.rollback === true || step.statements.length > 1)
    if (transaction) await this.#query({ sql: 'START TRANSACTION', values: [] })
    for (const statement of step.statements) await this.#query(statement)
    if (transaction) await this.#query({ sql: step.rollback === true ? 'ROLLBACK' : 'COMMIT', values: [] })
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.#connection.end().catch(() => this.#connection.destroy())
  }

  /** MySQL's own message is left out, because it may quote values. */
  async #query({ sql, values }: Statement): Promise<unknown> {
    try {
      const [result] = await this.#connection.query(sql, values.map(driverValue))
      return result
    } catch (error) {
      const what = sql.split(/[\s(]/).slice(0, 3).join(' ')
      throw new ObslabError(
        'database-failed',
        `The database '${this.#database}' refused the statement '${what} …' (${codeOf(error)})${adviceFor(error)}.`,
      )
    }
  }
}

function driverValue(value: Statement['values'][number]): string | number | Buffer | null {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? Buffer.from(value) : value
}

const advice: Readonly<Record<string, string>> = {
  ER_BAD_DB_ERROR: ': play the phases schema and population first',
  ER_NO_SUCH_TABLE: ': play the phases schema and population first',
  ER_NO_REFERENCED_ROW_2: ': a life needs the population of the same seed, patients and start',
  ER_DUP_ENTRY: ': its rows are there already; play into another database',
  ER_DBACCESS_DENIED_ERROR: ': grant the user all privileges on this database',
}

function adviceFor(error: unknown): string {
  return advice[codeOf(error)] ?? ''
}
