import type { Clock } from '../clock.js'

/**
 * How late changes arrive, hop by hop: the median of the latest changes in milliseconds, null where it is not known. The
 * clocks of different machines are compared, so a hop can be below zero.
 */
export interface Lag {
  /** From the commit in the database to Debezium. */
  readonly databaseToDebezium: number | null
  /** From Debezium to the record's Kafka timestamp. */
  readonly debeziumToKafka: number | null
  /** From the record's Kafka timestamp to this process; null on a recording. */
  readonly kafkaToHere: number | null
  /**
   * Whether the database tells whole seconds only, as MariaDB does: the first hop is then up to a second too long.
   */
  readonly wholeSeconds: boolean
}

/** The times of one change. */
export interface ChangeTimes {
  /** Commit in the database, milliseconds. */
  readonly source: { readonly time: number; readonly snapshot: string } | null
  readonly processedAt: number | null
  /** The record's Kafka timestamp. */
  readonly timestamp: number
  /** Null on a recording. */
  readonly receivedAt: number | null
}

/** The latest changes that a lag is the median of. */
const sampleSize = 200
/** Milliseconds over which a rate is counted. */
const rateWindow = 5_000

/** Counts how many changes come a second, and measures how late. */
export class Flow {
  readonly #clock: Clock
  readonly #started: number
  readonly #times: ChangeTimes[] = []
  #arrivals: { at: number; count: number }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#started = clock.now()
  }

  /** Takes the next change. */
  add(times: ChangeTimes): void {
    const { source, processedAt, timestamp, receivedAt } = times
    this.#times.push({ source, processedAt, timestamp, receivedAt })
    if (this.#times.length > sampleSize) this.#times.shift()
    const now = this.#clock.now()
    const last = this.#arrivals.at(-1)
    if (last !== undefined && now - last.at < 100) last.count++
    else this.#arrivals.push({ at: now, count: 1 })
  }

  /** Changes per second, over the last five seconds. */
  rate(): number {
    const now = this.#clock.now()
    this.#arrivals = this.#arrivals.filter(({ at }) => now - at < rateWindow)
    const seconds = Math.max(1000, Math.min(rateWindow, now - this.#started)) / 1000
    return this.#arrivals.reduce((sum, { count }) => sum + count, 0) / seconds
  }

  /** How late the latest changes came. Rows read by a snapshot were not committed then, so their first hop is none. */
  lag(): Lag {
    const streamed = this.#times.filter(({ source }) => source?.snapshot === 'false')
    const commits = streamed.map(({ source }) => source!.time)
    return {
      databaseToDebezium: medianHop(streamed, ({ source, processedAt }) => hop(source!.time, processedAt)),
      debeziumToKafka: medianHop(this.#times, ({ processedAt, timestamp }) => hop(processedAt, timestamp)),
      kafkaToHere: medianHop(this.#times, ({ timestamp, receivedAt }) => hop(timestamp, receivedAt)),
      wholeSeconds: commits.length > 0 && commits.every(time => time % 1000 === 0),
    }
  }
}

function hop(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : to - from
}

function medianHop(
  times: readonly ChangeTimes[],
  hopOf: (times: ChangeTimes) => number | null,
): number | null {
  const hops = times.map(hopOf).filter(hop => hop !== null)
  hops.sort((a, b) => a - b)
  return hops[hops.length >> 1] ?? null
}
