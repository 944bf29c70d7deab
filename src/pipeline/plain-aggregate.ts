import type { Value } from '../change/column-type.js'
import { decimalText } from '../change/decimal.js'
import { divideExactly } from '../exact-sum.js'
import type { AggregateKind } from './aggregate.js'
import type { OrderedPart, Part } from './aggregate-part.js'
import { type Cell, compareExactly } from './cell.js'
import { type Decimal, parseDecimal } from './decimal-sum.js'
import { compareOrdered } from './ordered.js'
import { partOf } from './row-identity.js'

/**
 * An aggregate of all that the rows of a group contribute at once, in the plainest way: what an accumulator has to be
 * equal to.
 */
export function plainAggregate(kind: AggregateKind, parts: readonly Part[]): Cell {
  const values = parts as readonly Value[]
  switch (kind) {
    case 'count':
      return parts.length
    case 'countDistinct':
      return new Set(values.map(partOf)).size
    case 'sum':
      return parts.length === 0 ? null : plainSum(values)
    case 'mean':
      return parts.length === 0 ? null : plainMean(values)
    case 'min':
      return [...values].sort(compareExactly)[0] ?? null
    case 'max':
      return [...values].sort(compareExactly).at(-1) ?? null
    case 'first':
      return inOrder(parts)[0]?.value ?? null
    case 'last':
      return inOrder(parts).at(-1)?.value ?? null
    case 'collect':
      return inOrder(parts).map(({ value }) => value)
  }
}

function inOrder(parts: readonly Part[]): OrderedPart[] {
  return [...(parts as readonly OrderedPart[])].sort(compareOrdered)
}

function plainSum(values: readonly Value[]): Cell {
  const { numbers, bigints, decimals } = byKind(values)
  if (numbers.length === values.length) return meanOfNumbers(numbers, 1)
  const bigint = bigints.reduce((sum, one) => sum + one, 0n)
  if (bigints.length === values.length) return bigint
  const { unscaled, scale } = total(decimals)
  if (decimals.length === values.length) return decimalText(unscaled, scale)
  return meanOfNumbers(numbers, 1) + Number(bigint) + divideExactly(unscaled, 10n ** BigInt(scale))
}

function plainMean(values: readonly Value[]): Cell {
  const { numbers, bigints, decimals } = byKind(values)
  const count = values.length
  if (numbers.length === count) return meanOfNumbers(numbers, count)
  if (bigints.length === count)
    return divideExactly(
      bigints.reduce((sum, one) => sum + one, 0n),
      BigInt(count),
    )
  if (decimals.length < count) return (plainSum(values) as number) / count
  const { unscaled, scale } = total(decimals)
  return divideExactly(unscaled, 10n ** BigInt(scale) * BigInt(count))
}

interface ByKind {
  numbers: number[]
  bigints: bigint[]
  decimals: Decimal[]
}

function byKind(values: readonly Value[]): ByKind {
  return {
    numbers: values.filter(value => typeof value === 'number'),
    bigints: values.filter(value => typeof value === 'bigint'),
    decimals: values.filter(value => typeof value === 'string').map(text => parseDecimal(text)!),
  }
}

function total(decimals: readonly Decimal[]): Decimal {
  const scale = Math.max(0, ...decimals.map(decimal => decimal.scale))
  const unscaled = decimals.reduce((sum, one) => sum + one.unscaled * 10n ** BigInt(scale - one.scale), 0n)
  return { unscaled, scale }
}

/** Every finite double is a multiple of the least, 2^-1074, so integers sum them without rounding. */
function meanOfNumbers(numbers: readonly number[], count: number): number {
  const special = numbers.filter(one => !Number.isFinite(one))
  if (special.length > 0) return special.reduce((sum, one) => sum + one, 0)
  const multiples = numbers.reduce((sum, one) => sum + multipleOfLeast(one), 0n)
  return divideExactly(multiples, BigInt(count) << 1074n)
}

const view = new DataView(new ArrayBuffer(8))

function multipleOfLeast(double: number): bigint {
  view.setFloat64(0, double)
  const bits = view.getBigUint64(0)
  const exponent = (bits >> 52n) & 0x7ffn
  const fraction = bits & 0xfffffffffffffn
  const size = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n)
  return bits >> 63n === 1n ? -size : size
}
