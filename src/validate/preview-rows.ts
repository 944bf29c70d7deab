import type { ChangeReader } from '../change/change-reader.js'
import type { ChangeChunk } from '../change/change-stream.js'
import type { Finding } from '../finding.js'
import type { Frame } from '../frame/frame.js'
import type { Engine } from '../pipeline/engine.js'
import type { Plan } from '../pipeline/plan.js'
import { OutputRows } from './output-rows.js'
import { setAsideFindings } from './set-aside-findings.js'

/** The output of a pipeline as far as changes have been run through it. */
export class PreviewRows<R extends object> {
  /** The plan that is run. */
  readonly plan: Plan
  readonly #engine: Engine
  readonly #output = new OutputRows()
  readonly #readers = new Map<string, ChangeReader>()
  #changes = 0

  constructor(plan: Plan, engine: Engine) {
    this.plan = plan
    this.#engine = engine
  }

  /** How many changes came, those delivered before among them. */
  get changes(): number {
    return this.#changes
  }

  /** How many rows there are, as of the last {@link flush}. */
  get length(): number {
    return this.#output.length
  }

  /** Takes the next changes of a partition. */
  apply({ topic, changes, reader }: ChangeChunk): void {
    this.#changes += changes.length
    this.#readers.set(topic, reader)
    this.#engine.apply(changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change))
  }

  /** Brings the rows to where the changes are, which is the end that was fixed for all partitions. */
  caughtUp(): boolean {
    this.#engine.caughtUp()
    return this.flush()
  }

  /** Brings the rows to where the changes are. False when none is different. */
  flush(): boolean {
    const upserts = this.#engine.flush()
    this.#output.add(upserts)
    return upserts.length > 0
  }

  /** What is to be said of the rows: those left out, and keys that several have. */
  get findings(): Finding[] {
    return [...setAsideFindings(this.plan.name, this.#engine.setAside), ...this.#engine.findings]
  }

  /** The rows, ordered by key. */
  frame(): Frame<R> {
    return this.#output.frame<R>(this.plan, this.#readers)
  }
}
