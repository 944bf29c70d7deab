import type { FullSnapshot, SnapshotPart } from '../change/full-snapshot.js'
import { ObslabError } from '../errors.js'
import { BinlogPlaces, comparePlaces } from './binlog-place.js'
import { type ChangeLog, effect, effectBits, fullRead, metaNumbers } from './change-log.js'
import { type Cut, counts } from './cut.js'
import { KeyIndex, rowOf } from './key-index.js'

/** What is worked out of a log once. */
export interface LogIndex {
  readonly log: ChangeLog
  readonly keys: KeyIndex
  readonly places: BinlogPlaces
}

/** An index of a log whose parts are made when first asked for. */
export function logIndex(log: ChangeLog): LogIndex {
  let keys: KeyIndex | undefined
  let places: BinlogPlaces | undefined
  return {
    log,
    get keys() {
      keys ??= new KeyIndex(log)
      return keys
    },
    get places() {
      places ??= new BinlogPlaces(log)
      return places
    },
  }
}

/**
 * The change that made the row of each key at a cut, −1 where there is none. Rows that the topic's definition counts as
 * deleted are left out unless `includeDeleted`.
 */
export function rowsAsOf(index: LogIndex, cut: Cut, includeDeleted: boolean): Int32Array {
  const { log } = index
  const puts = Uint8Array.from({ length: effectBits + 1 }, (_, does) =>
    Number(does === effect.put || (includeDeleted && does === effect.void)),
  )
  const rows = lastRows(log, cut, puts)
  const emptied = new Emptied(index, cut)
  if (emptied.any) for (let id = 0; id < rows.length; id++) if (emptied.since(rows[id]!)) rows[id] = -1
  for (const id of log.splitKeys) {
    const row = lastOfSeveral(index, cut, id, emptied)
    rows[id] = row >= 0 && puts[log.effects[row]! & effectBits] === 1 ? row : -1
  }
  return rows
}

/** The row that the last change of each key that counts puts, −1 where it puts none or there is no such change. */
function lastRows(log: ChangeLog, { limits, members }: Cut, puts: Uint8Array): Int32Array {
  const { keyIds, effects, partitionIds, leaves } = log
  const rows = new Int32Array(log.keyCount).fill(-1)
  let leave = 0
  for (let row = 0; row < effects.length; row++) {
    const does = effects[row]! & effectBits
    if (does === effect.none || does === effect.truncate) continue
    if (row >= limits[partitionIds[row]!]! || (members !== null && members[row] === 0)) continue
    while (leave < leaves.length && leaves[leave]!.row < row) leave++
    if (leave < leaves.length && leaves[leave]!.row === row) rows[leaves[leave]!.keyId] = -1
    const id = keyIds[row]!
    if (id < 0) throw noKey(log)
    rows[id] = puts[does] === 1 ? row : -1
  }
  return rows
}

/**
 * Of a key with changes in several partitions, the last by its place in the database's log. A row that is gone takes along
 * those that it was newer than, in whatever partition.
 */
function lastOfSeveral(index: LogIndex, cut: Cut, id: number, emptied: Emptied): number {
  const { log, keys } = index
  const entries = keys.of(id)
  const seen = new Set<number>()
  const gone: number[] = []
  let last: number | null = null
  for (let i = entries.length - 1; i >= 0; i--) {
    const row = rowOf(entries[i]!)
    const p = log.partitionIds[row]!
    if (seen.has(p) || (log.effects[row]! & effectBits) === effect.none || !counts(log, cut, row)) continue
    seen.add(p)
    if (emptied.since(row)) gone.push(i)
    else if (last === null || compareEntries(index, entries, i, last) > 0) last = i
  }
  if (last === null || entries[last]! < 0) return -1
  const place = placeOf(index, entries, last)
  const isGone = gone.some(i => (comparePlaces(placeOf(index, entries, i), place) ?? -1) >= 0)
  return isGone ? -1 : entries[last]!
}

