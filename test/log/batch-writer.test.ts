import { expect, test } from 'vitest'
import { writeBatch } from '../../src/log/batch-writer.js'
import { record, records } from './batches.js'

test('a batch is laid out as Kafka documents it', () => {
  const bytes = Buffer.from(
    writeBatch({ records: [record(7, 'k', 'v', 1_700_000_000_000)], partitionLeaderEpoch: 3 }),
  )
  const expected =
    '0000000000000007 0000003a 00000003 02 ???????? 0000 00000000 0000018bcfe56800 0000018bcfe56800' +
    'ffffffffffffffff ffff ffffffff 00000001 10 00 00 00 02 6b 02 76 00'
  const hex = bytes.toString('hex')
  const pattern = expected.replaceAll(' ', '').replace('????????', '([0-9a-f]{8})')
  expect(hex).toMatch(new RegExp(`^${pattern}$`))
})

test.each([
  ['descending', { records: [...records(5, 1), ...records(4, 1)] }],
  ['twice the same', { records: [...records(5, 1), ...records(5, 1)] }],
  ['below the base offset', { records: records(5, 1), baseOffset: 6 }],
  ['past the last offset', { records: records(5, 2), lastOffset: 5 }],
  ['unknown', { records: [] }],
])('offsets that are %s are refused', (_, batch) => {
  expect(() => writeBatch(batch)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
})
