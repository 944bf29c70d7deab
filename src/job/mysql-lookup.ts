import { ObslabError } from '../errors.js'
import { thisProcess } from './holder.js'
import type { Log } from './log.js'
import { parseAddress } from './mysql-connection.js'
import { MysqlDeadLetters } from './mysql-dead-letters.js'
import { mysqlFailure } from './mysql-failure.js'
import { MysqlProgress } from './mysql-progress.js'
import { MysqlSession } from './mysql-session.js'
import { hasTable } from './mysql-table.js'
import { deadLetterTable } from './names.js'
import type { OutputProgress, ProgressQuestion } from './output-progress.js'

const silent: Log = { info() {}, warn() {}, error() {} }

/** The dead letters beside a table, as they were written. The password comes from OBSLAB_MYSQL_PASSWORD. */
export async function readMysqlDeadLetters(where: string, output: string): Promise<string[]> {
  return await looking(where, output, async session => {
    const table = deadLetterTable(output)
    if (await hasTable(session, table)) {
      return [...(await (await MysqlDeadLetters.open(session, table)).letters()).values()]
    }
    if (await hasTable(session, output)) return []
    throw new ObslabError(
      'option-invalid',
      `There is no table ${output} in that database: name the output of a job.`,
    )
  })
}

/** How far a job's output in MySQL is, without taking it over. */
export async function readMysqlProgress({
  where,
  job,
  output,
  source,
}: ProgressQuestion): Promise<OutputProgress> {
  return await looking(where, output, async (session, database) => {
    const owner = { job, source, self: thisProcess(0), log: silent, database, table: output }
    const progress = new MysqlProgress(session, owner)
    return { progress: await progress.read(), holder: await progress.holder() }
  })
}

async function looking<T>(
  where: string,
  table: string,
  look: (session: MysqlSession, database: string) => Promise<T>,
): Promise<T> {
  const address = parseAddress(where, process.env.OBSLAB_MYSQL_PASSWORD ?? '')
  const name = `mysql://${address.host}:${address.port}/${address.database}`
  try {
    const session = await MysqlSession.open(address, 'A job in MySQL')
    try {
      return await look(session, address.database)
    } finally {
      session.destroy()
    }
  } catch (error) {
    throw mysqlFailure(error, { name, table })
  }
}
