import { expect, test } from 'vitest'
import { milliseconds } from '../../src/pipeline/duration.js'
import type { Duration } from '../../src/pipeline/row-types.js'

test.each<[Duration, number]>([
  [5, 5],
  ['250ms', 250],
  ['1.5s', 1500],
  ['15min', 900_000],
  ['6h', 21_600_000],
  ['1d', 86_400_000],
  ['2w', 1_209_600_000],
])('%s is %d milliseconds', (duration, ms) => {
  expect(milliseconds(duration, 'it')).toBe(ms)
})

test.each(['1 day', 'd', '', Number.NaN, null])('%s is refused with what a duration looks like', duration => {
  expect(() => milliseconds(duration as Duration, 'the size')).toThrow("such as '1d'; found")
})
