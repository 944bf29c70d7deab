import { expect, test } from 'vitest'
import { checkVariables } from '../../src/stack/preflight.js'

const mysql = {
  version: '8.4.8',
  log_bin: 'ON',
  server_id: '223344',
  binlog_format: 'ROW',
  binlog_row_image: 'FULL',
  binlog_row_value_options: '',
  gtid_mode: 'ON',
  enforce_gtid_consistency: 'ON',
  binlog_expire_logs_seconds: '864000',
}
const mariadb = {
  version: '10.11.19-MariaDB-log',
  log_bin: 'ON',
  server_id: '1',
  binlog_format: 'ROW',
  binlog_row_image: 'FULL',
  binlog_expire_logs_seconds: '0',
  expire_logs_days: '0.000000',
}
const found = (variables: Record<string, string>): string[] =>
  checkVariables(new Map(Object.entries(variables))).map(({ severity, code }) => `${severity} ${code}`)

test.each([
  [{}, 'information database-in-order'],
  [{ log_bin: 'OFF' }, 'error binlog-off'],
  [{ binlog_format: 'MIXED' }, 'error binlog-format'],
  [{ binlog_row_image: 'MINIMAL' }, 'error binlog-row-image'],
  [{ binlog_row_image: 'NOBLOB' }, 'error binlog-row-image'],
  [{ binlog_row_value_options: 'PARTIAL_JSON' }, 'error binlog-partial-json'],
  [{ server_id: '0' }, 'error server-id'],
  [{ gtid_mode: 'OFF' }, 'warning gtid-off'],
  [{ enforce_gtid_consistency: 'WARN' }, 'warning gtid-off'],
  [{ binlog_expire_logs_seconds: '86400' }, 'warning binlog-expiry'],
  [{ binlog_expire_logs_seconds: '0' }, 'information database-in-order'],
  [
    { binlog_expire_logs_seconds: '60', binlog_expire_logs_auto_purge: 'OFF' },
    'information database-in-order',
  ],
])('MySQL with %j is: %s', (wrong, expected) => {
  expect(found({ ...mysql, ...wrong })).toEqual([expected])
})

test.each([
  [{}, 'information database-in-order'],
  [{ binlog_format: 'MIXED' }, 'error binlog-format'],
  [{ expire_logs_days: '1.000000' }, 'warning binlog-expiry'],
])('MariaDB, which always has GTIDs, with %j is: %s', (wrong, expected) => {
  expect(found({ ...mariadb, ...wrong })).toEqual([expected])
})

test('several wrong settings are all found', () => {
  expect(
    found({ ...mysql, binlog_format: 'STATEMENT', binlog_row_image: 'MINIMAL', gtid_mode: 'OFF' }),
  ).toEqual(['error binlog-format', 'error binlog-row-image', 'warning gtid-off'])
})

test.each([
  [mysql, 'MySQL 8.4.8 writes whole rows with GTIDs into its binary log and keeps it for 10 days.'],
  [
    mariadb,
    'MariaDB 10.11.19 writes whole rows with GTIDs into its binary log and keeps it until it is purged by hand.',
  ],
])('a server in order is told with its version and how long it keeps its log', (variables, sentence) => {
  expect(checkVariables(new Map(Object.entries(variables)))[0]?.sentence).toBe(sentence)
})
