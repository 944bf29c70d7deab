import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entryKey, idOfKey, isHashed } from '../../src/job/entry-key.js'

test.each<[string, number | string]>([
  ['a number', 4711],
  ['a negative number', -3],
  ['text of a number', '4711'],
  ['empty text', ''],
  ['a zero byte', 'a\u0000b'],
  ['other scripts', 'ኢትዮጵያ'],
  ['no valid Unicode', '\ud800'],
])('the key of %s says it', (_, id) => {
  const key = Buffer.from(entryKey(id))
  expect(isHashed(key)).toBe(false)
  expect(idOfKey(key)).toBe(id)
})

test('two identities have two keys, which LMDB takes, and the key of one that is not too long says it', () => {
  const id = fc.oneof(
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.integer().map(String),
  )
  fc.assert(
    fc.property(id, id, fc.constantFrom(0, 900, 5000), (one, other, padding) => {
      const padded = typeof one === 'string' ? one + 'x'.repeat(padding) : one
      const keys = [padded, other].map(each => Buffer.from(entryKey(each)))
      expect(keys[0]!.equals(keys[1]!)).toBe(padded === other)
      expect(Math.max(...keys.map(({ length }) => length))).toBeLessThanOrEqual(1978)
      if (!isHashed(keys[0]!)) expect(idOfKey(keys[0]!)).toBe(padded)
      else expect(String(padded).length).toBeGreaterThan(900)
    }),
  )
})

test('zero is one identity, whatever its sign', () => {
  expect(Buffer.from(entryKey(-0))).toEqual(Buffer.from(entryKey(0)))
})

test('integers are in their order', () => {
  const keys = [0, 1, 255, 256, 2 ** 40].map(id => Buffer.from(entryKey(id)))
  expect([...keys].sort(Buffer.compare)).toEqual(keys)
})
