import fc from 'fast-check'
import { expect, test } from 'vitest'
import { committedOffsets, committedProgress, unknownProgress } from '../../src/job/committed-progress.js'

const here = { output: 'vitals', source: 'kafka://here', sameCluster: true }
const elsewhere = { output: 'vitals', source: 'datasets/openmrs', sameCluster: false }
const progress = {
  offsets: [
    { topic: 'obs', partition: 0, next: 7 },
    { topic: 'obs', partition: 1, next: 8 },
    { topic: 'person', partition: 0, next: 9 },
  ],
  whole: true,
}

test('inputs of the same cluster are committed as themselves, with a mark beside the output', () => {
  expect(committedOffsets({ ...progress, whole: false }, here, 42)).toEqual([
    { topic: 'obs', partition: 0, offset: 7, metadata: '' },
    { topic: 'obs', partition: 1, offset: 8, metadata: '' },
    { topic: 'person', partition: 0, offset: 9, metadata: '' },
    { topic: 'vitals', partition: 0, offset: 42, metadata: '{"whole":false}' },
  ])
})

test('inputs of another source stand in the mark', () => {
  expect(committedOffsets(progress, elsewhere, 42)).toEqual([
    {
      topic: 'vitals',
      partition: 0,
      offset: 42,
      metadata:
        '{"whole":true,"source":"datasets/openmrs","offsets":[["obs",[[0,7],[1,8]]],["person",[[0,9]]]]}',
    },
  ])
})

test('what was committed is read back, for both', () => {
  const next = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  const offset = fc.record({
    topic: fc.constantFrom('obs', 'person', '__proto__'),
    partition: fc.nat(5),
    next,
  })
  const offsets = fc.uniqueArray(offset, {
    selector: ({ topic, partition }) => `${topic}:${partition}`,
    minLength: 1,
  })
  fc.assert(
    fc.property(offsets, fc.boolean(), fc.constantFrom(here, elsewhere), (given, whole, place) => {
      const read = committedProgress(committedOffsets({ offsets: given, whole }, place, 3)!, place)
      expect(new Set(read!.offsets.map(text))).toEqual(new Set(given.map(text)))
      expect(read!.whole).toBe(whole)
    }),
    { numRuns: 100 },
  )
})

test('a mark of more than 4096 bytes is not made', () => {
  const offsets = Array.from({ length: 600 }, (_, partition) => ({ topic: 'obs', partition, next: 1 }))
  expect(committedOffsets({ offsets, whole: true }, elsewhere, 1)).toBeNull()
  expect(committedOffsets({ offsets, whole: true }, here, 1)).toHaveLength(601)
  expect(committedProgress(unknownProgress(elsewhere, 1), elsewhere)).toBeNull()
})

test.each([
  ['nothing was committed', []],
  ['the output was deleted, and its mark with it', committedOffsets(progress, here, 1)!.slice(0, 3)],
  ['only the mark was committed', committedOffsets(progress, here, 1)!.slice(3)],
  ['the mark is of another source', committedOffsets(progress, elsewhere, 1)!],
  ['the mark is somebody else’s', [{ topic: 'vitals', partition: 0, offset: 1, metadata: 'mine' }]],
])('there is no progress where %s', (_, committed) => {
  expect(committedProgress(committed, here)).toBeNull()
})

test('there is no progress of another source than the one asked for', () => {
  const committed = committedOffsets(progress, elsewhere, 1)!
  expect(committedProgress(committed, { ...elsewhere, source: 'datasets/other' })).toBeNull()
  expect(committedProgress(committedOffsets(progress, here, 1)!, elsewhere)).toBeNull()
})

function text(offset: object): string {
  return JSON.stringify(offset)
}
