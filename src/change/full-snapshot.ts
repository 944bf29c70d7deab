import type { SourcePosition } from './change.js'
import { isFullSnapshot } from './position.js'

/** What one partition holds of a full snapshot, as places in the sequence of changes. */
export interface SnapshotPart {
  /** Its first row. */
  first: number
  /** Its last row so far. */
  last: number
  /** What shows that no more rows of it follow: its row marked as the last, or the first change of the log after it. −1 before. */
  past: number
  /** The first change of the log after it; −1 before one. */
  next: number
}

/** One reading of a whole table by the connector: all its rows have the position it was taken at. */
export interface FullSnapshot {
  readonly file: string
  readonly pos: number
  /** The earliest time its rows give, milliseconds. */
  time: number
  /** Whether its rows say which is the first and the last of the table, as Debezium's do from 2.0 on. */
  marked: boolean
  /** The place of the row marked as the last of the table; −1 before it. */
  ended: number
  readonly parts: Map<number, SnapshotPart>
}

const begins: ReadonlySet<string> = new Set(['first', 'first_in_data_collection'])
const ends: ReadonlySet<string> = new Set(['last', 'last_in_data_collection'])

/**
 * Follows the full snapshots of one topic, so that rows which a snapshot did not read again can be known to be gone. That
 * may be said of the rows of a partition once the snapshot was completed and its partition is past it. An incremental
 * snapshot is none: it does not say which rows it did not find.
 */
export class FullSnapshots {
  readonly #all = new Map<string, FullSnapshot>()
  readonly #open = new Map<number, FullSnapshot>()

  /** All that were met, in the order they were. */
  get list(): readonly FullSnapshot[] {
    return [...this.#all.values()]
  }

  /** The partitions that a snapshot is read of now, each with the snapshot's place in {@link list}. */
  get open(): readonly (readonly [partition: number, snapshot: number])[] {
    const { list } = this
    return Array.from(this.#open, ([partition, snapshot]) => [partition, list.indexOf(snapshot)] as const)
  }

  /** Goes on from what {@link list} and {@link open} gave. To be called first. */
  restore(
    list: readonly FullSnapshot[],
    open: readonly (readonly [partition: number, snapshot: number])[],
  ): void {
    for (const snapshot of list) this.#all.set(nameOf(snapshot), snapshot)
    for (const [partition, snapshot] of open) this.#open.set(partition, list[snapshot]!)
  }

  /** Takes a row as a snapshot read it, at `place` in the sequence of changes. One of an incremental snapshot is passed over. */
  read(partition: number, place: number, source: SourcePosition): void {
    if (!isFullSnapshot(source)) return
    const snapshot = this.#snapshot(source)
    const part = snapshot.parts.get(partition)
    if (part === undefined) {
      snapshot.parts.set(partition, { first: place, last: place, past: -1, next: -1 })
      this.#open.set(partition, snapshot)
    } else if (part.past >= 0) {
      return
    } else {
      part.last = place
    }
    this.#mark(snapshot, partition, place, source.snapshot)
  }

  /** Takes a change of the log that counts: a snapshot of its partition is over. */
  logged(partition: number, place: number): void {
    const snapshot = this.#open.get(partition)
    if (snapshot === undefined) return
    const part = snapshot.parts.get(partition)!
    if (part.past < 0) part.past = place
    part.next = place
    this.#open.delete(partition)
  }

  #snapshot({ file, pos, time }: SourcePosition): FullSnapshot {
    const name = nameOf({ file, pos })
    let snapshot = this.#all.get(name)
    if (snapshot === undefined) {
      snapshot = { file, pos, time, marked: false, ended: -1, parts: new Map() }
      this.#all.set(name, snapshot)
    }
    snapshot.time = Math.min(snapshot.time, time)
    return snapshot
  }

  #mark(snapshot: FullSnapshot, partition: number, place: number, mark: string): void {
    if (begins.has(mark)) snapshot.marked = true
    if (!ends.has(mark)) return
    snapshot.marked = true
    if (snapshot.ended < 0) snapshot.ended = place
    snapshot.parts.get(partition)!.past = place
  }
}

function nameOf({ file, pos }: { file: string; pos: number }): string {
  return `${file}:${pos}`
}
