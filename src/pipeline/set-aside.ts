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

/** A record that a row was set aside for. */
export type SetAsidePosition = Pick<SetAsideRow, 'topic' | 'partition' | 'offset'>

/** What became of rows that are set aside, by the records that made them what they are. */
export interface SetAsideChanges {
  /** Records of which a row is set aside now, or for another reason than before: one row of each. */
  added: SetAsideRow[]
  /** Records of which no row is set aside any more: a later version succeeded, or the row is gone. */
  healed: SetAsidePosition[]
}

interface TouchedRecord {
  position: SetAsidePosition
  /** Rows of it that were set aside before. */
  before: number
  added: SetAsideRow[]
}

/** The records of which rows are set aside, by all steps, and how that has changed. */
export class SetAsideRecords {
  readonly #counts = new Map<string, number>()
  readonly #touched = new Map<string, TouchedRecord>()

  /** A row that was set aside before. */
  restored(row: SetAsideRow): void {
    const name = nameOf(row)
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  added(row: SetAsideRow): void {
    this.#count(row, 1).added.push(row)
  }

  removed(row: SetAsideRow): void {
    const { added } = this.#count(row, -1)
    const at = added.indexOf(row)
    if (at >= 0) added.splice(at, 1)
  }

  /** What is different since the last call. */
  take(): SetAsideChanges {
    const changes: SetAsideChanges = { added: [], healed: [] }
    for (const [name, { position, before, added }] of this.#touched) {
      if (added.length > 0) changes.added.push(added.at(-1)!)
      else if (before > 0 && !this.#counts.has(name)) changes.healed.push(position)
    }
    this.#touched.clear()
    return changes
  }

  #count(row: SetAsideRow, by: number): TouchedRecord {
    const name = nameOf(row)
    const before = this.#counts.get(name) ?? 0
    if (before + by === 0) this.#counts.delete(name)
    else this.#counts.set(name, before + by)
    let touched = this.#touched.get(name)
    if (touched === undefined) {
      const { topic, partition, offset } = row
      touched = { position: { topic, partition, offset }, before, added: [] }
      this.#touched.set(name, touched)
    }
    return touched
  }
}

function nameOf({ topic, partition, offset }: SetAsidePosition): string {
  return `${topic}:${partition}:${offset}`
}

/** The rows that one step has set aside. */
export class SetAside {
  readonly #running: Running
  readonly #rows: OperatorState<SetAsideRow>
  readonly #records: SetAsideRecords

  constructor(
    running: Running,
    rows: OperatorState<SetAsideRow>,
    records: SetAsideRecords = new SetAsideRecords(),
  ) {
    this.#running = running
    this.#rows = rows
    this.#records = records
    for (const [, row] of rows.entries()) records.restored(row)
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
    const row: SetAsideRow = {
      topic: at?.topic ?? '',
      partition: at?.partition ?? 0,
      offset: at?.offset ?? 0,
      step,
      expression,
      error,
      reason: expression === null ? advice : `It ${did}. ${advice}`,
    }
    const before = this.#rows.get(id)
    if (before !== undefined && isSame(before, row)) return
    this.#rows.set(id, row)
    this.#records.added(row)
    if (before !== undefined) this.#records.removed(before)
  }

  /** The step has made something of the row, or the row is gone. */
  passed(id: RowId): void {
    if (this.#rows.size > 0) this.#drop(id)
  }

  /** Rows whose identity, as text, begins with `prefix` are gone. */
  clear(prefix: string): void {
    if (this.#rows.size === 0) return
    for (const [id] of [...this.#rows.entries()]) if (hasPrefix(id, prefix)) this.#drop(id)
  }

  rows(): SetAsideRow[] {
    return Array.from(this.#rows.entries(), ([, row]) => row)
  }

  #drop(id: RowId): void {
    const row = this.#rows.get(id)
    if (row === undefined) return
    this.#rows.delete(id)
    this.#records.removed(row)
  }
}

function isSame(a: SetAsideRow, b: SetAsideRow): boolean {
  return (
    nameOf(a) === nameOf(b) && a.step === b.step && a.expression === b.expression && a.reason === b.reason
  )
}

/** How set-aside rows are kept. */
export const setAsideCodec: StateCodec<SetAsideRow> = {
  encode: row => row as unknown as Cell,
  decode: cell => cell as unknown as SetAsideRow,
}
