import type { Cell } from '../pipeline/cell.js'
import type { StateStore } from '../pipeline/operator-state.js'
import type { InputOffset } from './sink.js'

/** What a job is doing: taking the inputs up to a fixed end, writing what follows from them, or keeping it up to date. */
export type Phase =
  | { name: 'backfilling'; until: readonly InputOffset[] }
  | { name: 'emitting' }
  | { name: 'following' }

/** How far a job's state is. */
export interface StateProgress {
  phase: Phase
  /** Where the inputs were: the state is what follows from everything below. */
  offsets: readonly InputOffset[]
  /** What the readers of the inputs know: redelivery, inferred columns. By topic. */
  readers: Readonly<Record<string, Cell>>
}

/** What became of the memory of one operator when a state was opened. */
export interface OperatorReport {
  /** `2:aggregate`. */
  operator: string
  /** `kept` where its fingerprint is the plan's, `changed` where it has another, `new` where there is none, `gone` where the plan has no such operator any more. */
  found: 'kept' | 'changed' | 'new' | 'gone'
  /** Entries that it remembers. */
  entries: number
}

/** The durable memory of a job: of its operators, and of how far it is. One instance has it at a time. */
export interface JobState {
  /** Where it is, for messages. */
  readonly folder: string
  /** Where the operators keep what they remember. */
  readonly store: StateStore
  /** As of the last commit; null for a new one, or when it was discarded. */
  readonly kept: StateProgress | null
  readonly operators: readonly OperatorReport[]
  /** Bytes on disk. */
  readonly bytes: number

  /**
   * Writes what the operators remember now, and how far that is, in one transaction. Inside it is checked that no other
   * instance has opened the state since, and that it still is where this one left it: else it is a `job-fenced` error and
   * nothing is written.
   */
  commit(progress: StateProgress): Promise<void>

  /** Forgets everything, on disk too, so that the operators begin anew. Only before the store was used. */
  discard(): Promise<void>

  /** Lets go of the files. Safe to call twice. */
  close(): Promise<void>
}
