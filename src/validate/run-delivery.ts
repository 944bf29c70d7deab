import type { Change } from '../change/change.js'
import type { TopicEvent } from '../change/message.js'
import type { EncodedUpsert } from '../pipeline/output-records.js'
import { type Plan, planTopics } from '../pipeline/plan.js'
import { recompute } from '../pipeline/recompute.js'
import { CurrentTables } from './current-tables.js'
import { byLane, type Delivered, type Delivery, Judge, type LaneOf } from './delivery.js'
import { type CompactedOutput, compactOutput } from './parity.js'

/** What keeps an output up change by change: what an `Engine` does. */
export interface Runner {
  apply(changes: Iterable<TopicEvent>): void
  flush(): readonly EncodedUpsert[]
  /** All changes there are were given. */
  caughtUp?(): void
}

/** What a delivery is run by: a plan, and a new runner of it for each process. */
export interface Proof {
  readonly plan: Plan
  readonly laneOf: LaneOf
  newRunner(): Runner
}

/** What is wrong with what a delivery led to. */
export interface Failure {
  /**
   * `output`: the output is not the recomputed one. `repeated`: a record was written that changes nothing. `restart`: a
   * process that began anew computed another output from the same changes. `failed`: the run threw an error.
   */
  readonly what: 'output' | 'repeated' | 'restart' | 'failed'
  /** After how many changes it was seen. */
  readonly at: number
  readonly actual: CompactedOutput
  readonly expected: CompactedOutput
  /** What was thrown, where the run failed. */
  readonly cause?: unknown
}

/**
 * Runs a delivery, compares its output with the recomputation over the tables of that moment, where the delivery says and
 * at its end, and gives the first failure; null when there is none. `final` is the output that is known to be right at the
 * end, which saves computing it.
 */
export function runDelivery(proof: Proof, delivery: Delivery, final?: CompactedOutput): Failure | null {
  const run = new DeliveryRun(proof)
  for (let i = 0; i < delivery.length; i++) {
    const isLast = i === delivery.length - 1
    const failure = run.take(delivery[i]!, isLast, final)
    if (failure !== null) return failure
  }
  return null
}

class DeliveryRun {
  readonly #proof: Proof
  readonly #judge = new Judge()
  readonly #tables: CurrentTables
  readonly #held = new Map<string, string>()
  #runner: Runner
  #at = 0
  #applied: Change[] = []
  #waiting: Change[] = []

  constructor(proof: Proof) {
    this.#proof = proof
    this.#runner = proof.newRunner()
    this.#tables = new CurrentTables(planTopics(proof.plan.root))
  }

  take(delivered: Delivered, isLast: boolean, final: CompactedOutput | undefined): Failure | null {
    const { change, cut, compared, restart } = delivered
    this.#at++
    if (this.#judge.counts(change)) {
      this.#tables.apply(change)
      this.#waiting.push(change)
    }
    if (!cut && !isLast) return null
    try {
      const isCompared = compared || isLast
      const failure = this.#write(isLast) ?? (isCompared ? this.#compare(isLast ? final : undefined) : null)
      return failure ?? (restart ? this.#restart(isLast) : null)
    } catch (cause) {
      return { ...this.#failure('failed'), cause }
    }
  }

  #write(isLast: boolean): Failure | null {
    this.#runner.apply(this.#waiting)
    if (isLast) this.#runner.caughtUp?.()
    for (const change of this.#waiting) this.#applied.push(change)
    this.#waiting = []
    return this.#hold(this.#runner.flush())
  }

  #hold(upserts: readonly EncodedUpsert[]): Failure | null {
    let isRepeated = false
    for (const { keyText, rowText } of upserts) {
      isRepeated ||= (this.#held.get(keyText) ?? null) === rowText
      if (rowText === null) this.#held.delete(keyText)
      else this.#held.set(keyText, rowText)
    }
    return isRepeated ? this.#failure('repeated') : null
  }

  #compare(final: CompactedOutput | undefined): Failure | null {
    if (final !== undefined && sameOutput(this.#held, final)) return null
    const expected = compactOutput(recompute(this.#proof.plan, this.#tables.rows))
    return sameOutput(this.#held, expected) ? null : this.#failure('output', expected)
  }

  /** What was written stays; the next process reads everything from the beginning, the last partition first. */
  #restart(isLast: boolean): Failure | null {
    this.#applied = byLane(this.#applied, this.#proof.laneOf).reverse().flat()
    this.#runner = this.#proof.newRunner()
    this.#runner.apply(this.#applied)
    if (isLast) this.#runner.caughtUp?.()
    const computed = compactOutput(this.#runner.flush())
    return sameOutput(this.#held, computed) ? null : this.#failure('restart', computed)
  }

  #failure(what: Failure['what'], expected: CompactedOutput = new Map()): Failure {
    return { what, at: this.#at, actual: new Map(this.#held), expected }
  }
}

/** Whether two outputs hold the same rows, byte for byte. */
export function sameOutput(a: CompactedOutput, b: CompactedOutput): boolean {
  if (a.size !== b.size) return false
  for (const [key, row] of a) if (b.get(key) !== row) return false
  return true
}
