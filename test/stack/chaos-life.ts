import { type Connection, createConnection } from 'mysql2/promise'
import { parseAddress } from '../../src/job/mysql-connection.js'
import { Clinic } from '../../src/stack/clinic.js'
import { SimulatedDatabase } from '../../src/stack/database.js'
import { life } from '../../src/stack/life.js'
import { population } from '../../src/stack/population.js'
import type { Step } from '../../src/stack/statement.js'
import { mysqlUsers } from './mysql.js'

/** What a {@link ChaosLife} plays. */
export interface ChaosLifeOptions {
  /** `mysql://openmrs@127.0.0.1:<port>`. */
  mysql: string
  database: string
  seed: number
  patients: number
  /** Row changes a second. */
  rate: number
  /** Row changes after which it is over, unless it is stopped before. */
  changes: number
}

/** Where the simulation's own command begins, so that the population is the same. */
const start = Date.parse('2026-03-02T06:00:00Z')

/**
 * The simulated life on a database that is killed while it goes on. Each transaction also writes its number into the table
 * `chaos_step`: after a broken connection that says whether the transaction was committed, so that none is left out or
 * played twice. DDL commits by itself, so the database must be left alone during it: {@link ChaosLife.outsideDdl}.
 */
export class ChaosLife {
  rows = 0
  /** Why it could not go on; null as long as it does. */
  failure: unknown = null
  /** Times that its connection broke. */
  broken = 0
  readonly #options: ChaosLifeOptions
  readonly #ended: Promise<void>
  #stopping = false
  #ddl: Promise<void> = Promise.resolve()
  #held: Promise<void> | null = null
  #database: SimulatedDatabase | null = null

  private constructor(options: ChaosLifeOptions) {
    this.#options = options
    this.#ended = this.#play()
    this.#ended.catch((error: unknown) => {
      this.failure = error
    })
  }

  /** Begins to play. The population must be there. */
  static async begin(options: ChaosLifeOptions): Promise<ChaosLife> {
    const connection = await connectTo(options)
    await connection.query('CREATE TABLE chaos_step (id INT PRIMARY KEY, step INT NOT NULL)')
    await connection.query('INSERT INTO chaos_step VALUES (1, -1)')
    await connection.end()
    return new ChaosLife(options)
  }

  /** Does something to the database while no DDL is under way, and lets none begin meanwhile. */
  async outsideDdl<T>(use: () => Promise<T>): Promise<T> {
    let letGo = (): void => {}
    this.#held = new Promise(resolve => {
      letGo = resolve
    })
    try {
      await this.#ddl
      return await use()
    } finally {
      this.#held = null
      letGo()
    }
  }

  /** Stops after the transaction under way. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#ended
    await this.#database?.close()
  }

  async #play(): Promise<void> {
    const { seed, patients, changes, rate } = this.#options
    const clinic = new Clinic(seed, start)
    for (const _ of population(clinic, patients));
    let due = Date.now()
    let number = 0
    for (const step of life(clinic, changes)) {
      if (this.#stopping) return
      if (step.kind === 'alter') await this.#alter(step)
      else await this.#commit(step, number)
      number++
      this.rows += step.rows
      due = Math.max(due, Date.now() - 1000) + (step.rows / rate) * 1000
      if (due > Date.now()) await pause(due - Date.now())
    }
  }

  async #alter(step: Step): Promise<void> {
    while (this.#held !== null) await this.#held
    this.#ddl = this.#executeDdl(step)
    await this.#ddl
  }

  /** On a connection that has outlived what happened to the database: nothing can tell afterwards whether DDL was played. */
  async #executeDdl(step: Step): Promise<void> {
    if (this.#database !== null && !(await this.#isAlive())) await this.#lost()
    await (await this.#connected()).execute(step)
  }

  async #lost(): Promise<void> {
    this.broken++
    await this.#database?.close()
    this.#database = null
  }

  async #commit(step: Step, number: number): Promise<void> {
    const mark = { sql: 'UPDATE chaos_step SET step=? WHERE id=1', values: [number] }
    const marked = { ...step, statements: [...step.statements, mark] }
    for (;;) {
      const database = await this.#connected()
      try {
        return await database.execute(marked)
      } catch (error) {
        if (await this.#isAlive()) throw error
        await this.#lost()
        if (step.rollback !== true && (await this.#lastStep()) === number) return
      }
    }
  }

  /** Whether the database answers on the connection: what it refused then is no broken connection. */
  async #isAlive(): Promise<boolean> {
    try {
      await this.#database?.use()
      return true
    } catch {
      return false
    }
  }

  async #connected(): Promise<SimulatedDatabase> {
    const { mysql, database } = this.#options
    while (this.#database === null) {
      try {
        const address = parseAddress(`${mysql}/${database}`, mysqlUsers.openmrs.password)
        const opened = await SimulatedDatabase.connect(address)
        await opened.use()
        this.#database = opened
      } catch {
        await pause(100)
      }
    }
    return this.#database
  }

  async #lastStep(): Promise<number> {
    for (;;) {
      try {
        const connection = await connectTo(this.#options)
        const [[row]] = (await connection.query('SELECT step FROM chaos_step')) as unknown as [
          [{ step: number }],
        ]
        await connection.end()
        return row.step
      } catch {
        await pause(100)
      }
    }
  }
}

function connectTo({ mysql, database }: ChaosLifeOptions): Promise<Connection> {
  const { hostname: host, port } = new URL(mysql)
  return createConnection({ host, port: Number(port), database, ...mysqlUsers.openmrs })
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
