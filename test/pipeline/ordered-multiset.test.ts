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

test('what lies before, at and after any entry is found, in one run and in many', () => {
  for (const size of [0, 5, 5000]) {
    const multiset = new OrderedMultiset<number>((a, b) => a - b)
    const entries = Array.from({ length: size }, (_, i) => 2 * i)
    for (const entry of [...entries].sort((a, b) => ((a * 7919) % 5003) - ((b * 7919) % 5003)))
      multiset.add(entry)
    for (const sought of [-1, 0, 1, 4, 5, 2 * size - 2, 2 * size + 1]) {
      const after = entries.filter(entry => entry >= sought)
      expect([...multiset.from(sought)]).toEqual(after)
      expect(multiset.before(sought)).toBe(entries.filter(entry => entry < sought).at(-1))
      expect(multiset.has(sought)).toBe(entries.includes(sought))
    }
    expect(multiset.toArray()).toEqual(entries)
  }
})
