import type { Clock } from '../clock.js'
import type { DeadLetterRate } from './dead-letter-rate.js'
import type { JobObserver } from './job-observer.js'
import type { Log } from './log.js'
import type { Backoff } from './retry.js'
import type { Sink } from './sink.js'

/** What a job has done so far. */
export interface JobCounts {
  /** Changes read, those included that were delivered before or could not be decoded. */
  changes: number
  redelivered: number
  quarantined: number
  /** Records written: rows that are new or changed. */
  upserts: number
  /** Records written: rows that are gone. */
  tombstones: number
  /** Rows that the output held already when the job started. */
  unchanged: number
  /** Dead letters written, those not counted that were taken back. */
  deadLetters: number
}

/** What all parts of a running job share. It outlives a start that failed. */
export interface JobContext {
  readonly sink: Sink
  readonly signal: AbortSignal
  readonly log: Log
  readonly clock: Clock
  readonly observer: JobObserver
  readonly counts: JobCounts
  readonly backoff: Backoff
  readonly rate: DeadLetterRate
}

/** Counts of nothing. */
export function noCounts(): JobCounts {
  return {
    changes: 0,
    redelivered: 0,
    quarantined: 0,
    upserts: 0,
    tombstones: 0,
    unchanged: 0,
    deadLetters: 0,
  }
}
