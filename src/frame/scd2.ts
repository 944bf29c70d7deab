import { compareEntries, Emptied, type LogIndex } from './as-of.js'
import { comparePlaces } from './binlog-place.js'
import { anyRead, type ChangeLog, effect, effectBits, metaNumbers } from './change-log.js'
import { sameValue } from './changed-text.js'
import { endCut } from './cut.js'
import { rowOf } from './key-index.js'

/** By which clock versions begin and end. */
export type VersionClock = 'sourceTime' | 'time'

/** The versions of rows: each the row of a change, from when it was so until when. */
export interface Versions {
  readonly rows: number[]
  readonly from: number[]
  /** Null for the version that is there at the end. */
  readonly to: (number | null)[]
}

/** What the versions are made of. */
interface Making {
  readonly index: LogIndex
  readonly emptied: Emptied
  readonly timeOf: (row: number) => number
  readonly puts: (row: number) => boolean
  readonly versions: Versions
}

/** Every version of every key, those of one key one after the other, keys in the order given. */
export function versionsOf(
  index: LogIndex,
  keyOrder: Int32Array,
  { clock, includeDeleted }: { clock: VersionClock; includeDeleted: boolean },
): Versions {
  const { log } = index
  const versions: Versions = { rows: [], from: [], to: [] }
  const puts = (row: number): boolean => {
    const does = log.effects[row]! & effectBits
    return does === effect.put || (includeDeleted && does === effect.void)
  }
  const emptied = new Emptied(index, endCut(log))
  const making = { index, emptied, timeOf: timesOf(log, clock), puts, versions }
  const split = new Set(log.splitKeys)
  for (const id of keyOrder) addVersions(making, orderedEntries(index, id, split.has(id)))
  return versions
}

/** The changes of a key that do something, in the order in which they happened. */
export function orderedEntries(index: LogIndex, id: number, isSplit: boolean): ArrayLike<number> {
  const { log, keys } = index
  const entries = keys.of(id)
  if (!isSplit) return entries
  const counting = Array.from(entries.keys()).filter(
    i => (log.effects[rowOf(entries[i]!)]! & effectBits) !== effect.none,
  )
  return counting.sort((a, b) => compareEntries(index, entries, a, b)).map(i => entries[i]!)
}

/** The time of each change by a clock; where the record does not say when it was committed, its Kafka timestamp. */
function timesOf(log: ChangeLog, clock: VersionClock): (row: number) => number {
  const timestamps = metaNumbers(log, '_timestamp')
  if (clock === 'time') return row => timestamps.at(row)
  const times = metaNumbers(log, '_source_time')
  return row => {
    const time = times.at(row)
    return Number.isNaN(time) ? timestamps.at(row) : time
  }
}

function addVersions(making: Making, entries: ArrayLike<number>): void {
  const { index, emptied, timeOf, puts, versions } = making
  const { log } = index
  let open = -1
  let now = Number.NEGATIVE_INFINITY
  const close = (at: number): void => {
    now = Math.max(now, at)
    versions.to[versions.to.length - 1] = now
    open = -1
  }
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!
    const row = rowOf(entry)
    if ((log.effects[row]! & effectBits) === effect.none) continue
    const gone = open < 0 ? null : emptied.between(open, row)
    if (gone !== null) close(timeOf(gone.row))
    const puttingAgain = entry >= 0 && puts(row)
    if (open >= 0 && puttingAgain && saysTheSame(index, open, row)) {
      open = row
      continue
    }
    if (open >= 0) close(timeOf(row))
    if (!puttingAgain) continue
    open = row
    now = Math.max(now, timeOf(row))
    versions.rows.push(row)
    versions.from.push(now)
    versions.to.push(null)
  }
  const gone = open < 0 ? null : emptied.between(open, null)
  if (gone !== null) close(timeOf(gone.row))
}

/** A row that a snapshot reads again, or a change applied again, is the same version as long as it says the same. */
function saysTheSame({ log, places }: LogIndex, before: number, after: number): boolean {
  const isRead = (log.effects[after]! & anyRead) !== 0
  if (!isRead && comparePlaces(places.at(before), places.at(after)) !== 0) return false
  return log.columns.every(column => sameValue(column.at(before), column.at(after)))
}
