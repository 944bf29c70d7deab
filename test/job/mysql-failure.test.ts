import { expect, test } from 'vitest'
import { mysqlFailure } from '../../src/job/mysql-failure.js'
import { isRetriable } from '../../src/job/retriable.js'

const attempt = { name: 'mysql://db:3306/clinic', table: 'vitals' }

test.each<[string, string, string, boolean]>([
  ['ER_TABLEACCESS_DENIED_ERROR', '', 'does not let this user write vitals: grant SELECT', false],
  ['ER_BAD_DB_ERROR', '', 'there is no such database', false],
  [
    'ER_DATA_TOO_LONG',
    "Data too long for column 'uuid' at row 3",
    'too long for the column uuid of vitals',
    false,
  ],
  [
    'ER_WARN_DATA_OUT_OF_RANGE',
    "Out of range value for column 'n' at row 1",
    'too large for the column n',
    false,
  ],
  [
    'ER_TRUNCATED_WRONG_VALUE',
    "Incorrect date value: 'Hamlet column 'Ophelia'' for column `clinic`.`vitals`.`birthdate` at row 1",
    'does not fit the column birthdate of vitals',
    false,
  ],
  ['ER_NET_PACKET_TOO_LARGE', '', 'raise its max_allowed_packet', false],
  ['ER_RECORD_FILE_FULL', "The table 'vitals' is full", 'has no room for vitals', false],
  ['ER_OPTION_PREVENTS_STATEMENT', '--read-only option', 'is read-only, as a replica is', true],
  ['ER_LOCK_DEADLOCK', '', '(ER_LOCK_DEADLOCK)', true],
  ['ER_SERVER_SHUTDOWN', '', '(ER_SERVER_SHUTDOWN)', true],
  ['PROTOCOL_CONNECTION_LOST', '', '(PROTOCOL_CONNECTION_LOST)', true],
  ['ER_PARSE_ERROR', "near 'Hamlet'", '(ER_PARSE_ERROR)', false],
])('%s is told in a sentence without values, and whether it passes', (code, message, told, passes) => {
  const failure = mysqlFailure(Object.assign(new Error(message), { code, sql: 'Hamlet' }), attempt)
  expect(failure).toMatchObject({ code: 'output-failed', message: expect.stringContaining(told) })
  expect(`${failure.message}${failure.cause}${JSON.stringify(failure.cause)}`).not.toMatch(/Hamlet|Ophelia/)
  expect(isRetriable(failure)).toBe(passes)
})
