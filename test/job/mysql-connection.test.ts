import { describe, expect, test } from 'vitest'
import { MysqlFailure, openMysql, parseAddress } from '../../src/job/mysql-connection.js'
import { isRetriable } from '../../src/job/retriable.js'

describe('a MySQL URL', () => {
  test('is taken apart', () => {
    expect(parseAddress('mysql://openmrs@db.example:3307/clinic', 'x')).toEqual({
      user: 'openmrs',
      host: 'db.example',
      port: 3307,
      database: 'clinic',
      password: 'x',
    })
    expect(parseAddress('mysql://openmrs@localhost/clinic', '').port).toBe(3306)
    expect(parseAddress('mariadb://openmrs@localhost/clinic', '').host).toBe('localhost')
  })

  test.each([
    ['http://openmrs@localhost/clinic', 'Not a MySQL URL: expected mysql://user@host:port/database.'],
    [
      'mysql://openmrs@localhost',
      'The MySQL URL names no usable database: expected mysql://user@host:port/database.',
    ],
    [
      'mysql://openmrs@localhost/a`b',
      'The MySQL URL names no usable database: expected mysql://user@host:port/database.',
    ],
    ['mysql://localhost/clinic', 'The MySQL URL names no user: expected mysql://user@host:port/database.'],
  ])('such as %s is refused in one sentence', (url, message) => {
    expect(() => parseAddress(url, '')).toThrow(message)
  })

  test('with a password is refused, and the password not repeated', () => {
    const refused = (): unknown => parseAddress('mysql://openmrs:hunter2@localhost/clinic', '')
    expect(refused).toThrow('set OBSLAB_MYSQL_PASSWORD instead')
    expect(refused).not.toThrow('hunter2')
  })
})

test('a server that does not answer is told in one sentence, and may come back', async () => {
  const failure = await openMysql(parseAddress('mysql://openmrs@127.0.0.1:9/clinic', ''), 'a test').catch(
    error => error,
  )
  expect(failure).toMatchObject({
    code: 'database-failed',
    message:
      'MySQL at 127.0.0.1:9 could not be reached (ECONNREFUSED): check that it runs and listens there.',
  })
  expect(isRetriable(failure)).toBe(true)
})

test.each<[string, object, string]>([
  ['an answer of the server', { code: 'ER_DUP_ENTRY', errno: 1062, sql: "INSERT 'Hamlet'" }, 'ER_DUP_ENTRY'],
  ['a connection that broke before', { fatal: true }, 'PROTOCOL_CONNECTION_LOST'],
  ['anything else', {}, 'unknown error'],
])('of %s the code is kept, and nothing of its message or statement', (_, parts, code) => {
  const failure = new MysqlFailure(Object.assign(new Error("Duplicate entry 'Hamlet'"), parts))
  expect(failure.code).toBe(code)
  expect(`${failure.stack}${JSON.stringify(failure)}`).not.toContain('Hamlet')
})