/** Orders two changes of one key, given as places among its entries. In the logs of different servers: `order-unknown`. */
export function compareEntries(index: LogIndex, entries: Int32Array, a: number, b: number): number {
  const { log } = index
  const [rowA, rowB] = [rowOf(entries[a]!), rowOf(entries[b]!)]
  if (log.partitionIds[rowA] === log.partitionIds[rowB]) return rowA - rowB
  const order = comparePlaces(placeOf(index, entries, a), placeOf(index, entries, b))
  if (order === null) throw orderUnknown(log)
  return order || rowA - rowB
}

/** The place of a change in the database's log; a tombstone has that of the delete before it. */
function placeOf({ log, places }: LogIndex, entries: Int32Array, i: number): ReturnType<BinlogPlaces['at']> {
  const row = rowOf(entries[i]!)
  const own = places.at(row)
  if (own !== null || (log.effects[row]! & effectBits) !== effect.remove) return own
  for (let before = i - 1; before >= 0; before--) {
    const earlier = rowOf(entries[before]!)
    if (log.partitionIds[earlier] === log.partitionIds[row]) return places.at(earlier)
  }
  return null
}

/** A full snapshot as it begins each partition anew: what is before the floor and was not read again is gone. */
interface Sweep {
  readonly snapshot: FullSnapshot
  /** Of each partition; 0 while nothing shows that it is past the snapshot. */
  readonly floors: Int32Array
}

/** When, and by which record, a row was gone without a change of its own. */
export interface Gone {
  /** `t` for a truncate, `r` for a snapshot that did not read it again. */
  readonly op: 't' | 'r'
  /** The truncate, or a row of the snapshot. */
  readonly row: number
}

/** What emptied a table before a cut: truncates, and full snapshots that did not read rows again. */
export class Emptied {
  readonly #index: LogIndex
  readonly #truncates: readonly number[]
  readonly #sweeps: readonly Sweep[]
  /** Of each partition, the highest floor of all sweeps. */
  readonly #floors: Int32Array

  constructor(index: LogIndex, cut: Cut) {
    this.#index = index
    this.#truncates = index.log.truncates.filter(row => counts(index.log, cut, row))
    this.#sweeps = index.log.snapshots.flatMap(snapshot => sweepOf(index, cut, snapshot) ?? [])
    this.#floors = Int32Array.from(index.log.partitions, (_, p) =>
      this.#sweeps.reduce((highest, { floors }) => Math.max(highest, floors[p]!), 0),
    )
  }

  /** Whether anything did. */
  get any(): boolean {
    return this.#truncates.length > 0 || this.#sweeps.length > 0
  }

  /** Whether the row that a change made is gone because its table was emptied, or read again without it, since. */
  since(row: number): boolean {
    if (row < 0) return false
    if (row < this.#floors[this.#index.log.partitionIds[row]!]!) return true
    return (
      this.#truncates.length > 0 && this.#truncates.some(truncate => isBefore(this.#index, row, truncate))
    )
  }

  /** What made the row of one change gone before the next change of its key, null for none such: null if nothing did. */
  between(row: number, next: number | null): Gone | null {
    const index = this.#index
    for (const truncate of this.#truncates) {
      if (isBefore(index, row, truncate) && (next === null || !isBefore(index, next, truncate)))
        return { op: 't', row: truncate }
    }
    const p = index.log.partitionIds[row]!
    for (const { snapshot, floors } of this.#sweeps) {
      if (row >= floors[p]! || (next !== null && isReadBy(index.log, snapshot, floors, next))) continue
      return {
        op: 'r',
        row: snapshot.ended >= 0 ? snapshot.ended : ([...snapshot.parts.values()][0]?.last ?? row),
      }
    }
    return null
  }
}

/** Whether a snapshot found the row, or the change came before it: then it does not make a row before it gone. */
function isReadBy(log: ChangeLog, { parts }: FullSnapshot, floors: Int32Array, next: number): boolean {
  const p = log.partitionIds[next]!
  const part = parts.get(p)
  if (next < floors[p]!) return true
  return part !== undefined && next <= part.last && (log.effects[next]! & fullRead) !== 0
}

