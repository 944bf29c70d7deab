import type { Row } from '../change/column-type.js'
import type { CellRow } from './cell.js'
import type { OperatorState } from './operator-state.js'
import { compareOrdered, type Few, firstOf, type Ordered, withEntry, withoutEntry } from './ordered.js'
import { OrderedMultiset } from './ordered-multiset.js'
import { rowText, sameText, type Upsert } from './output.js'
import type { OutputKey } from './output-key.js'
import type { OutputRow } from './output-row.js'
import { hasPrefix, type RowId, type RowSink } from './row-identity.js'
import type { SetAside } from './set-aside.js'
import type { StepContext } from './verb.js'

/** One record of an output, and the same as it is written. */
export interface EncodedUpsert extends Upsert {
  keyText: string
  /** Null for a row that is gone. */
  rowText: string | null
}

/** A row that is to be written, and under which key. */
interface Keyed {
  key: Row
  keyText: string
  row: CellRow
}

/**
 * The end of a pipeline: turns the newest versions of its last step's rows into records. An update leaves as one record,
 * equal rows do not leave again, and of several rows with one key the one of the lowest identity is written.
 */
export class OutputRecords implements RowSink {
  readonly #key: OutputKey
  readonly #row: OutputRow
  readonly #identityKey: (id: RowId) => Row
  readonly #setAside: SetAside
  readonly #changed = new Map<RowId, Keyed | null>()
  readonly #held: HeldRecords

  constructor(key: OutputKey, row: OutputRow, identityKey: (id: RowId) => Row, context: StepContext) {
    this.#key = key
    this.#row = row
    this.#identityKey = identityKey
    this.#setAside = context.setAside
    this.#held =
      key.columns === null
        ? new IdentifiedRecords(id => ({ key: identityKey(id), keyText: key.text(identityKey(id)) }), context)
        : new KeyedRecords(key, context)
  }

  /** What the output holds after compaction: encoded key to encoded row. It is put together for each call. */
  written(): Map<string, string> {
    return this.#held.written()
  }

  /** How many keys several rows have. */
  get ambiguousKeys(): number {
    return this.#held.ambiguousKeys()
  }

  put(id: RowId, row: CellRow): void {
    try {
      const key = this.#key.of(row, () => this.#identityKey(id))
      this.#changed.set(id, { key, keyText: this.#key.text(key), row: this.#row.of(row) })
      this.#setAside.passed(id)
    } catch (cause) {
      this.#setAside.failed(id, cause)
      this.#changed.set(id, null)
    }
  }

  remove(id: RowId): void {
    this.#setAside.passed(id)
    this.#changed.set(id, null)
  }

