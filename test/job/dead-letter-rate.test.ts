import { expect, test } from 'vitest'
import { DeadLetterRate } from '../../src/job/dead-letter-rate.js'

test.each([
  ['as many as accepted', [[100, 100]], false],
  ['one more', [[100, 101]], true],
  [
    'one more in several rounds',
    [
      [4_000, 50],
      [4_000, 50],
      [1, 1],
    ],
    true,
  ],
  [
    'one more than accepted, the first of them long ago',
    [
      [1, 50],
      [10_000, 0],
      [1, 51],
    ],
    false,
  ],
  ['many, of which none is more than one in a hundred', [[500_000, 5_000]], false],
  ['more than one in a hundred of many', [[500_000, 5_001]], true],
] as const)('of letters there are %s: the job stops is %s', (_, rounds, stops) => {
  const rate = new DeadLetterRate(100)
  for (const [changes, letters] of rounds) rate.take(changes, letters)
  const check = (): void => rate.check('vitals')
  if (stops) expect(check).toThrow(expect.objectContaining({ code: 'dead-letters-exceeded' }))
  else expect(check).not.toThrow()
})

test('with a limit of none the first letter stops the job', () => {
  const rate = new DeadLetterRate(0)
  rate.take(5_000, 0)
  expect(() => rate.check('vitals')).not.toThrow()
  rate.take(5_000, 1)
  expect(() => rate.check('vitals')).toThrow(/Of the last 10000 changes that the job vitals took, 1 failed/)
})
