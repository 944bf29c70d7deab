import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ObslabError, type RecordPosition } from '../errors.js'

/**
 * What a function of a pipeline threw, as the cause of a `pipeline-failed` error. It prints as nothing, also where an
 * error's cause is printed with it: the message of what was thrown could hold a value of a row.
 */
export class Thrown {
  readonly #error: unknown

  constructor(error: unknown) {
    this.#error = error
  }

  /** What was thrown. */
  get error(): unknown {
    return this.#error
  }
}

/** A function of a pipeline, whatever it takes. */
export type StepCall = (...parameters: never[]) => unknown

/** Why a step can make nothing of a row: a function of it threw, or gave what it must not. Thrown, and never shown. */
export class StepFailure {
  /** Where the function stands: `.filter(…)`, `.aggregate({ weight: … })`. */
  readonly step: string
  readonly #call: StepCall | null
  /** The name of the error that was thrown, or what was given: `a Promise`. */
  readonly error: string
  /** What the function did, in words and without values: `threw TypeError at lib.ts:3:7`. */
  readonly did: string
  /** What to do about it, as a sentence. */
  readonly advice: string
  readonly #cause: { thrown: unknown } | null

  private constructor(
    parts: Pick<StepFailure, 'step' | 'error' | 'did' | 'advice'>,
    call: StepCall | null,
    cause: { thrown: unknown } | null,
  ) {
    this.step = parts.step
    this.error = parts.error
    this.did = parts.did
    this.advice = parts.advice
    this.#call = call
    this.#cause = cause
  }

  /** A function of `step` threw. */
  static threw(step: string, call: StepCall, thrown: unknown): StepFailure {
    const error = thrown instanceof Error ? thrown.name : typeof thrown
    const place = placeOf(thrown)
    const did = `threw ${error}${place === null ? '' : ` at ${place}`}`
    const advice = 'Make it take every row, null columns included.'
    return new StepFailure({ step, error, did, advice }, call, { thrown })
  }

  /** A function of `step` gave what it must not; `where` names the column, if it was for one. */
  static gave(step: string, call: StepCall | null, given: unknown, advice: string, where = ''): StepFailure {
    const error = kindOf(given)
    if (error !== 'a Promise') {
      return new StepFailure({ step, error, did: `gave ${error}${where}`, advice }, call, null)
    }
    const atOnce = 'A function of a pipeline gives its result at once: take async and await out of it.'
    return new StepFailure({ step, error, did: `gave ${error}${where}`, advice: atOnce }, call, null)
  }

  /** A step refused a row for a reason that has an error of its own. */
  static refused(step: string, cause: ObslabError): StepFailure {
    const parts = { step, error: cause.code, did: 'was refused', advice: cause.message }
    return new StepFailure(parts, null, { thrown: cause })
  }

  /** The function as written, on one line and cut where it is long; null when no function of the user's is to blame. */
  get expression(): string | null {
    return this.#call === null ? null : expressionOf(this.#call)
  }

  /**
   * The error that says so: `pipeline-failed`, which tells where and repeats no message. An error of obslab's own is
   * given as it is.
   */
  toError(pipeline: string, position: RecordPosition | null): ObslabError {
    const cause = this.#cause?.thrown
    if (cause instanceof ObslabError) return cause
    const message = `A function of ${this.step} in the pipeline ${pipeline} ${this.did}. ${this.advice}`
    return new ObslabError('pipeline-failed', message, {
      ...(position && { position }),
      ...(this.#cause !== null && { cause: new Thrown(cause) }),
    })
  }
}

/** A function as written, on one line and cut where it is long. */
export function expressionOf(call: StepCall): string {
  const text = Function.prototype.toString.call(call).replaceAll(/\s+/g, ' ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (isPromise(value)) return 'a Promise'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Whether a function is asynchronous, by what it gave. */
export function isPromise(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

const ownFolders = ['src', 'dist'].map(name => fileURLToPath(new URL(`../../${name}/`, import.meta.url)))

/** The file, line and column of the innermost call that is the user's, relative to the working folder; null without one. */
function placeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const { stack = '', message } = error
  for (const line of stack.slice(stack.lastIndexOf(message) + message.length).split('\n')) {
    const [, at = '', lineAndColumn] = /^ +at (?:.* \()?(?:async )?(.+?)(:\d+:\d+)\)?$/.exec(line) ?? []
    const file = at.startsWith('file:') ? fileURLToPath(at) : at
    const own = ownFolders.find(folder => file.startsWith(folder))
    if (own !== undefined && file.startsWith('pipeline', own.length)) return null
    if (own === undefined && /^(\/|[A-Za-z]:\\)/.test(file))
      return `${relative('', file) || file}${lineAndColumn}`
  }
  return null
}
