import { isKafka } from '../source/open-source.js'
import { jsonLinesSink } from './json-lines-sink.js'
import { kafkaSink } from './kafka-sink.js'
import type { Sink } from './sink.js'

/**
 * The sink that a text names: `kafka://host:port` or a `client.properties` file, `mysql://user@host/database`, `-` for
 * standard output, else a file of JSON lines. Passwords come from the environment. Nothing is opened yet.
 */
export async function openSink(where: string): Promise<Sink> {
  if (where === '-') return jsonLinesSink()
  if (isMysql(where)) return (await import('./mysql-sink.js')).mysqlSink(where)
  return isKafka(where) ? kafkaSink(where) : jsonLinesSink(where)
}

/** Whether a text names a MySQL or MariaDB database. */
export function isMysql(where: string): boolean {
  return /^(mysql|mariadb):\/\//.test(where)
}
