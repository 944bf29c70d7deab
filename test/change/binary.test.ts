import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOfBase64, bytesOfBase64url, bytesOfHex } from '../../src/change/binary.js'

test('bytes survive each of the ways in which a connector writes them', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      const buffer = Buffer.from(bytes)
      const padded = buffer.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
      expect(bytesOfBase64(buffer.toString('base64'))).toEqual(bytes)
      expect(bytesOfBase64(padded)).toEqual(bytes)
      expect(bytesOfBase64url(padded)).toEqual(bytes)
      expect(bytesOfBase64url(buffer.toString('base64url'))).toEqual(bytes)
      expect(bytesOfHex(buffer.toString('hex'))).toEqual(bytes)
    }),
  )
})

test('text that is not written so is none', () => {
  expect(['a', 'ab', 'abc', 'ab=c', 'Mary Jo!'].map(bytesOfBase64)).toEqual(Array(5).fill(null))
  expect(['a+', 'a b'].map(bytesOfBase64url)).toEqual([null, null])
  expect(['a', '0g', '0x00'].map(bytesOfHex)).toEqual([null, null, null])
})

test('bytes have a memory of their own, so that a kept value keeps nothing else', () => {
  expect(bytesOfBase64('AQID')?.buffer.byteLength).toBe(3)
})
