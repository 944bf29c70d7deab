import type { Row } from '../change/column-type.js'
import { rowKey } from '../change/row-key.js'
import { textOverhead } from './chunk.js'

/** Numbers the keys of a table in the order they are met, and notices those met in several partitions. */
export class KeyNumbers {
  readonly #numberOf = new Map<string, number>()
  /** The partition each key was first met in. */
  readonly #partitionOf: number[] = []
  readonly #split = new Set<number>()
  #bytes = 0

  /** How many keys were met. */
  get count(): number {
    return this.#partitionOf.length
  }

  /** Bytes held, estimated. */
  get byteLength(): number {
    return this.#bytes
  }

  /** The keys met in several partitions, ascending. */
  get split(): Int32Array {
    return Int32Array.from(this.#split).sort()
  }

  /** The number of the key that a row has in the columns named, met in a partition. */
  of(row: Row, names: readonly string[], partition: number): number {
    const text = rowKey(row, names)
    const known = this.#numberOf.get(text)
    if (known !== undefined) {
      if (this.#partitionOf[known] !== partition) this.#split.add(known)
      return known
    }
    const number = this.#partitionOf.push(partition) - 1
    this.#numberOf.set(text, number)
    this.#bytes += text.length + textOverhead
    return number
  }
}
