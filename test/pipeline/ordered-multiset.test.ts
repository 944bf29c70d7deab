import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OrderedMultiset } from '../../src/pipeline/ordered-multiset.js'

test('first and last are those of the sorted entries whatever was added and removed', () => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      const multiset = new OrderedMultiset<number>((a, b) => a - b)
      const plain: number[] = []
      for (const [adds, entry] of steps) {
        if (adds) {
          multiset.add(entry)
          plain.push(entry)
        } else {
          const at = plain.indexOf(entry)
          expect(multiset.remove(entry)).toBe(at >= 0)
          if (at >= 0) plain.splice(at, 1)
        }
        plain.sort((a, b) => a - b)
        expect([multiset.first(), multiset.last(), multiset.size]).toEqual([
          plain[0],
          plain.at(-1),
          plain.length,
        ])
      }
    }),
  )
})

test('five thousand entries in one multiset come out in order', () => {
  const multiset = new OrderedMultiset<number>((a, b) => a - b)
  const entries = Array.from({ length: 5_000 }, (_, i) => (i * 7_919) % 5_000)
  for (const entry of entries) multiset.add(entry)
  const drained: (number | undefined)[] = []
  while (multiset.size > 0) {
    drained.push(multiset.first())
    multiset.remove(multiset.first()!)
  }
  expect(drained).toEqual(entries.toSorted((a, b) => a - b))
})
