import { decimalText } from '../change/decimal.js'
import { divideExactly } from '../exact-sum.js'

/** A decimal as `unscaled / 10^scale`. */
export interface Decimal {
  unscaled: bigint
  scale: number
}

/** The decimal that text writes with digits and a point, or null for other text. */
export function parseDecimal(text: string): Decimal | null {
  const [, sign, whole, fraction = ''] = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined) return null
  const unscaled = BigInt(whole + fraction)
  return { unscaled: sign === '-' ? -unscaled : unscaled, scale: fraction.length }
}

/** An exact sum of decimals that were written as text, from which any may be taken back. */
export class DecimalSum {
  /** By scale: how many, and their sum. */
  readonly #scales = new Map<number, { count: number; unscaled: bigint }>()

  add(text: string): void {
    this.#change(text, 1)
  }

  /** `text` was added before. */
  subtract(text: string): void {
    this.#change(text, -1)
  }

  /** The sum as text, with the longest scale of what was added. */
  text(): string {
    const { unscaled, scale } = this.#total()
    return decimalText(unscaled, scale)
  }

  /** The double nearest to the sum divided by `count`. */
  mean(count: number): number {
    const { unscaled, scale } = this.#total()
    return divideExactly(unscaled, 10n ** BigInt(scale) * BigInt(count))
  }

  #change(text: string, by: 1 | -1): void {
    const { unscaled, scale } = parseDecimal(text)!
    const held = this.#scales.get(scale) ?? { count: 0, unscaled: 0n }
    held.count += by
    held.unscaled += by === 1 ? unscaled : -unscaled
    if (held.count === 0) this.#scales.delete(scale)
    else this.#scales.set(scale, held)
  }

  #total(): Decimal {
    const scale = Math.max(0, ...this.#scales.keys())
    let unscaled = 0n
    for (const [own, held] of this.#scales) unscaled += held.unscaled * 10n ** BigInt(scale - own)
    return { unscaled, scale }
  }
}
