const { abs, max } = Math

/** Values at or above this are summed scaled down, so that no intermediate sum overflows. */
const large = 2 ** 1000
const scale = 2 ** 100

/**
 * A sum of doubles without rounding: the partial sums of Shewchuk's "Adaptive Precision Floating-Point
 * Arithmetic" hold it exactly, and only {@link ExactSum.value} and {@link ExactSum.mean} round, once. So the
 * result does not depend on the order of the values, and a value that was added can be subtracted again. NaN and
 * the infinities follow IEEE 754 and can be subtracted again too.
 */
export class ExactSum {
  #partials: number[] = []
  #large: number[] = []
  #infinite = 0
  #negativeInfinite = 0
  #notANumber = 0

  /** Adds one value. */
  add(value: number): void {
    if (Number.isFinite(value)) this.#addFinite(value)
    else this.#countSpecial(value, 1)
  }

  /** Takes back one value that was added. */
  subtract(value: number): void {
    if (Number.isFinite(value)) this.#addFinite(-value)
    else this.#countSpecial(value, -1)
  }

  /** The double nearest to the exact sum, ties to even; 0 when nothing was added. */
  value(): number {
    const special = this.#special()
    if (special !== 0) return special
    return round(this.#merged())
  }

  /** The double nearest to the exact sum divided by `count`. NaN when `count` is 0. */
  mean(count: number): number {
    const special = this.#special()
    if (special !== 0) return special
    const quotient = round(this.#partials) / count
    if (this.#large.length > 0 || abs(quotient) > 2 ** 900) return divide(this.#scaledDown(), count) * scale
    return abs(quotient) < 2 ** -900 ? quotient : divide(this.#partials, count)
  }

  #addFinite(value: number): void {
    if (abs(value) < large) addPartial(this.#partials, value)
    else addPartial(this.#large, value / scale)
  }

  #countSpecial(value: number, by: number): void {
    if (Number.isNaN(value)) this.#notANumber += by
    else if (value > 0) this.#infinite += by
    else this.#negativeInfinite += by
  }

  #special(): number {
    if (this.#notANumber > 0 || (this.#infinite > 0 && this.#negativeInfinite > 0)) return Number.NaN
    if (this.#infinite > 0) return Number.POSITIVE_INFINITY
    return this.#negativeInfinite > 0 ? Number.NEGATIVE_INFINITY : 0
  }

  /** The sum divided by `scale`: the products that correct a large quotient would overflow. */
  #scaledDown(): number[] {
    const scaled = this.#partials.map(partial => partial / scale)
    for (const partial of this.#large) addPartial(scaled, partial)
    return scaled
  }

  #merged(): number[] {
    if (this.#large.length === 0) return this.#partials
    const merged = [...this.#partials]
    for (const partial of this.#large) {
      if (!Number.isFinite(partial * scale)) return [partial * scale]
      addPartial(merged, partial * scale)
    }
    return merged
  }
}

function addPartial(partials: number[], value: number): void {
  let x = value
  let kept = 0
  for (let i = 0; i < partials.length; i++) {
    const y = partials[i]!
    const sum = x + y
    const error = abs(x) < abs(y) ? x - (sum - y) : y - (sum - x)
    if (error !== 0) partials[kept++] = error
    x = sum
  }
  if (x !== 0) partials[kept++] = x
  // Setting the length is slow even where it changes nothing.
  if (kept < partials.length) partials.length = kept
}

/** The double nearest to the sum of non-overlapping partials, which ascend in magnitude. */
function round(partials: readonly number[]): number {
  let i = partials.length - 1
  if (i < 0) return 0
  let high = partials[i]!
  let low = 0
  while (i > 0 && low === 0) {
    const x = high
    const y = partials[--i]!
    high = x + y
    low = y - (high - x)
  }
  // Half way between two doubles: what lies below decides, as in Python's fsum.
  return i > 0 ? awayFromTie(high, low, Math.sign(partials[i - 1]!)) : high
}

/** The double nearest to the sum of non-overlapping partials divided by `count`. */
function divide(partials: readonly number[], count: number): number {
  const quotient = round(partials) / count
  const rest = [...partials]
  subtractProduct(rest, quotient, count)
  const correction = round(rest) / count
  subtractProduct(rest, correction, count)
  return addRounded(quotient, correction, Math.sign(rest.at(-1) ?? 0))
}

/** `high + low` and a little more of the sign `beyond`, rounded once; `low` is smaller than `high`. */
function addRounded(high: number, low: number, beyond: number): number {
  const sum = high + low
  return awayFromTie(sum, low - (sum - high), beyond)
}

/** `high`, or the double beyond it when `low` is exactly half way there and what lies below points that way too. */
function awayFromTie(high: number, low: number, beyond: number): number {
  if (low === 0 || Math.sign(low) !== beyond) return high
  const twice = low * 2
  const next = high + twice
  return twice === next - high ? next : high
}

/** Takes a·b from partials, exactly. */
function subtractProduct(partials: number[], a: number, b: number): void {
  const product = a * b
  addPartial(partials, -product)
  addPartial(partials, -productError(a, b, product))
}

/** a·b − fl(a·b), exactly (Dekker). */
function productError(a: number, b: number, product: number): number {
  const [aHigh, aLow] = split(a)
  const [bHigh, bLow] = split(b)
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}

function split(a: number): [number, number] {
  const c = 134_217_729 * a
  const high = c - (c - a)
  return [high, a - high]
}

/**
 * The double nearest to `numerator / denominator`, ties to even. The denominator is positive. Exact for integers of
 * any size, where dividing two converted numbers would round three times.
 */
export function divideExactly(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0
  const negative = numerator < 0n
  const top = negative ? -numerator : numerator
  // 66 bits of quotient and a sticky bit for the rest are enough for BigInt → Number to round once.
  const shift = max(0, 66 - (bitLength(top) - bitLength(denominator)))
  const scaled = top << BigInt(shift)
  const quotient = scaled / denominator
  const sticky = quotient * denominator === scaled ? 0n : 1n
  const result = timesPowerOfTwo(Number((quotient << 1n) | sticky), -(shift + 1))
  return negative ? -result : result
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4
}

function timesPowerOfTwo(value: number, exponent: number): number {
  let result = value
  for (let left = exponent; left < 0; left += 1000) result *= 2 ** max(left, -1000)
  return result
}
