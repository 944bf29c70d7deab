import type { Connection } from 'mysql2/promise'
import { ObslabError } from '../errors.js'
import { loadPackage } from '../optional-package.js'

/** Where the database is: the parts of `mysql://user@host:port/database`, and the password beside it. */
export interface DatabaseAddress {
  user: string
  host: string
  port: number
  database: string
  password: string
}

/**
 * Takes `mysql://user@host:port/database`, or `mariadb://…`, apart (port 3306 when left out). A URL that holds a password is refused:
 * it would stay in shell histories and process lists.
 */
export function parseAddress(url: string, password: string): DatabaseAddress {
  const expected = 'expected mysql://user@host:port/database'
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^(mysql|mariadb):$/.test(parsed.protocol))
    throw new ObslabError('option-invalid', `Not a MySQL URL: ${expected}.`)
  if (parsed.password !== '')
    throw new ObslabError(
      'option-invalid',
      'The MySQL URL holds a password: leave it out and set OBSLAB_MYSQL_PASSWORD instead.',
    )
  const database = decodeURIComponent(parsed.pathname.slice(1))
  if (!/^[\w$-]{1,64}$/.test(database))
    throw new ObslabError('option-invalid', `The MySQL URL names no usable database: ${expected}.`)
  if (parsed.username === '')
    throw new ObslabError('option-invalid', `The MySQL URL names no user: ${expected}.`)
  return {
    user: decodeURIComponent(parsed.username),
    host: parsed.hostname,
    port: Number(parsed.port || 3306),
    database,
    password,
  }
}

/**
 * A connection to the server of an address, to no database of it, in UTC. One that refuses or does not answer is
 * `database-failed`; `neededBy` names the call for the case that mysql2 is not installed.
 */
export async function openMysql(address: DatabaseAddress, neededBy: string): Promise<Connection> {
  const mysql = await loadPackage('mysql2', neededBy, () => import('mysql2/promise'))
  const { database: _, ...server } = address
  const where = `MySQL at ${server.host}:${server.port}`
  return await mysql
    .createConnection({ ...server, charset: 'utf8mb4', timezone: 'Z', supportBigNumbers: true })
    .catch((error: unknown) => {
      const login = codeOf(error) === 'ER_ACCESS_DENIED_ERROR'
      throw new ObslabError(
        'database-failed',
        login
          ? `${where} refused the user '${server.user}': check the name, and the password in OBSLAB_MYSQL_PASSWORD.`
          : `${where} could not be reached (${codeOf(error)}): check that it runs and listens there.`,
        { cause: new MysqlFailure(error) },
      )
    })
}

/** MySQL's or the system's code of an error, for a sentence that leaves MySQL's own message out. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

/**
 * What MySQL answered, as the cause of an error: its code alone. Messages and statements of mysql2's own errors hold
 * values of rows.
 */
export class MysqlFailure extends Error {
  readonly code: string
  readonly errno: number | null

  constructor(error: unknown) {
    // What is asked of a connection after it broke fails without a code.
    const isBroken = error instanceof Error && !('code' in error) && Reflect.get(error, 'fatal') === true
    const code = isBroken ? 'PROTOCOL_CONNECTION_LOST' : codeOf(error)
    super(code)
    this.name = 'MysqlFailure'
    this.code = code
    const errno: unknown = error instanceof Error ? Reflect.get(error, 'errno') : null
    this.errno = typeof errno === 'number' ? errno : null
  }
}
