import type { FullSnapshot } from '../change/full-snapshot.js'
import type { LogFile } from '../change/position.js'
import type { Cell } from './cell.js'

/** A place in the log of a server. */
export interface LogPlace {
  /** Its `server_id`; null for a snapshot of which is not known what server it was taken from. */
  readonly server: number | null
  readonly file: LogFile
  readonly pos: number
  readonly row: number
  /** The full snapshot that read the row; null for a change out of the log. */
  readonly snapshot: FullSnapshot | null
}

/**
 * Orders two places: negative when `a` is first, null where they do not compare, being in the logs of two servers. Rows of
 * a snapshot stand before what the log has at their position; two snapshots are told by when they were taken.
 */
export function comparePlaces(a: LogPlace | null, b: LogPlace | null): number | null {
  if (a === null || b === null) return null
  if (a.snapshot !== null && b.snapshot !== null) return a.snapshot.time - b.snapshot.time
  if (a.file.base !== b.file.base || a.server === null || a.server !== b.server) return null
  const order = a.file.number - b.file.number || a.pos - b.pos
  if (order !== 0) return order
  if (a.snapshot !== null || b.snapshot !== null) return a.snapshot !== null ? -1 : 1
  return a.row - b.row
}

/** Steps that are known of a partition at most. Half of them are forgotten when there are more, the oldest. */
const stepsKept = 65_536
/** Steps that are kept together. */
const chunkSize = 32
const numbersOfStep = 7

/** What {@link LogSteps} knows besides the steps themselves, as plain data. `snapshot` is told by whoever numbers them. */
export interface StepsMemory {
  readonly server: number | null
  readonly base: string | null
  readonly isMixed: boolean
  /** Steps forgotten, and steps in all. */
  readonly forgotten: number
  readonly steps: number
}

/**
 * The changes of one partition, as far as needed to tell from which one on they are later than a snapshot without a row in
 * the partition: both their time and their place have to say so. Only where both go up between a change and the next can
 * a snapshot have been taken, and there is one entry for what is between two such steps: no more than commit times. The
 * oldest are forgotten when there are many: what is later than a place before those that are left cannot be told.
 */
export class LogSteps {
  readonly #first: number[] = []
  readonly #minTime: number[] = []
  readonly #maxTime: number[] = []
  readonly #minFile: number[] = []
  readonly #minPos: number[] = []
  /** The highest place so far. */
  readonly #maxFile: number[] = []
  readonly #maxPos: number[] = []
  #server: number | null = null
  #base: string | null = null
  #snapshot: FullSnapshot | null = null
  #isMixed = false
  /** Steps forgotten: the place of the first that is left. */
  #forgotten = 0
  /** The first step that is another than was kept, and how many were. */
  #changedFrom = 0
  #kept = { from: 0, to: 0 }

