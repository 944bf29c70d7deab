import type { Clock } from '../src/clock.js'

/** A clock whose sleeps take no time of the test's: they move it on at once. */
export class FakeClock implements Clock {
  time: number
  /** How long each sleep was. */
  readonly slept: number[] = []

  constructor(time = 1_000_000) {
    this.time = time
  }

  now(): number {
    return this.time
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.slept.push(ms)
    this.time += ms
    await new Promise(resolve => setImmediate(resolve))
    signal?.throwIfAborted()
  }
}
