import type { Value } from '../change/column-type.js'
import { divideExactly, ExactSum } from '../exact-sum.js'
import type { AggregateKind } from './aggregate.js'
import type { OrderedPart, Part } from './aggregate-part.js'
import { type Cell, compareExactly } from './cell.js'
import { DecimalSum } from './decimal-sum.js'
import { allOf, compareOrdered, type Few, firstOf, lastOf, withEntry, withoutEntry } from './ordered.js'
import { type RowId, valueId } from './row-identity.js'

/** One group's memory of one aggregate. What was added may be taken back; the value never depends on the order. */
export interface Accumulator {
  add(part: Part): void
  /** `part` is equal to one that was added. */
  remove(part: Part): void
  value(): Cell
}

/** The memory of a group that no row has contributed to yet. */
export function accumulator(kind: AggregateKind): Accumulator {
  switch (kind) {
    case 'count':
      return new Count()
    case 'countDistinct':
      return new CountDistinct()
    case 'sum':
    case 'mean':
      return new Sum(kind)
    case 'min':
    case 'max':
      return new Extreme(kind)
    case 'first':
    case 'last':
    case 'collect':
      return new InOrder(kind)
  }
}

class Count implements Accumulator {
  #count = 0

  add(): void {
    this.#count++
  }

  remove(): void {
    this.#count--
  }

  value(): number {
    return this.#count
  }
}

class CountDistinct implements Accumulator {
  readonly #counts = new Map<RowId, number>()

  add(part: Part): void {
    const id = valueId(part as Value)
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
  }

  remove(part: Part): void {
    const id = valueId(part as Value)
    const count = this.#counts.get(id)! - 1
    if (count === 0) this.#counts.delete(id)
    else this.#counts.set(id, count)
  }

  value(): number {
    return this.#counts.size
  }
}

/** Numbers, bigints and decimals are summed apart; where a group has several, the sum is a number. */
class Sum implements Accumulator {
  readonly #kind: 'sum' | 'mean'
  #numbers: ExactSum | null = null
  #numberCount = 0
  #bigint = 0n
  #bigintCount = 0
  #decimals: DecimalSum | null = null
  #decimalCount = 0

  constructor(kind: 'sum' | 'mean') {
    this.#kind = kind
  }

  add(part: Part): void {
    if (typeof part === 'number') {
      this.#numbers ??= new ExactSum()
      this.#numbers.add(part)
      this.#numberCount++
    } else if (typeof part === 'bigint') {
      this.#bigint += part
      this.#bigintCount++
    } else {
      this.#decimals ??= new DecimalSum()
      this.#decimals.add(part as string)
      this.#decimalCount++
    }
  }

  remove(part: Part): void {
    if (typeof part === 'number') {
      this.#numbers!.subtract(part)
      this.#numberCount--
    } else if (typeof part === 'bigint') {
      this.#bigint -= part
      this.#bigintCount--
    } else {
      this.#decimals!.subtract(part as string)
      this.#decimalCount--
    }
  }

  value(): Cell {
    const count = this.#numberCount + this.#bigintCount + this.#decimalCount
    if (count === 0) return null
    if (count === this.#numberCount) {
      return this.#kind === 'sum' ? this.#numbers!.value() : this.#numbers!.mean(count)
    }
    if (count === this.#bigintCount) {
      return this.#kind === 'sum' ? this.#bigint : divideExactly(this.#bigint, BigInt(count))
    }
    if (count === this.#decimalCount) {
      return this.#kind === 'sum' ? this.#decimals!.text() : this.#decimals!.mean(count)
    }
    const sum = (this.#numbers?.value() ?? 0) + Number(this.#bigint) + (this.#decimals?.mean(1) ?? 0)
    return this.#kind === 'sum' ? sum : sum / count
  }
}

class Extreme implements Accumulator {
  readonly #kind: 'min' | 'max'
  #values: Few<Value>

  constructor(kind: 'min' | 'max') {
    this.#kind = kind
  }

  add(part: Part): void {
    this.#values = withEntry(this.#values, part as Value, compareExactly)
  }

  remove(part: Part): void {
    this.#values = withoutEntry(this.#values, part as Value)
  }

  value(): Cell {
    return (this.#kind === 'min' ? firstOf(this.#values) : lastOf(this.#values)) ?? null
  }
}

class InOrder implements Accumulator {
  readonly #kind: 'first' | 'last' | 'collect'
  #parts: Few<OrderedPart>

  constructor(kind: 'first' | 'last' | 'collect') {
    this.#kind = kind
  }

  add(part: Part): void {
    this.#parts = withEntry(this.#parts, part as OrderedPart, compareOrdered)
  }

  remove(part: Part): void {
    this.#parts = withoutEntry(this.#parts, part as OrderedPart)
  }

  value(): Cell {
    if (this.#kind === 'collect') return allOf(this.#parts).map(({ value }) => value)
    const end = this.#kind === 'first' ? firstOf(this.#parts) : lastOf(this.#parts)
    return end === undefined ? null : end.value
  }
}