  clear(prefix: string): void {
    this.#setAside.clear(prefix)
    for (const id of this.#changed.keys()) if (hasPrefix(id, prefix)) this.#changed.set(id, null)
    for (const id of this.#held.ids()) if (hasPrefix(id, prefix)) this.#changed.set(id, null)
  }

  /** The records that are different since the last call, one per key. */
  flush(): EncodedUpsert[] {
    const upserts = this.#held.replace(this.#changed)
    this.#changed.clear()
    return upserts
  }
}

/** The rows that an output holds. */
interface HeldRecords {
  ids(): Iterable<RowId>
  /** Takes the newest versions of rows, and gives what is to be written for them. */
  replace(changed: ReadonlyMap<RowId, Keyed | null>): EncodedUpsert[]
  written(): Map<string, string>
  ambiguousKeys(): number
}

/** Rows whose key is their identity: each key has one row. */
class IdentifiedRecords implements HeldRecords {
  readonly #keyOf: (id: RowId) => { key: Row; keyText: string }
  /** The row last written for each. */
  readonly #rows: OperatorState<string>

  constructor(keyOf: (id: RowId) => { key: Row; keyText: string }, context: StepContext) {
    this.#keyOf = keyOf
    this.#rows = context.state('rows', { encode: row => row, decode: cell => cell as string })
  }

  ids(): Iterable<RowId> {
    return Array.from(this.#rows.entries(), ([id]) => id)
  }

  replace(changed: ReadonlyMap<RowId, Keyed | null>): EncodedUpsert[] {
    const upserts: EncodedUpsert[] = []
    for (const [id, keyed] of changed) {
      if (keyed === null) {
        if (this.#rows.delete(id)) upserts.push({ ...this.#keyOf(id), row: null, rowText: null })
        continue
      }
      const text = rowText(keyed.row)
      if (this.#rows.get(id) === text) continue
      this.#rows.set(id, text)
      upserts.push({ key: keyed.key, keyText: keyed.keyText, row: keyed.row, rowText: text })
    }
    return upserts
  }

  written(): Map<string, string> {
    return new Map(Array.from(this.#rows.entries(), ([id, row]) => [this.#keyOf(id).keyText, row]))
  }

  ambiguousKeys(): number {
    return 0
  }
}

/** A row that is there, with the key it would be written under. */
interface Candidate extends Ordered {
  key: Row
  row: CellRow
}

/** Rows whose key is made of columns of theirs, so that several may have one. */
class KeyedRecords implements HeldRecords {
  readonly #key: OutputKey
  readonly #rows: OperatorState<Candidate>
  readonly #byKey = new Map<string, Few<Candidate>>()

  constructor(key: OutputKey, context: StepContext) {
    this.#key = key
    this.#rows = context.state('rows', {
      encode: ({ key, row }) => [key, row],
      decode(cell, id) {
        const [key, row] = cell as [Row, CellRow]
        return { by: null, id, key, row }
      },
    })
    for (const [, candidate] of this.#rows.entries()) this.#add(key.text(candidate.key), candidate)
  }

  ids(): Iterable<RowId> {
    return Array.from(this.#rows.entries(), ([id]) => id)
  }

  replace(changed: ReadonlyMap<RowId, Keyed | null>): EncodedUpsert[] {
    /** What was written before for each key that may have another row now. */
    const before = new Map<string, Candidate | undefined>()
    const touch = (keyText: string): void => {
      if (!before.has(keyText)) before.set(keyText, firstOf(this.#byKey.get(keyText)))
    }
    for (const [id, keyed] of changed) {
      const old = this.#rows.get(id)
      if (old !== undefined) {
        const oldText = this.#key.text(old.key)
        touch(oldText)
        this.#take(oldText, old)
        if (keyed === null) this.#rows.delete(id)
      }
      if (keyed === null) continue
      touch(keyed.keyText)
      const candidate = { by: null, id, key: keyed.key, row: keyed.row }
      this.#rows.set(id, candidate)
      this.#add(keyed.keyText, candidate)
    }
    return Array.from(before, ([keyText, old]) => this.#difference(keyText, old)).filter(one => one !== null)
  }

  written(): Map<string, string> {
    return new Map(Array.from(this.#byKey, ([key, few]) => [key, rowText(firstOf(few)!.row)]))
  }

  ambiguousKeys(): number {
    let keys = 0
    for (const few of this.#byKey.values()) if (few instanceof OrderedMultiset) keys++
    return keys
  }

  #difference(keyText: string, before: Candidate | undefined): EncodedUpsert | null {
    const now = firstOf(this.#byKey.get(keyText))
    if (now === undefined) {
      return before === undefined ? null : { key: before.key, keyText, row: null, rowText: null }
    }
    if (before !== undefined && sameText(before.row, now.row)) return null
    return { key: now.key, keyText, row: now.row, rowText: rowText(now.row) }
  }

  #add(keyText: string, candidate: Candidate): void {
    this.#byKey.set(keyText, withEntry(this.#byKey.get(keyText), candidate, compareOrdered))
  }

  #take(keyText: string, candidate: Candidate): void {
    const left = withoutEntry(this.#byKey.get(keyText), candidate)
    if (left === undefined) this.#byKey.delete(keyText)
    else this.#byKey.set(keyText, left)
  }
}
