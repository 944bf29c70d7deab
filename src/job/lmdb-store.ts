import type { Cell } from '../pipeline/cell.js'
import type {
  OperatorState,
  OwnMemory,
  StateCodec,
  StateName,
  StateStore,
} from '../pipeline/operator-state.js'
import type { RowId } from '../pipeline/row-identity.js'
import { CellWriter, readCell } from './cell-bytes.js'
import { entryKey, idOfKey, isHashed } from './entry-key.js'
import type { LmdbFile, LmdbMemory } from './lmdb-file.js'

/** A memory and what of it is not on disk yet. */
interface Written {
  readonly name: string
  readonly disk: LmdbMemory
  /** Whether what is on disk is to go first. */
  isStale: boolean
  changes(): Iterable<readonly [RowId, Cell | undefined]>
}

/** Memories of operators that live in this process, and whose changes are written to a file together. */
export class LmdbStore implements StateStore {
  readonly #file: LmdbFile
  /** Whether what the file has of an operator's memory is to be used. */
  readonly #isKept: (operator: string) => boolean
  readonly #written: Written[] = []
  readonly #writer = new CellWriter()

  constructor(file: LmdbFile, isKept: (operator: string) => boolean) {
    this.#file = file
    this.#isKept = isKept
  }

  open<V>({ operator }: StateName, codec: StateCodec<V>): OperatorState<V> {
    const state = new DirtyState(codec)
    for (const [id, cell] of this.#add(operator, state)) state.restore(id, codec.decode(cell, id))
    return state
  }

  keep({ operator }: StateName, memory: OwnMemory): Iterable<readonly [RowId, Cell]> {
    return this.#add(operator, memory)
  }

  /** Names of the memories that were opened. */
  get names(): string[] {
    return this.#written.map(({ name }) => name)
  }

  /** Writes what is different since the last call. To be called within a transaction. */
  write(): void {
    for (const memory of this.#written) {
      const { disk } = memory
      if (memory.isStale) disk.clearSync()
      memory.isStale = false
      for (const [id, cell] of memory.changes()) {
        const key = entryKey(id)
        if (cell === undefined) disk.remove(key)
        else disk.put(key, this.#writer.write(isHashed(key) ? [id, cell] : cell))
      }
    }
  }

  #add(name: string, memory: Pick<Written, 'changes'>): Iterable<[RowId, Cell]> {
    const disk = this.#file.memory(name)
    const isKept = this.#isKept(name.slice(0, name.lastIndexOf('/')))
    this.#written.push({ name, disk, isStale: !isKept, changes: () => memory.changes() })
    return isKept ? entriesOf(disk) : []
  }
}

function* entriesOf(disk: LmdbMemory): Generator<[RowId, Cell]> {
  for (const { key, value } of disk.getRange({})) {
    const cell = readCell(value)
    yield isHashed(key) ? (cell as [RowId, Cell]) : [idOfKey(key), cell]
  }
}

/** Entries in memory, with those that changed since they were written. */
class DirtyState<V> implements OperatorState<V> {
  readonly #codec: StateCodec<V>
  readonly #entries = new Map<RowId, V>()
  #dirty = new Set<RowId>()

  constructor(codec: StateCodec<V>) {
    this.#codec = codec
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: RowId): V | undefined {
    return this.#entries.get(id)
  }

  set(id: RowId, value: V): void {
    this.#entries.set(id, value)
    this.#dirty.add(id)
  }

  delete(id: RowId): boolean {
    const isThere = this.#entries.delete(id)
    if (isThere) this.#dirty.add(id)
    return isThere
  }

  entries(): Iterable<[RowId, V]> {
    return this.#entries
  }

  restore(id: RowId, value: V): void {
    this.#entries.set(id, value)
  }

  *changes(): Generator<[RowId, Cell | undefined]> {
    const dirty = this.#dirty
    this.#dirty = new Set()
    for (const id of dirty) {
      const value = this.#entries.get(id)
      yield [id, value === undefined ? undefined : this.#codec.encode(value)]
    }
  }
}
