import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Delivery } from '../../src/validate/delivery.js'
import { deliver } from '../../src/validate/delivery.js'
import { fewest, shrink } from '../../src/validate/shrink.js'
import { reading } from './log.js'

const clock = { now: () => 0 }
const rowOf = ({ change }: Delivery[number]): string => JSON.stringify('key' in change ? change.key : null)
const laneOf = ({ partition }: { partition: number }): string => String(partition)

test('what is left is exactly what the failure needs, wherever it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.array(fc.nat(), { maxLength: 5 }), (size, places) => {
      const items = Array.from({ length: size }, (_, i) => i)
      const needed = [...new Set(places.map(place => place % size))].sort((a, b) => a - b)
      let tried = 0
      const left = fewest(items, part => {
        tried++
        return needed.every(one => part.includes(one))
      })
      expect(left).toEqual(needed)
      expect(tried).toBeLessThan(20 + 12 * (needed.length + 1) * Math.ceil(Math.log2(size + 1)))
    }),
    { numRuns: 100 },
  )
})

test('rows go first, then single changes, then the partitions come one after the other', () => {
  const delivery = deliver([
    reading('c', { id: 1 }, 1, 0),
    reading('c', { id: 2 }, 2, 1),
    reading('u', { id: 1, value: 1 }, 3, 0),
    reading('u', { id: 2, value: 9 }, 4, 1),
    reading('u', { id: 1, value: 2 }, 5, 0),
    reading('c', { id: 3 }, 6, 0),
  ])
  const valuesOf = (part: Delivery): number[] =>
    part.flatMap(({ change }) => (change.kind === 'row' && change.after ? [Number(change.after.value)] : []))
  const fails = (part: Delivery): boolean => valuesOf(part).includes(2) && valuesOf(part).includes(9)
  const smallest = shrink(delivery, { fails, rowOf, laneOf, clock, within: 1000 })
  expect(smallest.map(({ change }) => change.offset)).toEqual([4, 5])
  expect(shrink(delivery, { fails, rowOf, laneOf, clock, within: 1000 })).toEqual(smallest)
})

test('cuts and restarts that the failure does not need are gone', () => {
  const changes = [1, 2, 3].map(id => reading('c', { id }, id))
  const delivery = deliver(changes, { cuts: [1, 2], restarts: [2] })
  const fails = (part: Delivery): boolean => part.length === 3 && part[1]!.cut
  const smallest = shrink(delivery, { fails, rowOf, laneOf, clock, within: 1000 })
  expect(smallest.map(({ cut, restart }) => [cut, restart])).toEqual([
    [false, false],
    [true, false],
    [false, false],
  ])
})

test('when the time runs out the smallest one so far is given', () => {
  let now = 0
  const ticking = { now: () => now }
  const delivery = deliver(Array.from({ length: 64 }, (_, i) => reading('c', { id: i }, i)))
  const fails = (part: Delivery): boolean => {
    now += 100
    return part.some(({ change }) => change.offset === 40)
  }
  const smallest = shrink(delivery, { fails, rowOf, laneOf, clock: ticking, within: 400 })
  expect(smallest.some(({ change }) => change.offset === 40)).toBe(true)
  expect(smallest.length).toBeGreaterThan(1)
  expect(smallest.length).toBeLessThan(64)
  expect(now).toBe(400)
})
