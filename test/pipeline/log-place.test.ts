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

test('only the newest steps are known, whatever their number, and a place before them cannot be told', () => {
  const steps = new LogSteps()
  const count = 200_000
  for (let i = 1; i <= count; i++) steps.logged(i, i, 1, file, i)
  const kept = steps.dump()
  expect(kept.steps).toBe(count)
  expect(kept.steps - kept.forgotten).toBeLessThanOrEqual(65_536)
  expect(kept.steps - kept.forgotten).toBeGreaterThan(32_000)
  expect(steps.firstAfter(count - 10, place(count - 10), count + 1)).toBe(count - 10)
  expect(steps.firstAfter(kept.forgotten + 2, place(kept.forgotten + 2), count + 1)).toBe(kept.forgotten + 2)
  expect(steps.firstAfter(100, place(100), count + 1)).toBe(0)
})

test('steps are kept in parts: what was kept and what changed since is what there is', () => {
  const change = fc.record({
    time: fc.nat(400),
    pos: fc.nat(400),
    read: fc.constantFrom(false, false, false, true),
    kept: fc.constantFrom(false, false, false, true),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200, size: 'max' }), fc.boolean(), (given, isSorted) => {
      const changes = isSorted ? [...given].sort((a, b) => a.time - b.time || a.pos - b.pos) : given
      const steps = new LogSteps()
      const chunks = new Map<number, Uint8Array>()
      const keep = (): void => {
        for (const [chunk, cell] of steps.changes()) {
          if (cell === undefined) expect(chunks.delete(chunk)).toBe(true)
          else chunks.set(chunk, cell as Uint8Array)
        }
      }
      changes.forEach(({ time, pos, read, kept }, i) => {
        if (read) steps.read(i + 1, time, snapshot(time))
        else steps.logged(i + 1, time, 1, file, pos)
        if (kept) keep()
      })
      keep()
      const restored = new LogSteps()
      restored.restore(steps.dump(), chunks, steps.snapshot)
      for (const one of [...changes, { time: 500, pos: 500 }]) {
        const end = changes.length + 1
        expect(restored.firstAfter(one.time, place(one.pos), end)).toBe(
          steps.firstAfter(one.time, place(one.pos), end),
        )
      }
      expect([...restored.changes()]).toEqual([])
      expect(chunks.size).toBeLessThanOrEqual(Math.ceil((steps.dump().steps + 1) / 32))
    }),
    { numRuns: 200 },
  )
})
