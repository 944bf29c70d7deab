import { describe, expect, test } from 'vitest'
import { simulate } from '../../src/stack/simulate.js'

describe('simulate', () => {
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
