import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FullSnapshot } from '../../src/change/full-snapshot.js'
import { comparePlaces, type LogPlace, LogSteps } from '../../src/pipeline/log-place.js'

const file = { base: 'bin', number: 1 }
const snapshot = (time: number): FullSnapshot => ({
  file: 'bin.000001',
  pos: 0,
  time,
  marked: true,
  ended: 0,
  parts: new Map(),
})
const place = (pos: number, more: Partial<LogPlace> = {}): LogPlace => ({
  server: 1,
  file,
  pos,
  row: 0,
  snapshot: null,
  ...more,
})

test.each([
  ['positions of one server', place(1), place(2), -1],
  ['rows of one event', place(1, { row: 2 }), place(1, { row: 1 }), 1],
  ['files by their numbers', place(9), place(1, { file: { base: 'bin', number: 2 } }), -1],
  ['two servers', place(1), place(2, { server: 2 }), null],
  ['a snapshot before the change at its position', place(1, { snapshot: snapshot(5) }), place(1), -1],
  [
    'two snapshots by their time',
    place(9, { snapshot: snapshot(1), server: null }),
    place(1, { snapshot: snapshot(3) }),
    -2,
  ],
  ['a snapshot of an unknown server', place(1, { snapshot: snapshot(5), server: null }), place(1), null],
])('places are ordered: %s', (_, a, b, order) => {
  expect(comparePlaces(a, b)).toBe(order)
})

test('the first change after a snapshot is told where time and place agree of every change', () => {
  const changes = fc.array(
    fc.record({ time: fc.nat(8), pos: fc.nat(8), read: fc.constantFrom(false, false, true) }),
    {
      maxLength: 12,
    },
  )
  fc.assert(
    fc.property(changes, fc.boolean(), fc.nat(9), fc.nat(9), (changes, isSorted, time, pos) => {
      const sorted = isSorted ? [...changes].sort((a, b) => a.time - b.time || a.pos - b.pos) : changes
      const steps = new LogSteps()
      sorted.forEach((change, i) => {
        if (change.read) steps.read(i + 1, change.time, snapshot(change.time))
        else steps.logged(i + 1, change.time, 1, file, change.pos)
      })
      const before = sorted.map(one => ({
        byTime: one.time < time,
        byPlace: one.read ? one.time < time : one.pos < pos,
      }))
      const first = before.findIndex(({ byTime }) => !byTime)
      const count = first < 0 ? sorted.length : first
      const agrees = before.every(({ byTime, byPlace }, i) => byTime === i < count && byPlace === byTime)
      const end = sorted.length + 1
      expect(steps.firstAfter(time, place(pos, { snapshot: snapshot(time) }), end)).toBe(
        agrees ? count + 1 : 0,
      )
    }),
    { numRuns: 3000 },
  )
})

test('the first change after a snapshot is not told in the log of another server, nor of several', () => {
  const steps = new LogSteps()
  steps.logged(1, 1, 1, file, 10)
  expect(steps.firstAfter(5, place(20), 2)).toBe(2)
  expect(steps.firstAfter(5, place(20, { server: 2 }), 2)).toBe(0)
  steps.logged(2, 2, 2, file, 12)
  expect(steps.firstAfter(5, place(20), 3)).toBe(0)
})
