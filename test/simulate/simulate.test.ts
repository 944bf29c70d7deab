import { describe, expect, test } from 'vitest'
import { parseAddress } from '../../src/stack/mysql-connection.js'
import { simulate } from '../../src/stack/simulate.js'

describe('simulate', () => {
  test('a MySQL URL is taken apart', () => {
    expect(parseAddress('mysql://openmrs@db.example:3307/clinic', 'x')).toEqual({
      user: 'openmrs',
      host: 'db.example',
      port: 3307,
      database: 'clinic',
      password: 'x',
    })
    expect(parseAddress('mysql://openmrs@localhost/clinic', '').port).toBe(3306)
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
  ])('%s is refused in one sentence', (url, message) => {
    expect(() => parseAddress(url, '')).toThrow(message)
  })

  test('a password in the URL is refused and not repeated', () => {
    const refused = (): unknown => parseAddress('mysql://openmrs:hunter2@localhost/clinic', '')
    expect(refused).toThrow('set OBSLAB_MYSQL_PASSWORD instead')
    expect(refused).not.toThrow('hunter2')
  })

  test.each([
    [{ seed: -1 }, / seed: /],
    [{ rate: -1 }, / rate: /],
    [{ start: 'tomorrow' }, / start: must be an ISO time or milliseconds/],
    [{ patient: 3 }, /patient/],
  ])('the option %j is refused', async (options, message) => {
    const all = { url: 'mysql://openmrs@localhost/clinic', ...options }
    await expect(simulate(all)).rejects.toMatchObject({
      code: 'option-invalid',
      message: expect.stringMatching(message),
    })
  })

  test('a database that does not answer is told in one sentence', async () => {
    await expect(simulate({ url: 'mysql://openmrs@127.0.0.1:9/clinic' })).rejects.toMatchObject({
      code: 'database-failed',
      message:
        'MySQL at 127.0.0.1:9 could not be reached (ECONNREFUSED): check that it runs and listens there.',
    })
  })
})
