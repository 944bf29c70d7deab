import { createConnection } from 'mysql2/promise'
import { type FinalTable, finalTables } from './final-rows.js'
import { mysqlUsers } from './mysql.js'

/** What a database held at a moment. */
export interface NotedMoment {
  /** The transactions executed by then. */
  gtid: string
  /** The database's clock, milliseconds. */
  time: number
  tables: FinalTable[]
}

/** Notes what a database holds while nothing can be committed, in the midst of whatever changes it. */
export async function notedMoment(
  mysqlUrl: string,
  database: string,
  gtidVariable: '@@global.gtid_executed' | '@@global.gtid_binlog_pos',
): Promise<NotedMoment> {
  const { hostname: host, port } = new URL(mysqlUrl)
  const connection = await createConnection({ host, port: Number(port), ...mysqlUsers.openmrs })
  try {
    await connection.query('FLUSH TABLES WITH READ LOCK')
    const [[noted]] = (await connection.query(
      `SELECT ${gtidVariable} AS gtid, FLOOR(UNIX_TIMESTAMP(NOW(6)) * 1000) AS time`,
    )) as unknown as [[{ gtid: string; time: string }]]
    const tables = await finalTables(mysqlUrl, database)
    return { gtid: noted.gtid, time: Number(noted.time), tables }
  } finally {
    await connection.end()
  }
}

/**
 * Notes moments in the midst of a life: one whenever another share of its changes is made. `live` plays it and calls
 * what it is given with the rows changed so far.
 */
export async function momentsOf(
  marks: readonly number[],
  live: (progress: (rows: number) => void) => Promise<unknown>,
  note: () => Promise<NotedMoment>,
): Promise<NotedMoment[]> {
  const waiting: { mark: number; reached: () => void }[] = []
  const reached = marks.map(mark => new Promise<void>(reached => waiting.push({ mark, reached })))
  const living = live(rows => {
    for (const { mark, reached } of waiting) if (rows >= mark) reached()
  })
  const moments: NotedMoment[] = []
  for (const mark of reached) {
    await Promise.race([mark, living])
    moments.push(await note())
  }
  await living
  return moments
}
