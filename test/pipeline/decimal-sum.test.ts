import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DecimalSum, parseDecimal } from '../../src/pipeline/decimal-sum.js'

test.each([
  ['1.10', { unscaled: 110n, scale: 2 }],
  ['-0.5', { unscaled: -5n, scale: 1 }],
  ['7', { unscaled: 7n, scale: 0 }],
  ['1e3', null],
  ['', null],
  ['.5', null],
])('%s is the decimal %o', (text, expected) => {
  expect(parseDecimal(text)).toEqual(expected)
})

test('what was added and taken back leaves no trace, not in the scale either', () => {
  const decimal = fc.constantFrom('1.5', '-2.25', '0.001', '3', '99999999999999999999.9')
  fc.assert(
    fc.property(fc.array(decimal), fc.array(decimal), (kept, gone) => {
      const [sum, plain] = [new DecimalSum(), new DecimalSum()]
      for (const one of [...kept, ...gone]) sum.add(one)
      for (const one of gone) sum.subtract(one)
      for (const one of kept) plain.add(one)
      expect(sum.text()).toBe(plain.text())
    }),
  )
})

test('a mean is rounded once', () => {
  const sum = new DecimalSum()
  for (const one of ['0.10', '0.20', '0.30']) sum.add(one)
  expect([sum.text(), sum.mean(3)]).toEqual(['0.60', 0.2])
})
