import { createServer, connect as dial, type Socket } from 'node:net'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { ColumnKind, ColumnType } from '../../src/change/column-type.js'
import { thisProcess } from '../../src/job/holder.js'
import type { Log } from '../../src/job/log.js'
import type { DatabaseAddress } from '../../src/job/mysql-connection.js'
import type { SinkBatch, SinkRequest } from '../../src/job/sink.js'
import { mysqlUsers } from './mysql.js'

/** Empty databases of one server, and what an onlooker sees in them. */
export class SinkDatabases {
  readonly #url: URL
  readonly #connection: Connection
  #made = 0

  private constructor(url: URL, connection: Connection) {
    this.#url = url
    this.#connection = connection
  }

  /** Of the server at `mysql://user@host:port`. */
  static async of(address: string): Promise<SinkDatabases> {
    const url = new URL(address)
    return new SinkDatabases(
      url,
      await createConnection({ host: url.hostname, port: Number(url.port), ...mysqlUsers.openmrs }),
    )
  }

  /** A new database, in which the onlooker is from now on. */
  async fresh(): Promise<DatabaseAddress> {
    const database = `sink_${++this.#made}`
    await this.query(`DROP DATABASE IF EXISTS ${database}`)
    await this.query(`CREATE DATABASE ${database}`)
    await this.query(`USE ${database}`)
    return { host: this.#url.hostname, port: Number(this.#url.port), database, ...mysqlUsers.openmrs }
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<RowDataPacket[]> {
    const [rows] = await this.#connection.query<RowDataPacket[]>(sql, [...values])
    return rows
  }

  async close(): Promise<void> {
    await this.#connection.end()
  }
}

/** A column of an output, as a schema declares it. */
export function column(name: string, kind: ColumnKind, more: Partial<ColumnType> = {}): ColumnType {
  return {
    name,
    kind,
    encoding: kind === 'json' ? 'struct' : 'text',
    nullable: true,
    origin: 'declared',
    ...more,
  }
}

/** What a job called `care` opens its sink for: rows of `id` and `name`. */
export function careRequest(more: Partial<SinkRequest> = {}): SinkRequest & { warnings: string[] } {
  const warnings: string[] = []
  const log: Log = { info: () => {}, warn: message => void warnings.push(message), error: () => {} }
  return {
    job: 'care',
    output: 'care',
    key: ['id'],
    columns: [column('id', 'int', { nullable: false }), column('name', 'text')],
    settings: {},
    partitions: 1,
    source: 'kafka://somewhere',
    self: thisProcess(Date.now()),
    log,
    warnings,
    ...more,
  }
}

/** A batch of rows of `id` and `name`, null for one that is gone, that brings the inputs to `next`. */
export function careBatch(next: number, rows: Readonly<Record<number, string | null>>): SinkBatch {
  return {
    records: Object.entries(rows).map(([id, name]) => ({
      key: `{"id":${id}}`,
      row: name === null ? null : `{"id":${id},"name":${JSON.stringify(name)}}`,
    })),
    deadLetters: [],
    progress: { offsets: [{ topic: 'obs', partition: 0, next }], whole: true },
  }
}

/** Stands between a client and a server until a COMMIT comes, and ends the connection there. */
export class CommitCutter {
  readonly address: DatabaseAddress
  readonly close: () => void

  private constructor(address: DatabaseAddress, close: () => void) {
    this.address = address
    this.close = close
  }

  /** `passes` says whether the server hears of the COMMIT before the connection ends. */
  static async before(server: DatabaseAddress, { passes }: { passes: boolean }): Promise<CommitCutter> {
    const proxy = createServer(client => {
      const upstream: Socket = dial(server.port, server.host)
      client.on('error', () => {})
      upstream.on('error', () => {})
      client.on('close', () => upstream.end())
      upstream.on('close', () => client.destroy())
      upstream.on('data', data => client.writable && client.write(data))
      client.on('data', data => {
        const isCommit = data.includes('COMMIT')
        if (!isCommit || passes) upstream.write(data)
        if (isCommit) client.destroy()
      })
    })
    await new Promise<void>(listening => proxy.listen(0, '127.0.0.1', listening))
    const { port } = proxy.address() as { port: number }
    return new CommitCutter({ ...server, host: '127.0.0.1', port }, () => proxy.close())
  }
}
