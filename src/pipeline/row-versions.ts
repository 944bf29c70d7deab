import type { SourcePosition } from '../change/change.js'
import type { Cell } from './cell.js'
import type { OwnMemory } from './operator-state.js'
import type { RowId } from './row-identity.js'

/** What is remembered of the last change of a key, besides its row. */
export interface RowVersion {
  partition: number
  seq: number
  /** Whether there is a row since. */
  puts: boolean
  /** The place of its binlog file in a list, 0 without a position. */
  file: number
  pos: number
  row: number
  server: number
  /** The place of the full snapshot that read it in a list from 1, 0 where none did. */
  snapshot: number
}

/** A version as it is kept: as {@link RowVersion}, in its order. */
type VersionCell = readonly [number, number, number, number, number, number, number, number]

/**
 * Of each key its last change: where it was read, and where it stood in the database's log. It takes about 40 bytes a key
 * besides its identity.
 */
export class RowVersions implements OwnMemory {
  /** Keys whose entry is another than was kept; null where none are kept. */
  #dirty: Set<RowId> | null = null
  readonly #slots = new Map<RowId, number>()
  readonly #free: number[] = []
  #used = 0
  #capacity = 0
  #seqs = new Float64Array()
  #partitions = new Uint16Array()
  #puts = new Uint8Array()
  #files = new Uint16Array()
  #pos = new Float64Array()
  #rows = new Int32Array()
  #servers = new Float64Array()
  #snapshots = new Uint16Array()

  /** Goes on from entries that were kept, and notes from now on what changes. */
  restore(kept: Iterable<readonly [RowId, Cell]>): void {
    this.#dirty = new Set()
    for (const [id, cell] of kept) {
      const [partition, seq, puts, file, pos, row, server, snapshot] = cell as VersionCell
      const slot = this.#add(id)
      this.#partitions[slot] = partition
      this.#seqs[slot] = seq
      this.#puts[slot] = puts
      this.#files[slot] = file
      this.#pos[slot] = pos
      this.#rows[slot] = row
      this.#servers[slot] = server
      this.#snapshots[slot] = snapshot
    }
  }

  *changes(): Generator<[RowId, Cell | undefined]> {
    const changed = this.#dirty
    if (changed === null) return
    this.#dirty = new Set()
    for (const id of changed) {
      const slot = this.#slots.get(id)
      yield [id, slot === undefined ? undefined : this.#cellAt(slot)]
    }
  }

  /** How many keys there are, those without a row too. */
  get size(): number {
    return this.#slots.size
  }

  /**
   * Remembers the last change of a key. Without a position, as tombstones are, it has that of the change before it. False,
   * with nothing done, if the change before it is in another partition.
   */
  set(
    id: RowId,
    partition: number,
    seq: number,
    puts: boolean,
    file: number,
    source: SourcePosition | null,
    snapshot: number,
  ): boolean {
    let slot = this.#slots.get(id)
    if (slot === undefined) {
      slot = this.#add(id)
      this.#partitions[slot] = partition
    } else if (this.#partitions[slot] !== partition) return false
    this.#dirty?.add(id)
    this.#seqs[slot] = seq
    this.#puts[slot] = puts ? 1 : 0
    if (source === null) {
      if (puts) this.#files[slot] = 0
      return true
    }
    this.#files[slot] = file
    this.#pos[slot] = source.pos
    this.#rows[slot] = source.row
    this.#servers[slot] = source.serverId
    this.#snapshots[slot] = snapshot
    return true
  }

  /** The last change of a key, if there was one. */
  get(id: RowId): RowVersion | undefined {
    const slot = this.#slots.get(id)
    return slot === undefined ? undefined : this.#at(slot)
  }

  /** There is no row any more since the last change of a key. */
  empty(id: RowId): void {
    const slot = this.#slots.get(id)
    if (slot === undefined) return
    this.#dirty?.add(id)
    this.#puts[slot] = 0
  }

  delete(id: RowId): void {
    const slot = this.#slots.get(id)
    if (slot === undefined) return
    this.#dirty?.add(id)
    this.#slots.delete(id)
    this.#free.push(slot)
  }

  clear(): void {
    if (this.#dirty !== null) for (const id of this.#slots.keys()) this.#dirty.add(id)
    this.#slots.clear()
    this.#free.length = 0
    this.#used = 0
  }

  /** The keys with a row whose last change was read before the one that its partition begins anew with. */
  *before(floors: readonly number[]): Generator<RowId> {
    for (const [id, slot] of this.#slots) {
      if (this.#puts[slot] === 1 && this.#seqs[slot]! < (floors[this.#partitions[slot]!] ?? 0)) yield id
    }
  }

  *entries(): Generator<[RowId, RowVersion]> {
    for (const [id, slot] of this.#slots) yield [id, this.#at(slot)]
  }

  #at(slot: number): RowVersion {
    return {
      partition: this.#partitions[slot]!,
      seq: this.#seqs[slot]!,
      puts: this.#puts[slot] === 1,
      file: this.#files[slot]!,
      pos: this.#pos[slot]!,
      row: this.#rows[slot]!,
      server: this.#servers[slot]!,
      snapshot: this.#snapshots[slot]!,
    }
  }

  #cellAt(slot: number): VersionCell {
    return [
      this.#partitions[slot]!,
      this.#seqs[slot]!,
      this.#puts[slot]!,
      this.#files[slot]!,
      this.#pos[slot]!,
      this.#rows[slot]!,
      this.#servers[slot]!,
      this.#snapshots[slot]!,
    ]
  }

  #add(id: RowId): number {
    const slot = this.#free.pop() ?? this.#used++
    if (slot === this.#capacity) this.#grow()
    this.#slots.set(id, slot)
    this.#files[slot] = 0
    this.#snapshots[slot] = 0
    return slot
  }

  #grow(): void {
    const capacity = Math.max(64, this.#capacity * 2)
    this.#seqs = grown(this.#seqs, new Float64Array(capacity))
    this.#partitions = grown(this.#partitions, new Uint16Array(capacity))
    this.#puts = grown(this.#puts, new Uint8Array(capacity))
    this.#files = grown(this.#files, new Uint16Array(capacity))
    this.#pos = grown(this.#pos, new Float64Array(capacity))
    this.#rows = grown(this.#rows, new Int32Array(capacity))
    this.#servers = grown(this.#servers, new Float64Array(capacity))
    this.#snapshots = grown(this.#snapshots, new Uint16Array(capacity))
    this.#capacity = capacity
  }
}

function grown<T extends Float64Array | Int32Array | Uint16Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
