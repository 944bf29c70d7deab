import { type ChangeLog, lengthOf } from './change-log.js'

/**
 * The changes of each key, in the order read. An entry is the row of a change; of one that took the key's row away to
 * another key, its complement (`~row`).
 */
export class KeyIndex {
  readonly #starts: Int32Array
  readonly #entries: Int32Array

  constructor(log: ChangeLog) {
    const { keyIds, keyCount, leaves } = log
    const starts = new Int32Array(keyCount + 1)
    for (const id of keyIds) if (id >= 0) starts[id + 1]!++
    for (const { keyId } of leaves) starts[keyId + 1]!++
    for (let id = 0; id < keyCount; id++) starts[id + 1]! += starts[id]!
    const next = starts.slice(0, keyCount)
    const entries = new Int32Array(starts[keyCount]!)
    let leave = 0
    for (let row = 0; row < lengthOf(log); row++) {
      while (leaves[leave]?.row === row) entries[next[leaves[leave++]!.keyId]!++] = ~row
      const id = keyIds[row]!
      if (id >= 0) entries[next[id]!++] = row
    }
    this.#starts = starts
    this.#entries = entries
  }

  /** The entries of a key. */
  of(id: number): Int32Array {
    return this.#entries.subarray(this.#starts[id]!, this.#starts[id + 1]!)
  }
}

/** The row of an entry of a {@link KeyIndex}. */
export function rowOf(entry: number): number {
  return entry < 0 ? ~entry : entry
}
