import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SizeCounts } from '../../src/change/size-counts.js'

test('quantiles, sum and largest are those of the sorted sizes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 50 }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (sizes, share) => {
        const counts = new SizeCounts()
        for (const size of sizes) counts.add(size)
        const sorted = [...sizes].sort((a, b) => a - b)
        const rank = Math.max(1, Math.ceil(share * sizes.length))
        expect(counts.quantiles([share, 1])).toEqual([sorted[rank - 1], sorted.at(-1)])
        expect(counts).toMatchObject({ count: sizes.length, largest: sorted.at(-1) })
        expect(counts.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
      },
    ),
    { numRuns: 100 },
  )
})

test('without sizes there are no quantiles', () => {
  expect(new SizeCounts().quantiles([0.5])).toEqual([null])
})
