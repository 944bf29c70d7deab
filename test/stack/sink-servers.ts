import type { ChildProcess } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, inject } from 'vitest'
import type { DatabaseAddress } from '../../src/job/mysql-connection.js'
import { mysqlSink } from '../../src/job/mysql-sink.js'
import type { Sink, SinkRequest } from '../../src/job/sink.js'
import { MariadbService, whyNoMariadb } from './mariadb.js'
import { careRequest, SinkDatabases } from './sink-database.js'

const stack = inject('stack')

interface Server {
  /** `mysql://user@host:port`. */
  address: string
  remove(): Promise<void>
}

const servers: readonly [string, boolean, () => Promise<Server>][] = [
  ['MySQL', stack !== null, async () => ({ address: stack!.mysql, remove: async () => {} })],
  [
    'MariaDB',
    stack !== null && whyNoMariadb() === null,
    async () => {
      const service = await MariadbService.create()
      await service.start()
      return service
    },
  ],
]

/** Tests of sinks on the MySQL of the stack and on the machine's MariaDB, each test in a database of its own. */
export function onEachServer(what: string, tests: (on: SinkServer) => void): void {
  describe.each(servers)(`${what} of %s`, (_, isThere, start) => {
    const on = new SinkServer()
    beforeAll(async () => {
      if (isThere) await on.start(await start())
    })
    beforeEach(async context => (isThere ? await on.begin() : context.skip()))
    afterEach(() => on.end())
    afterAll(() => on.stop())
    tests(on)
  })
}

/** A server that cuts what does not fit and takes backslashes as they are, if a session does not ask for better. */
export class SinkServer {
  server!: Server
  databases!: SinkDatabases
  /** The database of the test. */
  address!: DatabaseAddress
  #mode: unknown
  #sinks: Sink[] = []
  #processes: ChildProcess[] = []

  async start(server: Server): Promise<void> {
    this.server = server
    this.databases = await SinkDatabases.of(server.address)
    const [settings] = await this.databases.query('SELECT @@global.sql_mode AS mode')
    this.#mode = settings!.mode
    await this.databases.query("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'")
  }

  async begin(): Promise<void> {
    this.address = await this.databases.fresh()
  }

  async end(): Promise<void> {
    for (const process of this.#processes) process.kill('SIGKILL')
    for (const sink of this.#sinks) await sink.close()
    this.#processes = []
    this.#sinks = []
  }

  async stop(): Promise<void> {
    await this.databases?.query('SET GLOBAL sql_mode = ?', [this.#mode])
    await this.databases?.close()
    await this.server?.remove()
  }

  /** Has a sink closed when the test has ended. */
  closing(sink: Sink): void {
    this.#sinks.push(sink)
  }

  /** Has a process killed when the test has ended. */
  killing(process: ChildProcess): void {
    this.#processes.push(process)
  }

  async open(request: SinkRequest = careRequest(), where: DatabaseAddress = this.address): Promise<Sink> {
    const sink = mysqlSink(where)
    this.closing(sink)
    await sink.open(request)
    return sink
  }

  /** What the output holds after records were written. */
  async heldAfter(request: SinkRequest, records: readonly [string, string][]): Promise<Map<string, string>> {
    const sink = await this.open(request)
    await sink.write({
      records: records.map(([key, row]) => ({ key, row })),
      deadLetters: [],
      progress: null,
    })
    return new Map((await sink.held()).rows)
  }

  /** The rows of the table `care` that an onlooker sees. */
  async care(): Promise<Record<string, unknown>[]> {
    return (await this.databases.query('SELECT id, name FROM care ORDER BY id')).map(row => ({ ...row }))
  }
}
