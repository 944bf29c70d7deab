import { expect, test } from 'vitest'
import { difference } from '../../src/job/difference.js'

const output = (rows: Record<number, string>): Map<string, string> =>
  new Map(Object.entries(rows).map(([id, row]) => [`{"id":${id}}`, row]))

test('new and changed rows are written, those that are gone get a tombstone, equal ones are left alone, by key', () => {
  const held = output({ 1: 'same', 2: 'old', 3: 'gone' })
  const wanted = output({ 1: 'same', 2: 'new', 4: 'added' })
  expect(difference({ held, wanted, ownKey: '{"id":1}' })).toEqual({
    records: [
      { key: '{"id":2}', row: 'new' },
      { key: '{"id":3}', row: null },
      { key: '{"id":4}', row: 'added' },
    ],
    unchanged: 1,
  })
})

test.each([
  ['{"obs_id":1}', '{"id":9}', 'found rows keyed by obs_id'],
  ['plain', '{"id":9}', 'found a key that is no JSON object'],
  ['{"id":1}', null, 'Expected an empty output'],
])('the key %s where the job writes %s is refused: %s', (key, ownKey, told) => {
  const held = new Map([[key, '{}']])
  const compared = (): unknown => difference({ held, wanted: new Map(), ownKey })
  expect(compared).toThrow(
    expect.objectContaining({ code: 'output-foreign', message: expect.stringContaining(told) }),
  )
})

test('rows whose history is gone may be removed when the job has computed such a key', () => {
  const { records } = difference({ held: output({ 1: 'row' }), wanted: new Map(), ownKey: '{"id":7}' })
  expect(records).toEqual([{ key: '{"id":1}', row: null }])
})
