/**
 * How many sizes there were of each number of bytes: exact quantiles at the cost of one number for each different size,
 * of which even a large topic has few.
 */
export class SizeCounts {
  readonly #counts = new Map<number, number>()
  #count = 0
  #bytes = 0
  #largest = 0

  /** How many were added. */
  get count(): number {
    return this.#count
  }

  /** The sum of them. */
  get bytes(): number {
    return this.#bytes
  }

  /** The largest; 0 without any. */
  get largest(): number {
    return this.#largest
  }

  /** Adds one size. */
  add(bytes: number): void {
    this.#counts.set(bytes, (this.#counts.get(bytes) ?? 0) + 1)
    this.#count++
    this.#bytes += bytes
    if (bytes > this.#largest) this.#largest = bytes
  }

  /**
   * For each share of `shares` (0.5 is the median) the smallest size that at least so large a share of the sizes does not
   * exceed; null without any.
   */
  quantiles(shares: readonly number[]): (number | null)[] {
    const sizes = [...this.#counts].sort(([a], [b]) => a - b)
    return shares.map(share => {
      const wanted = Math.max(1, Math.ceil(share * this.#count))
      let passed = 0
      for (const [size, count] of sizes) {
        passed += count
        if (passed >= wanted) return size
      }
      return null
    })
  }
}
