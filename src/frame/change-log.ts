import type { FullSnapshot } from '../change/full-snapshot.js'
import type { LogFile } from '../change/position.js'
import { type Float64Chunk, type Int32Chunk, isValid } from './chunk.js'
import type { Column } from './column.js'
import { columnNamed } from './names.js'

/** What a change does to the row of its key, in the low bits of {@link ChangeLog.effects}. */
export const effect = {
  /** Nothing: it was delivered before, or concerns no row. */
  none: 0,
  put: 1,
  remove: 2,
  /** Puts a row that the topic's definition counts as deleted. */
  void: 3,
  /** The row changed into what could not be decoded. */
  unknown: 4,
  /** Empties the table. */
  truncate: 5,
} as const

/** The bits of {@link ChangeLog.effects} that hold an {@link effect}. */
export const effectBits = 7

/** In {@link ChangeLog.effects}: the row was read by a full snapshot. */
export const fullRead = 8

/** In {@link ChangeLog.effects}: the row was read by a snapshot of either kind. */
export const anyRead = 16

/** A change that took the row of one key away to another: the key columns of a table without a record key were updated. */
export interface Leave {
  /** The change's place in the log. */
  readonly row: number
  /** The key that its row had before. */
  readonly keyId: number
}

/**
 * The changes of one topic in the order read, as columns and arrays with one entry a change. Its place among them is
 * called its row. Those of one partition are in the order of their offsets, whatever stands between them.
 */
export interface ChangeLog {
  readonly topic: string
  /** The columns that identify a row. */
  readonly key: readonly string[]
  /** What is known of each change besides its row. */
  readonly meta: readonly Column[]
  /** The row of each change: as it became, or for a delete as it was. */
  readonly columns: readonly Column[]
  /** The key of each change as a number below `keyCount`, −1 without one. */
  readonly keyIds: Int32Array
  readonly keyCount: number
  /** What each change does, see {@link effect}. */
  readonly effects: Uint8Array
  /** The partition of each change as a place in `partitions`. */
  readonly partitionIds: Uint16Array
  readonly partitions: readonly number[]
  /** The binlog file of each change as a place in `files`; 0 where the record does not say. */
  readonly fileIds: Uint16Array
  readonly files: readonly LogFile[]
  /** In the order of their rows. */
  readonly leaves: readonly Leave[]
  /** The rows of truncates that count. */
  readonly truncates: readonly number[]
  /** Full snapshots, their partitions given as places in `partitions`. */
  readonly snapshots: readonly FullSnapshot[]
  /** Keys with changes in several partitions, ascending. */
  readonly splitKeys: Int32Array
  /** Of each partition its first row. */
  readonly starts: Int32Array
  /** Of each partition the row after its last one. */
  readonly ends: Int32Array
  /** Whether every partition was read to the end that was fixed for all in one round. */
  readonly whole: boolean
  /** Every partition of the topic that was read, those without a change too; null where that is not known. */
  readonly read: readonly number[] | null
}

/** How many changes the log has. */
export function lengthOf(log: ChangeLog): number {
  return log.effects.length
}

/** A column of numbers, read without the cost of making values. */
export class Numbers {
  readonly #chunks: readonly (Int32Chunk | Float64Chunk)[]

  constructor(column: Column) {
    this.#chunks = column.chunks.flatMap(chunk =>
      chunk.storage === 'int32' || chunk.storage === 'float64' ? [chunk] : [],
    )
  }

  /** The number in a row, NaN for null. */
  at(row: number): number {
    const chunk = this.#chunks[row >>> 16]!
    if (chunk.validity !== null && !isValid(chunk, row & 0xffff)) return Number.NaN
    return chunk.values[row & 0xffff]!
  }
}

/** One of the columns of numbers that are kept of each change besides its row. */
export function metaNumbers(
  log: ChangeLog,
  name: '_offset' | '_timestamp' | '_source_time' | '_pos' | '_row' | '_server',
): Numbers {
  return new Numbers(columnNamed(log.meta, name))
}
