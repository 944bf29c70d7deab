import type { FullSnapshot } from '../change/full-snapshot.js'
import { type LogFile, logFile } from '../change/position.js'
import { type ChangeLog, effectBits, fullRead, metaNumbers, type Numbers } from './change-log.js'

/** A place in the log of a server. */
export interface BinlogPlace {
  /** Its `server_id`; null for a snapshot of which is not known what server it was taken from. */
  readonly server: number | null
  readonly file: LogFile
  readonly pos: number
  readonly row: number
  /** When the snapshot was taken that read the row, milliseconds; null for a change out of the log. */
  readonly taken: number | null
}

/** Where the changes of a log stand in the log of the database. */
export class BinlogPlaces {
  readonly #log: ChangeLog
  readonly #pos: Numbers
  readonly #row: Numbers
  readonly #server: Numbers
  readonly #snapshotServers: ReadonlyMap<FullSnapshot, number | null>

  constructor(log: ChangeLog) {
    this.#log = log
    this.#pos = metaNumbers(log, '_pos')
    this.#row = metaNumbers(log, '_row')
    this.#server = metaNumbers(log, '_server')
    this.#snapshotServers = new Map(log.snapshots.map(snapshot => [snapshot, this.#serverOf(snapshot)]))
  }

  /** Where a change stands; null where its record does not say. */
  at(row: number): BinlogPlace | null {
    const fileId = this.#log.fileIds[row]!
    if (fileId === 0) return null
    const file = this.#log.files[fileId]!
    const snapshot = (this.#log.effects[row]! & fullRead) === 0 ? null : this.#snapshotOf(row)
    if (snapshot !== null) return this.ofSnapshot(snapshot)
    return { server: this.#server.at(row), file, pos: this.#pos.at(row), row: this.#row.at(row), taken: null }
  }

  /** Where a full snapshot was taken. */
  ofSnapshot(snapshot: FullSnapshot): BinlogPlace {
    const { file, pos, time } = snapshot
    const server = this.#snapshotServers.get(snapshot) ?? null
    return { server, file: logFile(file), pos, row: 0, taken: time }
  }

  /** The test whether a change stands in the log of the same server, at `place` or behind it. */
  from(place: BinlogPlace): (row: number) => boolean {
    const { fileIds, files } = this.#log
    const orders = files.map(({ base, number }, id) =>
      id === 0 || base !== place.file.base ? -1 : number - place.file.number,
    )
    return row => {
      const order = orders[fileIds[row]!]!
      if (order < 0 || this.#server.at(row) !== place.server) return false
      if (order > 0) return true
      const pos = this.#pos.at(row)
      return pos === place.pos ? this.#row.at(row) >= place.row : pos > place.pos
    }
  }

  #snapshotOf(row: number): FullSnapshot | null {
    const p = this.#log.partitionIds[row]!
    let [found, latest]: [FullSnapshot | null, number] = [null, -1]
    for (const snapshot of this.#log.snapshots) {
      const first = snapshot.parts.get(p)?.first ?? row + 1
      if (first <= row && first > latest) [found, latest] = [snapshot, first]
    }
    return found
  }

  /**
   * Its rows do not say which server they were read from: the changes around them do, where they agree. Where the server
   * changed between them, nobody knows.
   */
  #serverOf({ parts }: FullSnapshot): number | null {
    const times = metaNumbers(this.#log, '_source_time')
    const following = [...parts]
      .filter(([, { next }]) => next >= 0)
      .sort(([, a], [, b]) => times.at(a.next) - times.at(b.next))[0]
    if (following === undefined) return null
    const [p, { first, next }] = following
    const before = this.#loggedBefore(p, first)
    const server = this.#server.at(next)
    return before < 0 || this.#server.at(before) === server ? server : null
  }

  #loggedBefore(p: number, row: number): number {
    const { partitionIds, effects, fileIds } = this.#log
    for (let before = row - 1; before >= 0; before--) {
      const isLogged =
        (effects[before]! & (effectBits | fullRead)) !== 0 && (effects[before]! & fullRead) === 0
      if (partitionIds[before] === p && isLogged && fileIds[before] !== 0) return before
    }
    return -1
  }
}

/**
 * Orders two places: negative when `a` is first, null where they do not compare, being in the logs of two servers. Rows of
 * a snapshot stand before what the log has at their position; two snapshots are told by when they were taken.
 */
export function comparePlaces(a: BinlogPlace | null, b: BinlogPlace | null): number | null {
  if (a === null || b === null) return null
  if (a.taken !== null && b.taken !== null) return a.taken - b.taken
  if (a.file.base !== b.file.base || a.server === null || a.server !== b.server) return null
  const order = a.file.number - b.file.number || a.pos - b.pos
  if (order !== 0) return order
  if (a.taken !== null || b.taken !== null) return a.taken !== null ? -1 : 1
  return a.row - b.row
}
