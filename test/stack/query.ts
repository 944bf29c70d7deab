import { createConnection } from 'mysql2/promise'
import { mysqlUsers } from './mysql.js'

/** The rows of one SELECT, DATETIME and DATE as MySQL's own text. */
export async function query<R extends object>(mysqlUrl: string, database: string, sql: string): Promise<R[]> {
  const { hostname: host, port } = new URL(mysqlUrl)
  const connection = await createConnection({
    host,
    port: Number(port),
    database,
    dateStrings: true,
    ...mysqlUsers.openmrs,
  })
  try {
    const [rows] = await connection.query(sql)
    return rows as R[]
  } finally {
    await connection.end()
  }
}
