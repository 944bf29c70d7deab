import { expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { type Bounds, rangesOf } from '../../src/source/bounds.js'
import type { Source, TopicOffsets } from '../../src/source/source.js'

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
])('%j is refused with a sentence: %s', async (bounds, told) => {
  const failure = await ranges(bounds).catch(error => error)
  expect(failure).toBeInstanceOf(ObslabError)
  expect(failure.message).toContain(told)
})
