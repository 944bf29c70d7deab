import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchesOf } from '../../src/job/batches.js'

const anyRecord = fc.record({
  key: fc.string({ unit: 'grapheme', maxLength: 30 }),
  row: fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }), { nil: null }),
})

const sizeOf = ({ key, row }: { key: string; row: string | null }): number =>
  Buffer.byteLength(key) + Buffer.byteLength(row ?? '')

test('batches hold all records in their order, none is empty, and only a single record may exceed the size', () => {
  fc.assert(
    fc.property(fc.array(anyRecord), fc.integer({ min: 1, max: 2_000 }), (records, bytes) => {
      const batches = [...batchesOf(records, bytes)]
      expect(batches.flat()).toEqual(records)
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0)
        const size = batch.reduce((sum, record) => sum + sizeOf(record), 0)
        expect(batch.length === 1 || size <= bytes).toBe(true)
      }
    }),
  )
})

test('records that fit together are kept together', () => {
  const records = Array.from({ length: 10 }, (_, i) => ({ key: `${i}`, row: 'x'.repeat(67) }))
  expect([...batchesOf(records, 500)].map(batch => batch.length)).toEqual([5, 5])
})
