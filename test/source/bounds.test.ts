import { expect, test } from 'vitest'
import { z } from 'zod'
import { ObslabError } from '../../src/errors.js'
import { parseOptions } from '../../src/options.js'
import { type Bounds, boundsShape, rangesOf } from '../../src/source/bounds.js'
import type { Source, TopicOffsets } from '../../src/source/source.js'
import { batches, records } from '../log/batches.js'

const topic: TopicOffsets = {
  topic: 't',
  cleanupPolicy: 'delete',
  partitions: [
    { partition: 0, start: 10, stable: 100, end: 110 },
    { partition: 1, start: 0, stable: 50, end: 50 },
  ],
}
const noon = Date.UTC(2026, 2, 1, 12)
const source = {
  offsetsAt: async (_: string, time: number) =>
    new Map(
      time === noon
        ? [
            [0, 40],
            [1, 20],
          ]
        : [
            [0, 100],
            [1, 50],
          ],
    ),
  read: async function* () {
    yield { topic: 't', partition: 0, bytes: batches({ records: records(98, 2) }), aborted: [] }
  },
} as unknown as Source
const ranges = async (bounds: Bounds): Promise<[number, number, number][]> =>
  (await rangesOf(source, topic, bounds)).map(({ partition, from, to }) => [partition, from, to])

test.each<[string, Bounds, [number, number, number][]]>([
  [
    'nothing: all that is stable',
    {},
    [
      [0, 10, 100],
      [1, 0, 50],
    ],
  ],
  [
    'an offset',
    { from: 20 },
    [
      [0, 20, 100],
      [1, 20, 50],
    ],
  ],
  [
    'an offset that only one partition has reached',
    { from: 60 },
    [
      [0, 60, 100],
      [1, 60, 50],
    ],
  ],
  [
    'an offset for each partition',
    { from: { 0: 30, 1: 5 } },
    [
      [0, 30, 100],
      [1, 5, 50],
    ],
  ],
  [
    'an end',
    { to: 30 },
    [
      [0, 10, 30],
      [1, 0, 30],
    ],
  ],
  [
    'an end beyond the stable offset',
    { to: 1_000 },
    [
      [0, 10, 100],
      [1, 0, 50],
    ],
  ],
  [
    'a time with a zone',
    { from: '2026-03-01T13:00:00+01:00' },
    [
      [0, 40, 100],
      [1, 20, 50],
    ],
  ],
  [
    'a time without a zone, which is UTC',
    { from: '2026-03-01T12:00' },
    [
      [0, 40, 100],
      [1, 20, 50],
    ],
  ],
  [
    'a Date as the end',
    { to: new Date(noon) },
    [
      [0, 10, 40],
      [1, 0, 20],
    ],
  ],
  ['one partition', { partitions: [1] }, [[1, 0, 50]]],
  [
    'the last few of each partition',
    { last: 8 },
    [
      [0, 92, 100],
      [1, 42, 50],
    ],
  ],
])('bounds with %s', async (_, bounds, expected) => {
  expect(await ranges(bounds)).toEqual(expected)
})

test.each<[Bounds, string]>([
  [{ from: 5 }, 't:0 begins at offset 10 now, but 5 was asked for'],
  [{ from: 200 }, 't:0 ends at 100, t:1 ends at 50'],
  [{ partitions: [2] }, 'no partition 2; it has 0, 1'],
  [{ from: 100, to: 50 }, 'Expected `from` before `to`, which is not included, found 100 and 50'],
  [{ from: { 1: 40 }, to: { 1: 30 } }, 'found 40 and 30 in partition 1'],
  [
    { from: '2026-03-02', to: '2026-03-01' },
    'found 2026-03-02T00:00:00.000Z and 2026-03-01T00:00:00.000Z: no record is between them',
  ],
  [
    { from: '2030-01-01' },
    'at or after 2030-01-01T00:00:00.000Z, found none. The last ones are of 1970-01-01T00:00:01.099Z',
  ],
  [{ from: { 0: 15, 9: 1 } }, 'partitions of t that are read, 0, 1, found one for partition 9'],
  [{ partitions: [0], to: { 1: 5 } }, 'that are read, 0, found one for partition 1'],
  [{ to: 0 }, 'Expected records before `to`, found none: t:0 begins at 10, t:1 begins at 0'],
])('%j is refused with a sentence: %s', async (bounds, told) => {
  const failure = await ranges(bounds).catch(error => error)
  expect(failure).toBeInstanceOf(ObslabError)
  expect(failure.message).toContain(told)
})

test('where records still come, a time none has reached is the end', async () => {
  const found = await rangesOf(source, topic, { from: '2030-01-01' }, { late: true })
  expect(found.map(({ from, to }) => [from, to])).toEqual([
    [100, 100],
    [50, 50],
  ])
})

const schema = z.strictObject(boundsShape)

test.each<[object, string]>([
  [{ from: -1 }, 'found -1.'],
  [{ from: '-1' }, "found '-1'."],
  [{ from: 'banana 7' }, "found 'banana 7'."],
  [{ from: { 0: -1 } }, 'found '],
  [{ from: {} }, 'found an object.'],
  [{ to: new Date('x') }, 'found an invalid Date.'],
])('%j is no place in a topic, and the message says what is one', (bounds, told) => {
  const failure = failureOf(() => parseOptions(schema, bounds))
  expect(failure).toContain('write it as 2026-03-01T10:00:00Z')
  expect(failure).toContain(told)
})

test('no partitions at all are refused', () => {
  expect(failureOf(() => parseOptions(schema, { partitions: [] }))).toBe(
    'Option partitions: expected at least one partition; leave it out for all, found an empty list.',
  )
})

function failureOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof ObslabError) return error.message
  }
  throw new Error('it was not refused')
}
