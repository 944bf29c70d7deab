import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dateOfDays,
  dateOfIso,
  microsOfMs,
  msOfIso,
  msOfMicros,
  timeOfIso,
  timeOfMicros,
} from '../../src/change/temporal.js'

const microsOf = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n

describe('msOfMicros', () => {
  test('keeps every microsecond from 1692 to 2247', () => {
    const range = { min: microsOf('1692-01-01T00:00:00Z'), max: microsOf('2248-01-01T00:00:00Z') }
    fc.assert(
      fc.property(fc.bigInt(range), us => {
        expect(BigInt(microsOfMs(msOfMicros(us)))).toBe(us)
        expect(msOfMicros(Number(us))).toBe(msOfMicros(us))
      }),
      { numRuns: 5000 },
    )
  })

  test('keeps every microsecond from 1831 to 2108 in what Math.round(ms * 1000) gives back', () => {
    const range = { min: microsOf('1831-01-01T00:00:00Z'), max: microsOf('2109-01-01T00:00:00Z') }
    fc.assert(
      fc.property(fc.bigInt(range), us => {
        expect(BigInt(Math.round(msOfMicros(us) * 1000))).toBe(us)
      }),
      { numRuns: 5000 },
    )
  })

  test('keeps every millisecond from 1000 to 9999 and rounds towards the past where microseconds do not fit', () => {
    const range = { min: microsOf('1000-01-01T00:00:00Z'), max: microsOf('9999-12-31T23:59:59Z') + 999_999n }
    fc.assert(
      fc.property(fc.bigInt(range), us => {
        const floor = us >= 0n || us % 1000n === 0n ? us / 1000n : us / 1000n - 1n
        expect(Math.floor(msOfMicros(us))).toBe(Number(floor))
      }),
      { numRuns: 5000 },
    )
  })

  test.each([
    ['a DATETIME(6) of 2026', 1772368496123456, 1772368496123.456],
    ['one microsecond before the epoch', -1, -0.001],
    ['the last microsecond of 9999', 253402300799999999n, 253402300799999],
    ['the first second of 1000', -30610224000000000n, -30610224000000],
    ['a microsecond before 1691', -9000000000000001n, -9000000000001],
  ])('reads %s', (_, us, ms) => {
    expect(msOfMicros(us)).toBe(ms)
  })
})

test.each([
  [0, '1970-01-01'],
  [-1, '1969-12-31'],
  [20513, '2026-03-01'],
  [-354285, '1000-01-01'],
  [2932896, '9999-12-31'],
  [-719528, '0000-01-01'],
  [2932897, null],
  [-719529, null],
  [0.5, null],
])('%d days from the epoch are %s', (days, date) => {
  expect(dateOfDays(days)).toBe(date)
})

test.each([
  [0, '00:00:00'],
  [-45296000000, '-12:34:56'],
  [3020399000001, '838:59:59.000001'],
  [-3020399000000, '-838:59:59'],
  [3020398999999, '838:59:58.999999'],
  [1, '00:00:00.000001'],
  [-1, '-00:00:00.000001'],
  [500000, '00:00:00.500000'],
])('%d microseconds are the time %s', (us, time) => {
  expect(timeOfMicros(us)).toBe(time)
})

test.each([
  ['2026-03-01T12:34:56Z', 1772368496000],
  ['2026-03-01T12:34:56.654321Z', 1772368496654.321],
  ['1970-01-01T00:00:01.000001Z', 1000.001],
  ['2038-01-19T03:14:07Z', 2147483647000],
  ['2026-03-01T12:34:56.5', 1772368496500],
  ['2026-03-01T15:34:56+03:00', 1772368496000],
  ['1969-12-31T23:59:59.999999Z', -0.001],
  ['2026-03-01', null],
  ['2026-13-01T00:00:00Z', null],
  ['yesterday', null],
])('the text %s is %s milliseconds', (text, ms) => {
  expect(msOfIso(text)).toBe(ms)
})

test('dates and times in ISO text lose their zone', () => {
  expect(dateOfIso('2026-03-01Z')).toBe('2026-03-01')
  expect(dateOfIso('yesterday')).toBeNull()
  expect(timeOfIso('12:34:56.5Z')).toBe('12:34:56.500000')
  expect(timeOfIso('-838:59:59Z')).toBe('-838:59:59')
  expect(timeOfIso('noon')).toBeNull()
})
