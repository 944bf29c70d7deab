import type { Finding, Severity } from '../finding.js'
import { textOf } from './expression.js'
import type { FunctionSource } from './function-source.js'

/** The codes of what an analysis of a plan may find. */
export type PlanFindingCode =
  | 'function-clock'
  | 'function-random'
  | 'function-outside'
  | 'function-async'
  | 'function-generator'
  | 'function-mutates'
  | 'captured-changes'
  | 'function-opaque'
  | 'function-console'
  | 'function-locale'
  | 'comparison-of-null'

/** What one code of {@link planFindings} means, how much it matters and what to do about it. */
export interface PlanFindingKind {
  severity: Severity
  /** What is the case, after the expression: "reads the clock". */
  meaning: string
  cure: string
}

/** Every code that an analysis of a plan may find, with its severity, its meaning and its cure. */
export const planFindings: Readonly<Record<PlanFindingCode, PlanFindingKind>> = {
  'function-clock': {
    severity: 'error',
    meaning: 'reads the clock, so that the output depends on when it ran',
    cure: 'Use a time of the row, or a param() that the run is given.',
  },
  'function-random': {
    severity: 'error',
    meaning: 'is chance, so that no run gives what another gave',
    cure: 'Make it from columns of the row.',
  },
  'function-outside': {
    severity: 'error',
    meaning: 'reaches outside the row: the process, the network or the module system',
    cure: 'Join what is needed as a topic, or hand it in by param().',
  },
  'function-async': {
    severity: 'error',
    meaning: 'is asynchronous, and a function of a pipeline gives its value at once',
    cure: 'Join what is waited for as a topic.',
  },
  'function-generator': {
    severity: 'error',
    meaning: 'is a generator, and a function of a pipeline gives a value',
    cure: 'Return a list, in .flatMap(…).',
  },
  'function-mutates': {
    severity: 'error',
    meaning: 'changes something that other steps and later rows see',
    cure: 'Make a new value: { ...row, … }, list.toSorted(), [...list, one].',
  },
  'captured-changes': {
    severity: 'error',
    meaning: 'is assigned to, so that the output depends on the order of rows',
    cure: 'Declare it const, or carry it from row to row by .fold(…).',
  },
  'function-opaque': {
    severity: 'warning',
    meaning: 'may come by any column of the row, so that all are read and all count as told',
    cure: 'Name the row as a parameter, and read its columns by name.',
  },
  'function-console': {
    severity: 'warning',
    meaning: 'prints, once for each time a row passes, with its values',
    cure: 'Look at rows by lab.preview(…) instead.',
  },
  'function-locale': {
    severity: 'warning',
    meaning: 'depends on the language or the time zone of the computer it runs on',
    cure: "Use the UTC forms and a named locale: getUTCHours(), localeCompare(other, 'en').",
  },
  'comparison-of-null': {
    severity: 'warning',
    meaning: 'compares a column that may be null, and null counts as 0 there: null < 100 is true',
    cure: 'Ask for null first: x !== null && x < 100.',
  },
}

/** Where an expression is. */
export interface SourcePlace {
  /** Characters from the start of the function. */
  offset: number
  /** The file, or the cell of a notebook, where it is known. */
  file?: string
  /** From 1. */
  line?: number
  /** From 1. */
  column?: number
}

/** A finding that points at an expression of a function of a plan. */
export interface PlanFinding extends Finding {
  code: PlanFindingCode
  /** The step, as messages name it: `.filter(…)`. */
  step: string
  /** The expression, as written, on one line. */
  expression: string
  place: SourcePlace
}

/** What an analysis of one function found. */
export interface FunctionFinding {
  code: PlanFindingCode
  expression: string
  place: SourcePlace
}

/** A finding about a part of a function. */
export function functionFinding(
  code: PlanFindingCode,
  { text, before }: FunctionSource,
  { start, end }: { start: number; end: number },
): FunctionFinding {
  return { code, expression: textOf(text.slice(start, end)), place: { offset: start - before } }
}

/** The finding as a sentence about its step and pipeline. */
export function planFinding(pipeline: string, step: string, finding: FunctionFinding): PlanFinding {
  const { code, expression, place } = finding
  const { severity, meaning, cure } = planFindings[code]
  const at = place.file === undefined ? '' : ` (${place.file}:${place.line}:${place.column})`
  const sentence = `\`${expression}\` in ${step} of the pipeline ${pipeline}${at} ${meaning}. ${cure}`
  return { code, severity, sentence, step, expression, place }
}
