import type { Cell } from './cell.js'
import type { RowId } from './row-identity.js'

/** What an operator remembers, by row identity. */
export interface OperatorState<V> {
  /** How many entries there are. */
  readonly size: number
  get(id: RowId): V | undefined
  /** An entry is replaced by another object, never changed in place. */
  set(id: RowId, value: V): void
  /** False when there was no entry. */
  delete(id: RowId): boolean
  entries(): Iterable<[RowId, V]>
}

/** How an entry of an operator's memory is kept where objects cannot be: as a cell, of which it can be made again. */
export interface StateCodec<V> {
  encode(value: V): Cell
  decode(cell: Cell, id: RowId): V
}

/** Which memory is opened. */
export interface StateName {
  /** The operator's place in the plan and its verb, `2:aggregate`, and which of its memories. */
  operator: string
  /** What the operator computes; a memory of another fingerprint is of no use to it. Null when nobody tells. */
  fingerprint: string | null
}

/** A memory that has its entries in a form of its own, and makes cells of them when they are to be kept. */
export interface OwnMemory {
  /** How many entries there are. */
  readonly size: number
  /** The entries that are different since the last call, undefined for those that are gone. They are kept from then on. */
  changes(): Iterable<readonly [RowId, Cell | undefined]>
}

/** Where the operators of an engine keep what they remember. A memory that was filled before is opened as it was left. */
export interface StateStore {
  open<V>(name: StateName, codec: StateCodec<V>): OperatorState<V>

  /**
   * Keeps what a memory remembers in a form of its own. It gives what was kept of it before, in any order; null where
   * nothing is ever kept, so that the memory need not note what changes.
   */
  keep(name: StateName, memory: OwnMemory): Iterable<readonly [RowId, Cell]> | null
}

/** Memories that are gone with the process. */
export class MemoryStore implements StateStore {
  open<V>(): OperatorState<V> {
    return new Map<RowId, V>()
  }

  keep(): null {
    return null
  }
}

/** Bytes that the entries of a memory take, estimated from the first hundred or so of them. */
export function stateBytes<V>(state: OperatorState<V>, codec: StateCodec<V>): number {
  let [bytes, taken] = [0, 0]
  for (const [id, value] of state.entries()) {
    bytes += entryOverhead + cellBytes(codec.encode(value)) + (typeof id === 'number' ? 0 : textBytes(id))
    if (++taken === 100) break
  }
  return taken === 0 ? 0 : Math.round((bytes / taken) * state.size)
}

/** A slot of a Map and its share of the free ones. */
const entryOverhead = 40

function textBytes(text: string): number {
  return 16 + Math.ceil(text.length / 8) * 8
}

function cellBytes(cell: Cell): number {
  switch (typeof cell) {
    case 'number':
      return Number.isInteger(cell) && Math.abs(cell) < 2 ** 31 ? 8 : 24
    case 'string':
      return 8 + textBytes(cell)
    case 'bigint':
      return 32
    case 'boolean':
      return 8
    default:
      if (cell === null) return 8
      if (cell instanceof Uint8Array) return 100 + cell.length
      return Object.values(cell as Record<string, Cell>).reduce(
        (sum: number, one) => sum + cellBytes(one),
        32,
      )
  }
}
