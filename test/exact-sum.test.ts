import fc from 'fast-check'
import { expect, test } from 'vitest'
import { divideExactly, ExactSum } from '../src/exact-sum.js'

function sumOf(values: readonly number[]): ExactSum {
  const sum = new ExactSum()
  for (const value of values) sum.add(value)
  return sum
}

/** A double as an integer number of 2^-1074. */
function asInteger(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const exponent = Number((raw >> 52n) & 0x7ffn)
  const fraction = raw & 0xfffffffffffffn
  const size = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1)
  return raw >> 63n === 1n ? -size : size
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const moderate = fc.double({ noNaN: true, min: -1e200, max: 1e200 })

test.each([
  { values: [], sum: 0 },
  { values: [0.1, 0.2, 0.3], sum: 0.6 },
  { values: Array(10).fill(0.1), sum: 1 },
  { values: [1e100, 1, -1e100], sum: 1 },
  { values: [1e308, 1e308, -1e308], sum: 1e308 },
  { values: [1e308, 1e308], sum: Number.POSITIVE_INFINITY },
  { values: [1, 2 ** -53], sum: 1 },
  { values: [1, 2 ** -53, 2 ** -105], sum: 1 + 2 ** -52 },
  { values: [Number.POSITIVE_INFINITY, 1], sum: Number.POSITIVE_INFINITY },
  { values: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], sum: Number.NaN },
  { values: [Number.NaN, 1], sum: Number.NaN },
])('the sum of $values is rounded once, to $sum', ({ values, sum }) => {
  expect(sumOf(values).value()).toBe(sum)
})

test('a sum equals the integer sum of the same doubles, rounded once', () => {
  fc.assert(
    fc.property(fc.array(moderate, { maxLength: 30 }), values => {
      const exact = values.reduce((total, value) => total + asInteger(value), 0n)
      expect(sumOf(values).value() + 0).toBe(divideExactly(exact, 2n ** 1074n))
    }),
  )
})

test('a mean equals the integer sum divided by the count, rounded once', () => {
  fc.assert(
    fc.property(fc.array(moderate, { minLength: 1, maxLength: 30 }), values => {
      const exact = values.reduce((total, value) => total + asInteger(value), 0n)
      const mean = divideExactly(exact, 2n ** 1074n * BigInt(values.length))
      fc.pre(mean === 0 || Math.abs(mean) > 1e-250)
      expect(sumOf(values).mean(values.length) + 0).toBe(mean)
    }),
  )
})

test.each([
  { values: [-9.999995346841965e199, -9.672422422032896e198, 0, 5e-324], mean: -2.7418093972613134e199 },
  { values: [-9.999995346841965e199, -9.672422422032896e198, 0, 0], mean: -2.7418093972613138e199 },
  { values: [2e300], mean: 2e300 },
  { values: [1.7e308, 1.5e308], mean: 1.6e308 },
])('the mean of $values is $mean: what is too small to count still decides half way', ({ values, mean }) => {
  expect(sumOf(values).mean(values.length)).toBe(mean)
})

test('the order of the values does not change a sum', () => {
  fc.assert(
    fc.property(fc.array(finite, { maxLength: 20 }), fc.nat(), (values, seed) => {
      const shuffled = [...values].sort((a, b) => ((a * 31 + seed) % 7) - ((b * 31 + seed) % 7))
      expect(sumOf(shuffled).value()).toBe(sumOf(values).value())
    }),
  )
})

test('a value that was added can be subtracted again, NaN and infinities too', () => {
  fc.assert(
    fc.property(fc.array(moderate), fc.array(fc.double({ min: -1e200, max: 1e200 })), (kept, gone) => {
      const sum = sumOf([...kept, ...gone, Number.NaN, Number.NEGATIVE_INFINITY])
      for (const value of [...gone, Number.NaN, Number.NEGATIVE_INFINITY]) sum.subtract(value)
      expect(sum.value() + 0).toBe(sumOf(kept).value() + 0)
    }),
  )
})

test.each([
  [1n, 3n, 1 / 3],
  [-7n, 2n, -3.5],
  [2n ** 60n + 1n, 1n, 2 ** 60],
  [10n ** 40n, 10n ** 39n, 10],
  [2n ** 53n + 1n, 2n, 2 ** 52],
  [0n, 5n, 0],
])('%s / %s is the nearest double %s', (numerator, denominator, quotient) => {
  expect(divideExactly(numerator, denominator)).toBe(quotient)
})