  /** Takes the change at `seq`, out of the log. */
  logged(seq: number, time: number, server: number, file: LogFile, pos: number): void {
    if (this.#isMixed) return
    if (this.#base === null) {
      this.#base = file.base
      this.#server = server
    } else if (this.#server !== server || this.#base !== file.base) {
      this.#isMixed = true
      return
    }
    this.#snapshot = null
    const last = this.#first.length - 1
    if (last >= 0 && time === this.#maxTime[last] && this.#isBehind(last, file.number, pos)) {
      this.#changed(last)
      this.#maxFile[last] = file.number
      this.#maxPos[last] = pos
      if (this.#minFile[last] === Number.POSITIVE_INFINITY) {
        this.#minFile[last] = file.number
        this.#minPos[last] = pos
      }
      return
    }
    this.#push(seq, time, file.number, pos)
  }

  /** Takes the row at `seq`, which a full snapshot read: it tells by its time alone. */
  read(seq: number, time: number, snapshot: FullSnapshot): void {
    if (this.#isMixed) return
    const last = this.#first.length - 1
    if (this.#snapshot === snapshot) {
      this.#changed(last)
      this.#maxTime[last] = Math.max(this.#maxTime[last]!, time)
      this.#minTime[last] = Math.min(this.#minTime[last]!, time)
      this.#join()
      return
    }
    this.#snapshot = snapshot
    this.#push(seq, time, null, 0)
  }

  /**
   * The first change that is later than a snapshot taken at `place`, and `end` if all were before it. 0 if that cannot be
   * told.
   */
  firstAfter(time: number, place: LogPlace, end: number): number {
    const count = this.#first.length
    if (this.#isMixed) return 0
    if (this.#base !== null && (place.server !== this.#server || place.file.base !== this.#base)) return 0
    let [from, to] = [0, count]
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#minTime[middle]! < time) from = middle + 1
      else to = middle
    }
    if (from === 0 && this.#forgotten > 0) return 0
    const { number } = place.file
    const before = from - 1
    if (before >= 0) {
      if (this.#maxTime[before]! >= time) return 0
      const order = this.#maxFile[before]! - number || this.#maxPos[before]! - place.pos
      if (order >= 0) return 0
    }
    let placed = from
    while (placed < count && this.#minFile[placed] === Number.POSITIVE_INFINITY) placed++
    if (placed < count) {
      const order = this.#minFile[placed]! - number || this.#minPos[placed]! - place.pos
      if (order < 0) return 0
    }
    return from === count ? end : this.#first[from]!
  }

  /** The snapshot whose rows were taken last, if no change of the log came after them. */
  get snapshot(): FullSnapshot | null {
    return this.#snapshot
  }

  dump(): StepsMemory {
    return {
      server: this.#server,
      base: this.#base,
      isMixed: this.#isMixed,
      forgotten: this.#forgotten,
      steps: this.#forgotten + this.#first.length,
    }
  }

  /** The chunks of steps, by their number, that are different since the last call; undefined for those that are gone. */
  *changes(): Generator<[chunk: number, Cell | undefined]> {
    const [from, to] = [chunkOf(this.#forgotten), chunkOf(this.#forgotten + this.#first.length - 1) + 1]
    const kept = this.#kept
    this.#kept = { from, to }
    for (let chunk = kept.from; chunk < Math.min(from, kept.to); chunk++) yield [chunk, undefined]
    for (let chunk = Math.max(to, kept.from); chunk < kept.to; chunk++) yield [chunk, undefined]
    const changed = Math.max(from, Math.min(chunkOf(this.#changedFrom), kept.to))
    this.#changedFrom = Number.POSITIVE_INFINITY
    for (let chunk = changed; chunk < to; chunk++) yield [chunk, this.#chunk(chunk)]
  }

  /** Goes on from what {@link dump} and {@link changes} gave. `chunks` may hold others too. */
  restore(memory: StepsMemory, chunks: ReadonlyMap<number, Uint8Array>, snapshot: FullSnapshot | null): void {
    this.#server = memory.server
    this.#base = memory.base
    this.#isMixed = memory.isMixed
    this.#snapshot = snapshot
    this.#forgotten = memory.forgotten
    const lists = this.#lists
    for (let step = memory.forgotten; step < memory.steps; step++) {
      const bytes = chunks.get(chunkOf(step))!
      const numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const at = (step % chunkSize) * numbersOfStep
      lists.forEach((list, i) => {
        list.push(numbers.getFloat64((at + i) * 8, true))
      })
    }
    this.#changedFrom = Number.POSITIVE_INFINITY
    this.#kept = { from: chunkOf(memory.forgotten), to: chunkOf(memory.steps - 1) + 1 }
  }

  #chunk(chunk: number): Cell {
    const numbers = new DataView(new ArrayBuffer(chunkSize * numbersOfStep * 8))
    this.#lists.forEach((list, i) => {
      for (let at = 0; at < chunkSize; at++) {
        const number = list[chunk * chunkSize + at - this.#forgotten]
        if (number !== undefined) numbers.setFloat64((at * numbersOfStep + i) * 8, number, true)
      }
    })
    return new Uint8Array(numbers.buffer)
  }

  #changed(last: number): void {
    const step = this.#forgotten + last
    if (step < this.#changedFrom) this.#changedFrom = step
  }

  #forget(): void {
    for (const list of this.#lists) list.splice(0, stepsKept / 2)
    this.#forgotten += stepsKept / 2
  }

  #isBehind(last: number, file: number, pos: number): boolean {
    return (file - this.#maxFile[last]! || pos - this.#maxPos[last]!) >= 0
  }

  #push(seq: number, time: number, file: number | null, pos: number): void {
    const last = this.#first.length - 1
    const [maxFile, maxPos] =
      last < 0 ? [Number.NEGATIVE_INFINITY, 0] : [this.#maxFile[last]!, this.#maxPos[last]!]
    const isHigher = file !== null && (file - maxFile || pos - maxPos) > 0
    this.#first.push(seq)
    this.#minTime.push(time)
    this.#maxTime.push(time)
    this.#minFile.push(file ?? Number.POSITIVE_INFINITY)
    this.#minPos.push(pos)
    this.#maxFile.push(isHigher ? file : maxFile)
    this.#maxPos.push(isHigher ? pos : maxPos)
    this.#changed(last + 1)
    this.#join()
    if (this.#first.length > stepsKept) this.#forget()
  }

  /** Joins the last entry with those before it that a snapshot cannot have been taken between. */
  #join(): void {
    for (let last = this.#first.length - 1; last > 0; last--) {
      const before = last - 1
      const isLater = this.#minTime[last]! > this.#maxTime[before]!
      const order =
        this.#minFile[last]! - this.#maxFile[before]! || this.#minPos[last]! - this.#maxPos[before]!
      if (isLater && order > 0) return
      this.#minTime[before] = Math.min(this.#minTime[before]!, this.#minTime[last]!)
      this.#maxTime[before] = Math.max(this.#maxTime[before]!, this.#maxTime[last]!)
      const isLower =
        this.#minFile[last]! - this.#minFile[before]! || this.#minPos[last]! - this.#minPos[before]!
      if (isLower < 0) {
        this.#minFile[before] = this.#minFile[last]!
        this.#minPos[before] = this.#minPos[last]!
      }
      this.#maxFile[before] = this.#maxFile[last]!
      this.#maxPos[before] = this.#maxPos[last]!
      for (const list of this.#lists) list.pop()
      this.#changed(before)
    }
  }

  get #lists(): number[][] {
    return [
      this.#first,
      this.#minTime,
      this.#maxTime,
      this.#minFile,
      this.#minPos,
      this.#maxFile,
      this.#maxPos,
    ]
  }
}

function chunkOf(step: number): number {
  return Math.floor(step / chunkSize)
}
