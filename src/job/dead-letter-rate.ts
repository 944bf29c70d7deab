import { ObslabError } from '../errors.js'

/** Changes in a row among which dead letters are counted. */
const window = 10_000

/** Counts new dead letters among the changes, so that a job stops that makes nothing of its input. */
export class DeadLetterRate {
  readonly #limit: number
  #seen: { changes: number; letters: number }[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Takes what came next: so many changes, of which so many new letters followed. */
  take(changes: number, letters: number): void {
    this.#seen.push({ changes, letters })
    let kept = this.#seen.reduce((sum, one) => sum + one.changes, 0)
    while (this.#seen.length > 1 && kept - this.#seen[0]!.changes >= window)
      kept -= this.#seen.shift()!.changes
  }

  /** Throws a `dead-letters-exceeded` error when there were too many. To be called once they are written. */
  check(job: string): void {
    const letters = this.#seen.reduce((sum, one) => sum + one.letters, 0)
    const changes = this.#seen.reduce((sum, one) => sum + one.changes, 0)
    if (letters <= this.#limit * Math.max(1, changes / window)) return
    throw new ObslabError(
      'dead-letters-exceeded',
      `Of the last ${changes} changes that the job ${job} took, ${letters} failed; it accepts ${this.#limit} of ${window}. ` +
        'The dead letters name the records and the reasons. Correct the pipeline, or accept more: deadLetterLimit, ' +
        '--dead-letter-limit.',
    )
  }
}
