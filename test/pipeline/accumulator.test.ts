import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accumulator } from '../../src/pipeline/accumulator.js'
import type { AggregateKind } from '../../src/pipeline/aggregate.js'
import type { OrderedPart, Part } from '../../src/pipeline/aggregate-part.js'
import { plainAggregate } from '../../src/pipeline/plain-aggregate.js'

const number = fc.oneof(
  fc.double({ min: -1e300, max: 1e300, noNaN: true }),
  fc.constantFrom(0.1, 1e16, -1e16, 3, 3, Number.NaN, Number.POSITIVE_INFINITY),
)
const summed: fc.Arbitrary<Part> = fc.oneof(
  number,
  number,
  fc.bigInt(),
  fc.constantFrom('1.50', '-0.125', '7'),
)
const valued: fc.Arbitrary<Part> = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('a', 'b', true, 2n),
)
const ordered: fc.Arbitrary<OrderedPart> = fc.record({
  by: fc.option(fc.integer({ min: 0, max: 2 })),
  id: fc.constant(0),
  value: fc.option(fc.integer({ min: 0, max: 3 })),
})

test.each<[AggregateKind, fc.Arbitrary<Part>]>([
  ['count', fc.constant(true)],
  ['countDistinct', valued],
  ['sum', summed],
  ['mean', summed],
  ['min', valued],
  ['max', valued],
  ['first', ordered],
  ['last', ordered],
  ['collect', ordered],
])('a %s kept up through additions and removals is that of what is left', (kind, part) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(part, fc.boolean()), { maxLength: 30 }), drawn => {
      const parts = drawn.map(([one, stays], i) => [identified(one, i), stays] as const)
      const kept = accumulator(kind)
      for (const [one] of parts) kept.add(one)
      for (const [one, stays] of parts) if (!stays) kept.remove(one)
      const left = parts.filter(([, stays]) => stays).map(([one]) => one)
      expect(kept.value()).toEqual(plainAggregate(kind, left))
    }),
  )
})

/** No two rows have one identity. */
function identified(part: Part, i: number): Part {
  return typeof part === 'object' && 'by' in part ? { ...(part as OrderedPart), id: i } : part
}
