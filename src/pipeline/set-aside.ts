import type { RecordPosition } from '../errors.js'
import type { Cell } from './cell.js'
import type { OperatorState, StateCodec } from './operator-state.js'
import { hasPrefix, type RowId } from './row-identity.js'
import { StepFailure } from './step-failure.js'

/** A row that a step could make nothing of, and that is out of the pipeline until a version of it succeeds. */
export interface SetAsideRow {
  /** The record whose change made the row what it is. */
  topic: string
  partition: number
  offset: number
  /** Where the function stands: `.filter(…)`, `.aggregate({ weight: … })`. */
  step: string
  /** The function as written, on one line and cut where it is long; null when no function of the user's is to blame. */
  expression: string | null
  /** The name of the error that was thrown, or what was given: `TypeError`, `a Promise`. */
  error: string
  /** What happened and what to do about it, without values of the row. */
  reason: string
}

/** What becomes of a row that a function fails on: it is set aside, or the run stops with a `pipeline-failed` error. */
export type OnError = 'set-aside' | 'stop'

/** Where a running pipeline is: its name, and the record whose change its functions see. */
export class Running {
  readonly pipeline: string
  readonly onError: OnError
  /** The record that is applied, or whose change is passed on; null before the first. */
  at: RecordPosition | null = null

  constructor(pipeline: string, onError: OnError) {
    this.pipeline = pipeline
    this.onError = onError
  }
}

/** The rows that one step has set aside. */
export class SetAside {
  readonly #running: Running
  readonly #rows: OperatorState<SetAsideRow>

  constructor(running: Running, rows: OperatorState<SetAsideRow>) {
    this.#running = running
    this.#rows = rows
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#rows.size > 0
  }

  /** The step can make nothing of this version of the row. What is no failure of a step is thrown on. */
  failed(id: RowId, cause: unknown): void {
    if (!(cause instanceof StepFailure)) throw cause
    const { pipeline, onError, at } = this.#running
    if (onError === 'stop') throw cause.toError(pipeline, at)
    const { step, expression, error, did, advice } = cause
    this.#rows.set(id, {
      topic: at?.topic ?? '',
      partition: at?.partition ?? 0,
      offset: at?.offset ?? 0,
      step,
      expression,
      error,
      reason: expression === null ? advice : `It ${did}. ${advice}`,
    })
  }

  /** The step has made something of the row, or the row is gone. */
  passed(id: RowId): void {
    if (this.#rows.size > 0) this.#rows.delete(id)
  }

  /** Rows whose identity, as text, begins with `prefix` are gone. */
  clear(prefix: string): void {
    if (this.#rows.size === 0) return
    for (const [id] of [...this.#rows.entries()]) if (hasPrefix(id, prefix)) this.#rows.delete(id)
  }

  rows(): SetAsideRow[] {
    return Array.from(this.#rows.entries(), ([, row]) => row)
  }
}

/** How set-aside rows are kept. */
export const setAsideCodec: StateCodec<SetAsideRow> = {
  encode: row => row as unknown as Cell,
  decode: cell => cell as unknown as SetAsideRow,
}
