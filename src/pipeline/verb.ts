import type { Row } from '../change/column-type.js'
import type { Cell, CellRow } from './cell.js'
import type { OperatorState, OwnMemory, StateCodec } from './operator-state.js'
import type { PlanNode } from './plan.js'
import type { RowId, RowSink } from './row-identity.js'
import type { Running, SetAside } from './set-aside.js'
import type { StepCall } from './step-failure.js'

/** A function of the user's in a step, and what it has to do with the step's columns. */
export interface StepFunction {
  /** How messages name where it stands: `.filter(…)`, `.aggregate({ weight: … })`. */
  step: string
  call: StepCall
  /** For each parameter the place of the input whose row it takes; null for one that is no input's row. */
  takes: readonly (number | null)[]
  /**
   * The output columns that follow from what it gives: those named, or `rest`, those that no function names and that do
   * not pass on. Empty for a function that only decides which rows there are.
   */
  gives: readonly string[] | 'rest'
  /**
   * How they follow: the one column holds what it returns (`column`), or the sum of that (`sum`), or a list of that
   * (`list`); the columns are the properties of what it returns (`columns`); or in another way (`other`).
   */
  returns: 'column' | 'sum' | 'list' | 'columns' | 'other'
}

/** What an operator is given to run with. */
export interface StepContext {
  running: Running
  /** The rows that the step sets aside. */
  setAside: SetAside
  /** Opens one of the operator's memories. */
  state<V>(name: string, codec: StateCodec<V>): OperatorState<V>
  /** Has a memory kept that has its entries in a form of its own: see `StateStore.keep`. */
  keep(name: string, memory: OwnMemory): Iterable<readonly [RowId, Cell]> | null
}

/** A step that runs: where its inputs' rows go in, and what passes on what it waits with. */
export interface Operator {
  /** One for each of `inputsOf`. */
  inputs: readonly RowSink[]
  /** Passes on what changed since the last call, for a step that does not at once. */
  flush?: () => void
  /** What tells the key of a row by its identity, for a step whose rows are identified by a key of its own. */
  keys?: IdentityKeys
}

/** What tells the key that an identity stands for. */
export interface IdentityKeys {
  /** The columns of the keys; null when none was met. */
  readonly columns: readonly string[] | null
  keyOf(id: RowId): Row
}

/** A row in a plain recomputation: which one it is, the columns that say so, and what it holds. */
export interface PlainRow {
  id: RowId
  key: Row
  row: CellRow
}

/** Runs what a plain recomputation does with one row, and gives null when a function fails on it: it is left out. */
export type Attempt = <T>(make: () => T) => T | null

/**
 * All about a verb that is not the same for every verb. Sensitivity, kinds of columns, the check of column names and
 * the columns needed follow from it.
 */
export interface Verb<N extends PlanNode = PlanNode> {
  /** The functions of the user's, in the order messages should name them. */
  functions(node: N): readonly StepFunction[]
  /** Columns of its input that the step names without a function. */
  mentions?(node: N): readonly string[]
  /** The columns of its inputs that are columns of the output, as they are, unless a function gives them. */
  passes(node: N): 'all' | readonly string[]
  /** Whether a column is declared to tell nothing of a sensitive one. */
  declassifies?(node: N, column: string): boolean
  /** Columns that follow from which rows there are alone. */
  adds?(node: N): readonly string[]
  /**
   * What identifies an output row: what identified the row of the (first) input it is made of, a key function of the
   * step, or something that is no key.
   */
  identity: 'kept' | 'key' | 'made'
  /** Whether its rows all have the same columns where its inputs' have. */
  uniform: boolean
  /** The step as it runs incrementally, in front of `next`. */
  operator(node: N, context: StepContext, next: RowSink): Operator
  /** The same from all the rows of the inputs at once, in the plainest way. */
  recompute(node: N, inputs: readonly (readonly PlainRow[])[], attempt: Attempt): PlainRow[]
}
