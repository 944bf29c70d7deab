import type { SourcePosition } from './change.js'
import { comparePositions, transactionNumber } from './position.js'

/** Where a change stands: in the database's log, within its transaction, and in Kafka. */
export interface LogPlace {
  readonly source: SourcePosition | null
  /** `transaction.total_order`; null where the record does not say. */
  readonly totalOrder: number | null
  /** The record's Kafka timestamp, milliseconds. */
  readonly timestamp: number
  readonly partition: number
  readonly offset: number
}

interface Placed<T> {
  item: T
  place: LogPlace
  /** The number of the transaction's GTID at its server; null without GTIDs. */
  number: number | null
  /** The latest time of commit so far of its server's changes. */
  time: number
}

/**
 * Changes of several topics in the order in which the databases committed them. Those of one server go by the number of
 * their transaction's GTID, then by their position in the log, then by `total_order`, which tells the two records of a
 * changed key apart; so a transaction's changes stand together and in its order. Those of different servers, of snapshots
 * and of records without a position are brought together by time, which for them is all there is.
 */
export function inLogOrder<T>(items: readonly T[], placeOf: (item: T) => LogPlace): T[] {
  const servers = new Map<string, Placed<T>[]>()
  for (const item of items) {
    const place = placeOf(item)
    const { server, number } =
      place.source === null ? { server: '', number: null } : transactionNumber(place.source)
    const placed = { item, place, number, time: place.source?.time ?? place.timestamp }
    const known = servers.get(server)
    if (known === undefined) servers.set(server, [placed])
    else known.push(placed)
  }
  const sorted = [...servers.values()].map(inServerOrder)
  return sorted
    .flat()
    .sort((a, b) => a.time - b.time)
    .map(({ item }) => item)
}

/** Servers commit in the order of their log, whatever their clock says: times never go back here. */
function inServerOrder<T>(changes: Placed<T>[]): Placed<T>[] {
  let latest = Number.NEGATIVE_INFINITY
  return changes.sort(compare).map(placed => {
    latest = Math.max(latest, placed.time)
    return { ...placed, time: latest }
  })
}

function compare<T>(a: Placed<T>, b: Placed<T>): number {
  return (
    (a.number ?? 0) - (b.number ?? 0) ||
    (a.place.source === null || b.place.source === null
      ? a.time - b.time
      : comparePositions(a.place.source, b.place.source)) ||
    (a.place.totalOrder ?? 0) - (b.place.totalOrder ?? 0) ||
    a.time - b.time ||
    a.place.partition - b.place.partition ||
    a.place.offset - b.place.offset
  )
}
