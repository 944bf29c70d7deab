import type { ColumnsRead } from './columns-read.js'
import type { OperatorProfile } from './profile.js'

/** What an operator remembers between changes. */
export interface ExplainedState {
  rows: number
  bytes: number
  /** False where it was measured. */
  estimated: boolean
}

/** A step of a plan, told. */
export interface ExplainedStep {
  /** Its place in the order rows flow and its verb: `2:aggregate`. */
  name: string
  /** What it does, in its own words: the test, the key, the topic. */
  does: string
  /** The names of the steps that give it its rows. */
  inputs: readonly string[]
  /** Columns of its input that its functions read, by the place of the input. */
  reads: readonly ColumnsRead[]
  /** The columns of its rows, as far as they are known. */
  columns: readonly string[] | null
  /** Those of them that may tell something of a sensitive one. */
  sensitive: readonly string[]
  /** What it remembers; null for one that remembers nothing, or where nothing tells how much. */
  state: ExplainedState | null
  /** What it took, where that was measured. */
  profile: OperatorProfile | null
  /** Why it has no faithful form in SQL; null where it has, or where one before it has none. */
  notSql: string | null
}

/** A plan, told. */
export interface ExplainedPlan {
  /** The pipeline's name. */
  pipeline: string
  /** The topic it writes. */
  output: string
  /** The columns of its key; null for those that the last step groups by, or the topic's. */
  key: readonly string[] | null
  /** The columns that it may read of each topic. */
  topics: ReadonlyMap<string, ColumnsRead>
  /** The steps, each after those that give it its rows. */
  steps: readonly ExplainedStep[]
}