/**
 * Whether a change came before a truncate: in one partition as read, across partitions by place where both compare. One
 * read later may have come before it all the same, where a block of changes was sent again.
 */
function isBefore({ log, places }: LogIndex, row: number, truncate: number): boolean {
  const isSame = log.partitionIds[row] === log.partitionIds[truncate]
  if (isSame && row < truncate) return true
  const order = comparePlaces(places.at(row), places.at(truncate))
  if (!isSame) return order === null ? row < truncate : order < 0
  const times = metaNumbers(log, '_source_time')
  return order !== null && order < 0 && times.at(row) <= times.at(truncate)
}

/** What a snapshot sweeps; null when it was not completed before the cut, or nothing was before it. */
function sweepOf(index: LogIndex, cut: Cut, snapshot: FullSnapshot): Sweep | null {
  const { log } = index
  if (!isCompleted(log, cut, snapshot)) return null
  const floors = Int32Array.from(log.partitions, (_, p) => floorOf(index, cut, snapshot, p))
  return floors.every((floor, p) => floor === 0 || floor === log.starts[p]) ? null : { snapshot, floors }
}

/** Whether the cut has the end of a snapshot: its row marked as the last, or for old connectors a change after it. */
function isCompleted(log: ChangeLog, cut: Cut, { parts, marked, ended }: FullSnapshot): boolean {
  if (![...parts.values()].some(({ first }) => counts(log, cut, first))) return false
  if (marked) return ended >= 0 && counts(log, cut, ended)
  return [...parts].some(([p, { past }]) => past >= 0 && past < cut.limits[p]!)
}

/** Where a partition begins anew with a completed snapshot; 0 while the cut does not show that it is past it. */
function floorOf(index: LogIndex, cut: Cut, snapshot: FullSnapshot, p: number): number {
  const { log } = index
  const part = snapshot.parts.get(p)
  const limit = cut.limits[p]!
  const isAtEnd = log.whole && limit >= log.ends[p]!
  if (part !== undefined) return isAtEnd || isPast(part, limit) ? part.first : 0
  const after = firstAfter(index, snapshot, p)
  if (after === log.ends[p]) return isAtEnd ? after : 0
  return after < limit ? after : 0
}

function isPast({ past }: SnapshotPart, limit: number): boolean {
  return past >= 0 && past < limit
}

/**
 * The first change of a partition without a row of the snapshot that was committed after it was taken; the partition's
 * end if all were before, 0 if that cannot be told. A wrong guess would take rows away: time and place have to agree.
 */
function firstAfter({ log, places }: LogIndex, snapshot: FullSnapshot, p: number): number {
  const taken = places.ofSnapshot(snapshot)
  const times = metaNumbers(log, '_source_time')
  let first = log.ends[p]!
  for (let row = log.starts[p]!; row < log.ends[p]!; row++) {
    if (log.partitionIds[row] !== p || (log.effects[row]! & effectBits) === effect.none) continue
    const place = places.at(row)
    if (place === null) continue
    const isBefore = times.at(row) < snapshot.time
    const order = comparePlaces(place, taken)
    if (order === null || order < 0 !== isBefore || (isBefore && row > first)) return 0
    if (!isBefore && row < first) first = row
  }
  return first
}

function noKey({ topic }: ChangeLog): ObslabError {
  return new ObslabError(
    'key-missing',
    `Expected the records of ${topic} to have a key, found some without. Name the key columns in a topic ` +
      'definition, or use changes().',
  )
}

function orderUnknown({ topic }: ChangeLog): ObslabError {
  return new ObslabError(
    'order-unknown',
    `Records of one key of ${topic} are in several partitions, and their places in the logs of different servers do not ` +
      'say which is newer. Take a new snapshot into a topic that has its partitions from the start; changes() has all.',
    { position: { topic } },
  )
}
