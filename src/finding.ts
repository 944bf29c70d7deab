import type { RecordPosition } from './errors.js'

/** How much a finding matters: an error is wrong, a warning may be, information is worth knowing. */
export type Severity = 'error' | 'warning' | 'information'

/** What a finding rests on: how often, where, in which columns. Never a value of a row. */
export interface FindingEvidence {
  /** How often it was met. */
  readonly count: number
  /** The first records it was met at, in the order they were read: at most three, none where no record is to blame. */
  readonly first: readonly RecordPosition[]
  /** The columns concerned, in the order they were met; empty where none is. */
  readonly columns: readonly string[]
}

/** One result of a check or of advice. Checks collect findings and never throw them; throwing is for the caller. */
export interface Finding {
  /** What a program compares; stable between versions. */
  code: string
  severity: Severity
  /** What is the case and what to do about it, in a sentence or two, without row values. */
  sentence: string
  /** What it rests on, where that can be counted. */
  evidence?: FindingEvidence
}
