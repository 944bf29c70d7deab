import type { Row } from '../change/column-type.js'
import type { Cell } from './cell.js'
import { comparePlaces, type LogPlace } from './log-place.js'
import type { StateCodec } from './operator-state.js'
import type { RowVersion } from './row-versions.js'
import type { TopicLog } from './topic-log.js'

/** The last change that one partition has of a key. */
export interface HeldVersion extends RowVersion {
  /** When it was committed, milliseconds; NaN where that was not kept. */
  time: number
  /** Its row; null where there is none, or where it was passed on before the key was in several partitions. */
  held: Row | null
}

/** A key with changes in several partitions. */
export interface SplitKey {
  readonly versions: readonly HeldVersion[]
  /** The change whose row was passed on; −1 for none. */
  readonly shown: number
}

/** How split keys are kept: as they are. */
export const splitKeyCodec: StateCodec<SplitKey> = {
  encode: split => split as unknown as Cell,
  decode: cell => cell as unknown as SplitKey,
}

/**
 * The last change of a key in several partitions by its place in the database's log, null if its rows are all gone: one
 * that is takes along those it was newer than. `unknown` where places do not compare, or may be told otherwise once partitions
 * were read further.
 */
export function newestOf({ versions }: SplitKey, log: TopicLog): HeldVersion | 'unknown' | null {
  const gone: (LogPlace | null)[] = []
  let newest: { version: HeldVersion; place: LogPlace | null } | null = null
  for (const version of [...versions].sort((a, b) => b.seq - a.seq)) {
    const placed = log.placed(version)
    const { place } = placed
    const time = version.snapshot > 0 ? placed.time : version.time
    if (log.isSwept(version) || (log.hasTruncates && log.isBeforeTruncate({ ...placed, time }))) {
      gone.push(place)
      continue
    }
    const order = newest === null ? 1 : comparePlaces(place, newest.place)
    const isEvolving = newest !== null && (isRead(place) || isRead(newest.place))
    if (order === null || (isEvolving && !log.isCaughtUp)) return 'unknown'
    if (order > 0) newest = { version, place }
  }
  if (newest === null) return null
  const { version, place } = newest
  return gone.some(one => (comparePlaces(one, place) ?? -1) >= 0) ? null : version
}

function isRead(place: LogPlace | null): boolean {
  return place !== null && place.snapshot !== null
}
