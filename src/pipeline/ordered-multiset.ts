/** Entries kept in order, so that the first and the last are at hand whatever is added and removed. */
export class OrderedMultiset<E> {
  readonly #compare: (a: E, b: E) => number
  /** Sorted runs of at most `runLimit` entries: an insertion moves one run, not the whole. None is empty. */
  readonly #runs: E[][] = []
  #size = 0

  constructor(compare: (a: E, b: E) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  /** The least entry, or undefined when there is none. */
  first(): E | undefined {
    return this.#runs[0]?.[0]
  }

  /** The greatest entry, or undefined when there is none. */
  last(): E | undefined {
    return this.#runs.at(-1)?.at(-1)
  }

  /** Whether an entry is equal to `entry`. */
  has(entry: E): boolean {
    const run = this.#runs[this.#runOf(entry)]
    const found = run?.[lowerBound(run, entry, this.#compare)]
    return found !== undefined && this.#compare(found, entry) === 0
  }

  /** The greatest entry below `entry`, or undefined when there is none. */
  before(entry: E): E | undefined {
    const at = this.#runOf(entry)
    const run = this.#runs[at]
    const i = run === undefined ? 0 : lowerBound(run, entry, this.#compare)
    return i > 0 ? run![i - 1] : this.#runs[at - 1]?.at(-1)
  }

  /** The entries in order from the first that is not below `entry`. Nothing may be added or removed meanwhile. */
  *from(entry: E): Generator<E> {
    const at = this.#runOf(entry)
    for (let r = at; r < this.#runs.length; r++) {
      const run = this.#runs[r]!
      for (let i = r === at ? lowerBound(run, entry, this.#compare) : 0; i < run.length; i++) yield run[i]!
    }
  }

  /** All entries in order. */
  toArray(): E[] {
    return this.#runs.flat()
  }

  add(entry: E): void {
    this.#size++
    if (this.#runs.length === 0) {
      this.#runs.push([entry])
      return
    }
    const at = Math.min(this.#runOf(entry), this.#runs.length - 1)
    const run = this.#runs[at]!
    run.splice(lowerBound(run, entry, this.#compare), 0, entry)
    if (run.length > runLimit) this.#runs.splice(at + 1, 0, run.splice(runLimit / 2))
  }

  /** Removes one entry equal to `entry`; false when there is none. */
  remove(entry: E): boolean {
    const at = this.#runOf(entry)
    const run = this.#runs[at]
    if (run === undefined) return false
    const i = lowerBound(run, entry, this.#compare)
    if (i === run.length || this.#compare(run[i]!, entry) !== 0) return false
    run.splice(i, 1)
    if (run.length === 0) this.#runs.splice(at, 1)
    this.#size--
    return true
  }

  /** The first run whose last entry is not below `entry`. */
  #runOf(entry: E): number {
    return lowerBound(this.#runs, entry, (run, sought) => this.#compare(run[run.length - 1]!, sought))
  }
}

const runLimit = 512

/** Index of the first item that is not below `sought`. */
function lowerBound<I, E>(items: readonly I[], sought: E, compare: (item: I, sought: E) => number): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(items[middle]!, sought) < 0) low = middle + 1
    else high = middle
  }
  return low
}
