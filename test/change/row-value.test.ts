import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, iso, num } from '../../src/change/row-value.js'

test.each([
  ['2026-03-01', '2026-03-01T00:00:00'],
  ['2026-03-01T10:00', '2026-03-01T10:00:00'],
  ['2026-03-01 10:00:00', '2026-03-01T10:00:00'],
  ['2026-03-01T10:00:00.5', '2026-03-01T10:00:00.500'],
  ['2026-03-01T10:00:00.123456', '2026-03-01T10:00:00.123456'],
  ['2026-03-01T10:00:00+03:00', '2026-03-01T07:00:00'],
  ['1969-12-31T23:59:59.999999', '1969-12-31T23:59:59.999999'],
])('the time %s reads back as %s', (text, shown) => {
  expect(iso(at(text))).toBe(shown)
})

test.each([
  [253402300799999, '9999-12-31T23:59:59.999'],
  [-30610224000000, '1000-01-01T00:00:00'],
  [-30610223999999, '1000-01-01T00:00:00.001'],
])('the time %d of a year without room for microseconds shows its milliseconds: %s', (ms, shown) => {
  expect(iso(ms)).toBe(shown)
})

test('every microsecond of the years 1700 to 2240 survives at and iso', () => {
  const times = fc.integer({ min: Date.UTC(1700, 0), max: Date.UTC(2240, 0) })
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 999 }), (ms, micros) => {
      const text = `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}`
      expect(iso(at(text))).toBe(text)
    }),
  )
})

test.each(['yesterday', '2026-3-1', '', '10:00', '2026-13-01'])('%j is not a time, and is told so', text => {
  expect(() => at(text)).toThrow('at() takes a time such as 2026-03-01T10:00:00')
})

test('null stays null', () => {
  expect([iso(null), num(null)]).toEqual([null, null])
})

test.each<[string | number | bigint, number]>([
  ['7.90', 7.9],
  ['-0.01', -0.01],
  [5, 5],
  [9007199254740993n, 9007199254740992],
])('num of %s is %d', (value, number) => {
  expect(num(value)).toBe(number)
})

test('text that is no number is refused without being repeated', () => {
  expect(() => num('secret')).toThrow(/^(?!.*secret)/)
  expect(() => num('')).toThrow('num() takes')
})
