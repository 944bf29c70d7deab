import { ObslabError } from '../errors.js'
import { MysqlFailure } from './mysql-connection.js'

/** What a sink was writing when it failed. */
export interface MysqlAttempt {
  /** How messages name the database, without credentials. */
  name: string
  table: string
}

/** Why rows could not be written, as a sentence; its cause carries MySQL's code, and no value of a row. */
export function mysqlFailure(error: unknown, { name, table }: MysqlAttempt): ObslabError {
  if (error instanceof ObslabError) return error
  const cause = error instanceof MysqlFailure ? error : new MysqlFailure(error)
  const failed = (message: string): ObslabError => new ObslabError('output-failed', message, { cause })
  const column = columnIn(error)
  const where = column === undefined ? `a column of ${table}` : `the column ${column} of ${table}`
  switch (cause.code) {
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_DBACCESS_DENIED_ERROR':
    case 'ER_TABLEACCESS_DENIED_ERROR':
    case 'ER_COLUMNACCESS_DENIED_ERROR':
    case 'ER_SPECIFIC_ACCESS_DENIED_ERROR':
      return failed(
        `${name} does not let this user write ${table}: grant SELECT, INSERT, UPDATE and DELETE on the database, and ` +
          'CREATE while its tables are missing.',
      )
    case 'ER_BAD_DB_ERROR':
      return failed(`${name}: there is no such database. Create it first; its tables are made by the job.`)
    case 'ER_DATA_TOO_LONG':
      return failed(`A text is too long for ${where}; a column of the key takes 255 characters.`)
    case 'ER_WARN_DATA_OUT_OF_RANGE':
      return failed(`A number is too large for ${where}: declare a wider type by .meta({ mysqlType: … }).`)
    case 'ER_TRUNCATED_WRONG_VALUE':
    case 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD':
    case 'WARN_DATA_TRUNCATED':
      return failed(
        `A value does not fit ${where}: declare the column as what it holds in the schema of .to(…).`,
      )
    case 'ER_NET_PACKET_TOO_LARGE':
      return failed(`A row is larger than ${name} takes: raise its max_allowed_packet.`)
    case 'ER_RECORD_FILE_FULL':
    case 'ER_DISK_FULL':
      return failed(`${name} has no room for ${table}: its disk, or the table, is full.`)
    case 'ER_OPTION_PREVENTS_STATEMENT':
    case 'ER_READ_ONLY_MODE':
    case 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION':
      return failed(`${name} is read-only, as a replica is: write to the primary.`)
    default:
      return failed(`The rows for ${table} could not be written to ${name} (${cause.code}).`)
  }
}

/** The column that a message names: after the value, which may be anything. MariaDB writes it with database and table. */
function columnIn(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : ''
  const [, quoted, named] =
    /.*column (?:'([^'`]+)'|(?:`[^`]+`\.)*`([^`]+)`)(?: at row \d+)?$/s.exec(message) ?? []
  return quoted ?? named
}
