/** How much a finding matters: an error is wrong, a warning may be, information is worth knowing. */
export type Severity = 'error' | 'warning' | 'information'

/** One result of a check or of advice. Checks collect findings and never throw them; throwing is for the caller. */
export interface Finding {
  /** What a program compares; stable between versions. */
  code: string
  severity: Severity
  /** What is the case and what to do about it, in a sentence or two, without row values. */
  sentence: string
}
