import { expect, test } from 'vitest'
import type { Row } from '../../src/change/column-type.js'
import { GroupKeys } from '../../src/pipeline/group-key.js'

test('a key comes back from its identity, whatever its columns', () => {
  const keys = new GroupKeys()
  const given: Row[] = [
    { a: 1, b: 'x|y' },
    { a: null, b: 2n ** 70n },
    { b: 1, a: 'x' },
    { 'odd,{name}': 3 },
    {},
  ]
  for (const key of given) {
    expect(keys.keyOf(keys.idOf(key))).toEqual(key)
  }
  expect(keys.columns).toEqual(['a', 'b'])
})

test('equal keys have one identity, and the same values under other names another', () => {
  const keys = new GroupKeys()
  expect(keys.idOf({ a: 1 })).toBe(keys.idOf({ a: 1n }))
  expect(keys.idOf({ b: 1 })).not.toBe(keys.idOf({ a: 1 }))
  expect(keys.idOf({ a: 1, b: 2 })).not.toBe(keys.idOf({ b: 1, a: 2 }))
})
