import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalOfNumber, decimalText, integerOfBytes } from '../../src/change/decimal.js'

test.each([
  ['AxY=', 2, '7.90'],
  ['SZYC0g==', 2, '12345678.90'],
  ['/w==', 2, '-0.01'],
  ['AA==', 10, '0.0000000000'],
  ['ARZS', 3, '71.250'],
  ['AY7pD/bDc+DuDATVFQ==', 10, '12345678901234567890.0123456789'],
  ['/ujL', 2, '-714.77'],
  ['gA==', 0, '-128'],
  ['AIA=', 0, '128'],
])('base64 %s of scale %d is %s', (base64, scale, text) => {
  expect(decimalText(integerOfBytes(Buffer.from(base64, 'base64')), scale)).toBe(text)
})

test('two’s-complement bytes of any length give their integer back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.bigInt({ min: -(2n ** 159n), max: 2n ** 159n - 1n }),
      (length, value) => {
        const integer = BigInt.asIntN(length * 8, value)
        const hex = BigInt.asUintN(length * 8, integer)
          .toString(16)
          .padStart(length * 2, '0')
        expect(integerOfBytes(Buffer.from(hex, 'hex'))).toBe(integer)
      },
    ),
  )
})

test.each([
  [7.9, 2, '7.90'],
  [-0.001, 2, '0.00'],
  [12345678.9, 2, '12345678.90'],
  [71.25, undefined, '71.25'],
  [1e21, undefined, '1000000000000000000000'],
  [1.5e-7, undefined, '0.00000015'],
  [0, undefined, '0'],
  [-0.5, undefined, '-0.5'],
  [9007199254740993n, 2, '9007199254740993.00'],
  [12345678901234.56, 4, null],
  [Number.POSITIVE_INFINITY, undefined, null],
])('the number %s with scale %s is the decimal %s', (value, scale, text) => {
  expect(decimalOfNumber(value, scale)).toBe(text)
})

test('the decimal of a double without a scale reads back as the same double', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
      expect(Number(decimalOfNumber(value, undefined))).toBe(Object.is(value, -0) ? 0 : value)
    }),
  )
})
