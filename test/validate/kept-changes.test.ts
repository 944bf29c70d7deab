import { expect, test } from 'vitest'
import { KeptChanges } from '../../src/validate/kept-changes.js'
import { reading, tombstone } from './log.js'

const inputs = [
  {
    topic: 'readings',
    cleanupPolicy: 'delete',
    partitions: [
      { partition: 0, start: 0, stable: 80, end: 80 },
      { partition: 1, start: 0, stable: 20, end: 20 },
    ],
  },
]
const columns = new Map([['readings', new Set(['id', 'box'])]])

test('only the columns that are read are kept, and nobody can write to them', () => {
  const kept = new KeptChanges({ inputs, columns, limit: 1000 })
  kept.add(reading('c', { id: 1, value: 7 }, 0))
  kept.add(tombstone(1))
  kept.add({ kind: 'heartbeat', topic: 'readings', partition: 0, offset: 2, timestamp: 0, time: 0 })
  const [first, second, ...others] = kept.changes
  expect([kept.seen, others.length, second!.kind]).toEqual([2, 0, 'tombstone'])
  const { after } = first as { after: Record<string, unknown> }
  expect(after).toEqual({ id: 1, box: 1 })
  expect(() => {
    after.box = 2
  }).toThrow(TypeError)
})

test('of more than the limit the first and last of each partition are kept, by its share', () => {
  const kept = new KeptChanges({ inputs, columns, limit: 10 })
  for (let i = 0; i < 80; i++) kept.add({ ...reading('c', { id: i }, i, 0), offset: i })
  for (let i = 0; i < 20; i++) kept.add({ ...reading('c', { id: i }, i, 1), offset: i })
  const offsets = (partition: number): number[] =>
    kept.changes.filter(change => change.partition === partition).map(({ offset }) => offset)
  expect(offsets(0)).toEqual([0, 1, 2, 3, 76, 77, 78, 79])
  expect(offsets(1)).toEqual([0, 19])
  expect(kept.seen).toBe(100)
})
