/** Numbers that look like chance and are the same for the same seed, so that what was found can be found again. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (Math.trunc(seed) % 2 ** 32) >>> 0
  }

  /** A number from 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** Up to `count` different whole numbers from `from` to `to`, both included, in ascending order. */
  some(count: number, from: number, to: number): number[] {
    const taken = new Set<number>()
    for (let i = 0; i < count && from <= to; i++) taken.add(from + this.below(to - from + 1))
    return [...taken].sort((a, b) => a - b)
  }
}
