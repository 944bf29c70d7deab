import { type Consumer, Kafka, logLevel } from 'kafkajs'
import { type Connection, createConnection } from 'mysql2/promise'
import { hashOf, type TableText } from './chaos-output.js'
import { mysqlUsers } from './mysql.js'

/** Every row that readers of an output saw: by key, the rows it had. */
export class SeenRows {
  readonly rows: Map<string, Set<string>> = new Map()
  /** Rows seen, equal ones of one key once. */
  distinct: number = 0

  see(key: string, row: string): void {
    const seen = this.rows.get(key)
    if (seen?.has(row)) return
    this.distinct++
    if (seen === undefined) this.rows.set(key, new Set([row]))
    else seen.add(row)
  }
}

/** A plain kafkajs consumer of committed records that notes what it sees of output topics, through every restart of a broker. */
export class TopicReader {
  /** By topic. */
  readonly seen: ReadonlyMap<string, SeenRows>
  /** By place, `vitals-2-1401`, a hash of what stood there: what a reader of committed records saw can not become another. */
  readonly places: Map<string, string> = new Map()
  /** Places that were another the second time. */
  readonly changed: string[] = []
  /** Times that its consumer gave up in an outage, and another began from the first record. */
  crashes = 0
  readonly #bootstrap: string
  #consumer: Consumer | null = null
  #closed = false

  private constructor(bootstrap: string, topics: readonly string[]) {
    this.#bootstrap = bootstrap
    this.seen = new Map(topics.map(topic => [topic, new SeenRows()]))
  }

  /** Begins to read; the topics must be there. */
  static async begin(bootstrap: string, topics: readonly string[]): Promise<TopicReader> {
    const reader = new TopicReader(bootstrap, topics)
    await reader.#run()
    return reader
  }

  async #run(): Promise<void> {
    const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 1_000_000 }
    const kafka = new Kafka({ brokers: [this.#bootstrap], logLevel: logLevel.NOTHING, retry })
    const groupId = `chaos-reader-${process.pid}-${this.crashes}-${Date.now()}`
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200, readUncommitted: false })
    this.#consumer = consumer
    consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart && !this.#closed) this.#again()
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [...this.seen.keys()], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message: { offset, key, value } }) =>
        this.#take(topic, `${topic}-${partition}-${offset}`, `${key}`, value === null ? null : `${value}`),
    })
  }

  #again(): void {
    this.crashes++
    setTimeout(() => {
      if (!this.#closed) this.#run().catch(() => this.#again())
    }, 500)
  }

  /** What it saw otherwise than `places` of a topic say, once it has seen all of them or a minute is over. */
  async mismatches(places: ReadonlyMap<string, string>): Promise<string[]> {
    const deadline = Date.now() + 60_000
    while (Date.now() < deadline && [...places.keys()].some(place => !this.places.has(place)))
      await new Promise(resolve => setTimeout(resolve, 200))
    const unlike = [...places].filter(([place, hash]) => this.places.get(place) !== hash)
    return [
      ...unlike.map(([place]) => `${place} was ${this.places.has(place) ? 'another' : 'not seen'}`),
      ...this.changed.splice(0).map(place => `${place} changed`),
    ]
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#consumer?.disconnect()
  }

  #take(topic: string, place: string, key: string, row: string | null): void {
    const text = hashOf(`${key} ${row}`)
    const before = this.places.get(place)
    if (before !== undefined && before !== text) this.changed.push(place)
    this.places.set(place, text)
    if (row !== null) this.seen.get(topic)!.see(key, row)
  }
}

/** Selects everything of output tables again and again, and notes what it sees. */
export class TableReader {
  readonly seen: ReadonlyMap<string, SeenRows>
  reads = 0
  readonly #mysql: string
  readonly #database: string
  readonly #textOf: TableText
  readonly #ended: Promise<void>
  #stopping = false

  /** `textOf` gives key and row of a table's row as an output topic has them. */
  constructor(mysql: string, database: string, tables: readonly string[], textOf: TableText) {
    this.#mysql = mysql
    this.#database = database
    this.#textOf = textOf
    this.seen = new Map(tables.map(table => [table, new SeenRows()]))
    this.#ended = this.#run()
  }

  async close(): Promise<void> {
    this.#stopping = true
    await this.#ended
  }

  async #run(): Promise<void> {
    let connection: Connection | null = null
    while (!this.#stopping) {
      const begun = performance.now()
      try {
        connection ??= await this.#connect()
        for (const [table, seen] of this.seen) await this.#read(connection, table, seen)
        this.reads++
      } catch {
        connection?.destroy()
        connection = null
      }
      // It takes a fifth of the time at most: the tables grow.
      const pause = Math.max(250, 4 * (performance.now() - begun))
      if (!this.#stopping) await new Promise(resolve => setTimeout(resolve, pause))
    }
    connection?.destroy()
  }

  async #connect(): Promise<Connection> {
    const { hostname: host, port } = new URL(this.#mysql)
    const at = {
      host,
      port: Number(port),
      database: this.#database,
      dateStrings: true,
      supportBigNumbers: true,
    }
    const connection = await createConnection({ ...at, ...mysqlUsers.openmrs })
    connection.on('error', () => undefined)
    return connection
  }

  async #read(connection: Connection, table: string, seen: SeenRows): Promise<void> {
    const [found] = await connection.query({ sql: 'SHOW TABLES LIKE ?', values: [table] })
    if ((found as unknown[]).length === 0) return
    const [rows] = await connection.query(`SELECT * FROM \`${table}\``)
    for (const one of rows as Record<string, unknown>[]) {
      const { key, row } = this.#textOf(table, one)
      seen.see(key, row)
    }
  }
}
