import { expect, test } from 'vitest'
import { type Moment, parseMoment } from '../../src/frame/moment.js'

test.each<[Moment, number]>([
  [{ time: '2026-03-01T10:00:00Z' }, Date.UTC(2026, 2, 1, 10)],
  [{ sourceTime: '2026-03-01T10:00:00+03:00' }, Date.UTC(2026, 2, 1, 7)],
  [{ sourceTime: '2026-03-01 10:00:00.250Z' }, Date.UTC(2026, 2, 1, 10, 0, 0, 250)],
  [{ time: new Date(5) }, 5],
  [{ time: 1_772_359_200_000 }, 1_772_359_200_000],
])('%j is a time', (moment, at) => {
  expect(parseMoment(moment)).toMatchObject({ at })
})

test('offsets are one for each partition or one for all; a partition left out is read to its end', () => {
  const some = parseMoment({ offsets: { 0: 100, 2: 5 } })
  const all = parseMoment({ offsets: 7 })
  if (some.clock !== 'offsets' || all.clock !== 'offsets') throw new Error('not offsets')
  expect([0, 1, 2].map(some.of)).toEqual([100, Number.POSITIVE_INFINITY, 5])
  expect([0, 1].map(all.of)).toEqual([7, 7])
})

test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /^Expected a moment by one clock, .* found nothing\.$/],
  [
    'a bare time',
    '2026-03-01T10:00:00Z',
    /^Expected a moment by one clock, .*found '2026-03-01T10:00:00Z'\.$/,
  ],
  ['a Date', new Date(0), /found a Date\.$/],
  ['another clock', { date: 5 }, /^Expected a moment by one clock, .*found \{ date \}\.$/],
  ['two clocks', { time: 5, gtid: 'x' }, /found \{ time, gtid \}\.$/],
  ['an empty object', {}, /found an object\.$/],
  [
    'a time without a zone',
    { sourceTime: '2026-03-01T10:00:00' },
    /^sourceTime: expected a time with its zone, found '2026-03-01T10:00:00' without\. Write 2026-03-01T10:00:00Z if it is UTC/,
  ],
  ['a day', { time: '2026-03-01' }, /^time: expected a time with its zone, .*Write 2026-03-01T00:00:00Z/],
  [
    'a day that is none',
    { time: '2026-02-30T00:00:00Z' },
    /^time: expected a time with its zone, such as .*found '2026-02-30/,
  ],
  ['an invalid Date', { time: new Date(Number.NaN) }, /^time: expected .*found an invalid Date\.$/],
  ['a negative offset', { offsets: -1 }, /^offsets: expected a whole number from 0 up, .*found -1\.$/],
  ['offsets of what is no partition', { offsets: { obs: 1 } }, /^offsets: expected .*found an object\.$/],
  ['offsets as a list', { offsets: [1, 2] }, /^offsets: expected .*found a list of 2\.$/],
  ['a GTID set that is none', { gtid: 'now' }, /^Expected a GTID set, found 'now'\. On MySQL/],
  ['a GTID set that is no text', { gtid: 5 }, /^gtid: expected a GTID set as text, found 5\.$/],
])('%s is an error that says what was expected', (_, moment, message) => {
  expect(() => parseMoment(moment)).toThrow(message)
})
