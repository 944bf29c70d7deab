import { type ChangeLog, effect, effectBits, lengthOf, metaNumbers } from './change-log.js'

/** Rows of a block. */
const blockRows = 4096

/**
 * Of each block of some thousand changes, the latest time of commit and the furthest place in the database's log of those
 * that count: what is before a moment as a whole need not be looked at row by row. 20 bytes a block.
 */
export class BlockMaxima {
  readonly #times: Float64Array
  readonly #files: Int32Array
  readonly #positions: Float64Array

  constructor(log: ChangeLog) {
    const blocks = Math.ceil(lengthOf(log) / blockRows)
    this.#times = new Float64Array(blocks).fill(Number.NEGATIVE_INFINITY)
    this.#files = new Int32Array(blocks).fill(-1)
    this.#positions = new Float64Array(blocks)
    const times = metaNumbers(log, '_source_time')
    const positions = metaNumbers(log, '_pos')
    for (let row = 0; row < lengthOf(log); row++) {
      if ((log.effects[row]! & effectBits) === effect.none || log.fileIds[row] === 0) continue
      this.#add(row >>> 12, times.at(row), log.files[log.fileIds[row]!]!.number, positions.at(row))
    }
  }

  /** Whether all changes of the block that `row` begins were committed by `time`. False for a row within a block. */
  isBy(row: number, time: number): boolean {
    return row % blockRows === 0 && this.#times[row >>> 12]! <= time
  }

  /** Whether all changes of the block that `row` begins stand before a place, binlog files being told by number. */
  isBefore(row: number, file: number, pos: number): boolean {
    if (row % blockRows !== 0) return false
    const last = this.#files[row >>> 12]!
    return last < file || (last === file && this.#positions[row >>> 12]! < pos)
  }

  /** The row that begins the block after that of `row`. */
  after(row: number): number {
    return ((row >>> 12) + 1) * blockRows
  }

  #add(block: number, time: number, file: number, pos: number): void {
    if (time > this.#times[block]!) this.#times[block] = time
    if (file > this.#files[block]!) {
      this.#files[block] = file
      this.#positions[block] = pos
    } else if (file === this.#files[block] && pos > this.#positions[block]!) {
      this.#positions[block] = pos
    }
  }
}

const known = new WeakMap<ChangeLog, BlockMaxima>()

/** The maxima of a log, made when first asked for. */
export function blockMaxima(log: ChangeLog): BlockMaxima {
  const maxima = known.get(log) ?? new BlockMaxima(log)
  known.set(log, maxima)
  return maxima
}
