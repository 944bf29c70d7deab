import { ObslabError } from '../errors.js'
import { type BinlogPlace, BinlogPlaces, comparePlaces } from './binlog-place.js'
import { blockMaxima } from './block-maxima.js'
import { anyRead, type ChangeLog, effect, effectBits, fullRead, lengthOf, metaNumbers } from './change-log.js'
import { columnNamed } from './names.js'

/** Where the database's log goes beyond a time: at the first transaction committed later. */
interface Later {
  places: BinlogPlace[]
  gtids: Set<string>
}

/**
 * Of each topic and partition, the first row that is not in the prefix of the database's log which ends before the first
 * transaction committed after `time`. That transaction ends the prefix in every partition of every topic, also where
 * changes behind it were committed at an earlier time; and it is out as a whole.
 */
export function sourceTimeLimits(logs: readonly ChangeLog[], time: number): Int32Array[] {
  for (const log of logs) requireTimes(log)
  const later: Later = { places: [], gtids: new Set() }
  const taken = snapshotTimes(logs)
  const limits = logs.map(log => limitsByTime(log, time, taken, later))
  if (later.places.length === 0) return limits
  const isShared = logs.length > 1 || logs.some(({ partitions }) => partitions.length > 1)
  for (const [i, log] of logs.entries()) {
    if (isShared) lowerByPlace(log, limits[i]!, firstPlaces(later.places))
    lowerByTransaction(log, limits[i]!, later.gtids)
  }
  return limits
}

/** A snapshot of several tables was taken at one moment, though their rows were read one after the other. */
function snapshotTimes(logs: readonly ChangeLog[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const { file, pos, time } of logs.flatMap(({ snapshots }) => snapshots)) {
    const name = `${file}:${pos}`
    times.set(name, Math.min(time, times.get(name) ?? time))
  }
  return times
}

function limitsByTime(
  log: ChangeLog,
  time: number,
  taken: ReadonlyMap<string, number>,
  later: Later,
): Int32Array {
  const { effects, partitionIds, partitions, snapshots } = log
  const length = lengthOf(log)
  const times = metaNumbers(log, '_source_time')
  const limits = new Int32Array(partitions.length).fill(length)
  const timeRead = (row: number): number => {
    const p = partitionIds[row]!
    const snapshot = snapshots.findLast(({ parts }) => (parts.get(p)?.first ?? length) <= row)
    return snapshot === undefined ? times.at(row) : taken.get(`${snapshot.file}:${snapshot.pos}`)!
  }
  // What an incremental snapshot read has the time of the connector's clock: it was no later than what follows it.
  const doubtful = new Int32Array(partitions.length).fill(length)
  const maxima = blockMaxima(log)
  let open = partitions.length
  let doubts = 0
  for (let row = 0; row < length && open > 0; row++) {
    if (doubts === 0 && maxima.isBy(row, time)) {
      row = maxima.after(row) - 1
      continue
    }
    const bits = effects[row]!
    const p = partitionIds[row]!
    if ((bits & effectBits) === effect.none || limits[p] !== length) continue
    const at = (bits & fullRead) === 0 ? times.at(row) : timeRead(row)
    const isLogged = (bits & anyRead) === 0
    if (at > time && (bits & (anyRead | fullRead)) === anyRead) {
      doubtful[p] = Math.min(doubtful[p]!, row)
      doubts++
    } else if (at > time) {
      limits[p] = Math.min(row, doubtful[p]!)
      open--
      noteLater(log, row, later)
    } else if (isLogged && at <= time) {
      doubtful[p] = length
    }
  }
  return limits.map((limit, p) => Math.min(limit, doubtful[p]!))
}

function noteLater(log: ChangeLog, row: number, later: Later): void {
  const place = new BinlogPlaces(log).at(row)
  const gtid = columnNamed(log.meta, '_gtid').at(row)
  if (place !== null && place.server !== null) later.places.push(place)
  if (gtid !== null) later.gtids.add(gtid as string)
}

/** The first place of each server's log. */
function firstPlaces(places: readonly BinlogPlace[]): BinlogPlace[] {
  const first: BinlogPlace[] = []
  for (const place of places) {
    const known = first.findIndex(one => comparePlaces(one, place) !== null)
    if (known < 0) first.push(place)
    else if (comparePlaces(place, first[known]!)! < 0) first[known] = place
  }
  return first
}

function lowerByPlace(log: ChangeLog, limits: Int32Array, places: readonly BinlogPlace[]): void {
  const { effects, partitionIds } = log
  const logged = new BinlogPlaces(log)
  const maxima = blockMaxima(log)
  for (const place of places) {
    const { file, pos } = place
    const isFrom = logged.from(place)
    const end = Math.max(...limits)
    for (let row = 0; row < end; row++) {
      if (maxima.isBefore(row, file.number, pos)) {
        row = maxima.after(row) - 1
        continue
      }
      const p = partitionIds[row]!
      if (row >= limits[p]! || !isFrom(row)) continue
      const bits = effects[row]!
      if ((bits & effectBits) !== effect.none && (bits & fullRead) === 0) limits[p] = row
    }
  }
}

/** Where the database writes whole seconds, the first statements of a transaction can have an earlier one. */
function lowerByTransaction(log: ChangeLog, limits: Int32Array, gtids: ReadonlySet<string>): void {
  const gtid = columnNamed(log.meta, '_gtid')
  limits.forEach((limit, p) => {
    for (let row = limit - 1; row >= 0; row--) {
      const bits = log.effects[row]!
      if (log.partitionIds[row] !== p || (bits & effectBits) === effect.none) continue
      const id = gtid.at(row)
      if (id === null && log.fileIds[row] === 0) continue
      if ((bits & anyRead) !== 0 || id === null || !gtids.has(id as string)) return
      limits[p] = row
    }
  })
}

function requireTimes(log: ChangeLog): void {
  const times = metaNumbers(log, '_source_time')
  for (let row = 0; row < lengthOf(log); row++) if (!Number.isNaN(times.at(row))) return
  if (lengthOf(log) === 0) return
  throw new ObslabError(
    'moment-unknown',
    `The records of ${log.topic} do not say when their changes were committed, so it has no moments by sourceTime. Use ` +
      'time or offsets; records that were unwrapped need add.fields=source.ts_ms.',
    { position: { topic: log.topic } },
  )
}
