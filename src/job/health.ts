import { type Clock, systemClock } from '../clock.js'
import type { CommitEvent, JobObserver, JobStage, ReadEvent } from './job-observer.js'

/** What {@link jobHealth} takes. */
export interface JobHealthOptions {
  /** Default: the machine's. */
  clock?: Clock
  /** Milliseconds after which a write that is not acknowledged counts as stuck. Default: 120,000. */
  stuckAfter?: number
}

/** How a job is. */
export interface HealthReport {
  /** False when what was read has been waiting for its write longer than the bound: a restart may help. */
  live: boolean
  /** Whether the output is up to date but for what is on its way. */
  ready: boolean
  stage: JobStage
  /** Milliseconds that what was read has been waiting to be written; 0 when nothing waits. */
  stuckMs: number
}

/** Whether a job is well, by what it says it does: hand it to `runJob` as an observer. */
export interface JobHealth extends JobObserver {
  report(): HealthReport
}

/**
 * Watches whether a job makes progress. It counts as live while it waits for input, reads a backfill, or retries because
 * an input or the output is not there: a restart would not help.
 */
export function jobHealth({ clock = systemClock, stuckAfter = 120_000 }: JobHealthOptions = {}): JobHealth {
  return new WatchedHealth(clock, stuckAfter)
}

class WatchedHealth implements JobHealth {
  readonly #clock: Clock
  readonly #stuckAfter: number
  #stage: JobStage = 'starting'
  /** Since when something waits to be written. */
  #since: number | null = null

  constructor(clock: Clock, stuckAfter: number) {
    this.#clock = clock
    this.#stuckAfter = stuckAfter
  }

  report(): HealthReport {
    const stuckMs = this.#since === null ? 0 : Math.max(0, this.#clock.now() - this.#since)
    const stage = this.#stage
    return { live: stuckMs <= this.#stuckAfter, ready: stage === 'following', stage, stuckMs }
  }

  stage(stage: JobStage): void {
    this.#stage = stage
    this.#since = stage === 'emitting' ? this.#clock.now() : null
  }

  read({ changes }: ReadEvent): void {
    if (this.#stage === 'following' && changes > 0) this.#since ??= this.#clock.now()
  }

  committed(_: CommitEvent): void {
    this.#since = this.#stage === 'emitting' ? this.#clock.now() : null
  }
}
