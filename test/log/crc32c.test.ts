import { expect, test } from 'vitest'
import { crc32c } from '../../src/log/crc32c.js'

test.each([
  ['', 0x00000000],
  ['a', 0xc1d04330],
  ['123456789', 0xe3069283],
  ['The quick brown fox jumps over the lazy dog', 0x22620404],
])('the CRC-32C of %j is the published one', (text, expected) => {
  expect(crc32c(Buffer.from(text))).toBe(expected)
})

test('a part of a buffer is checked as if it stood alone', () => {
  expect(crc32c(Buffer.from('xx123456789yy'), 2, 11)).toBe(0xe3069283)
})
