import type { Clock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { isRetriable } from './retriable.js'

/** How a job starts over after a failure that may pass. */
export interface RetryOptions {
  /** The longest that the first wait may take, milliseconds. Each further one may take twice as long. Default 200. */
  base?: number
  /** What no wait is longer than, milliseconds. Default 30,000. */
  cap?: number
  /** Milliseconds from a failure on without progress, after which the job ends with the next one. Default 15 minutes. */
  giveUpAfter?: number
  /** From 0 up to, not including, 1. Default: `Math.random`. */
  random?: () => number
}

/**
 * Decides how long to wait before a job starts over: a random share of a span that doubles from failure to failure, so
 * that jobs which failed together do not come back together. Progress makes the span short again.
 */
export class Backoff {
  readonly #clock: Clock
  readonly #options: Required<RetryOptions>
  #failures = 0
  #failing: number | null = null

  constructor(clock: Clock, options: RetryOptions = {}) {
    const { base = 200, cap = 30_000, giveUpAfter = 15 * 60_000, random = Math.random } = options
    this.#clock = clock
    this.#options = { base, cap, giveUpAfter, random }
  }

  /** Failures since the last progress. */
  get failures(): number {
    return this.#failures
  }

  /** Something is written that was not before. */
  progressed(): void {
    this.#failures = 0
    this.#failing = null
  }

  /** Milliseconds to wait after a failure; null when it will not pass, or was waited for long enough. */
  after(error: unknown): number | null {
    const { base, cap, giveUpAfter, random } = this.#options
    if (!mayPass(error)) return null
    this.#failing ??= this.#clock.now()
    if (this.#clock.now() - this.#failing >= giveUpAfter) return null
    const span = Math.min(cap, base * 2 ** this.#failures++)
    return Math.round(span * (0.5 + random() / 2))
  }
}

/** Records may go to retention while they are waited for: starting over tells what is to be chosen then. */
function mayPass(error: unknown): boolean {
  return isRetriable(error) || (error instanceof ObslabError && error.code === 'offset-out-of-range')
}
