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

/** Where a running pipeline is: its name, and the record whose change its functions see. */
export class RunningAt {
  readonly pipeline: string
  /** The record that is applied, or whose change is passed on. */
  record: RecordPosition | undefined

  constructor(pipeline: string) {
    this.pipeline = pipeline
  }

  /**
   * The `pipeline-failed` error for what a function of `step` threw: it tells where, and repeats no message. An error of
   * obslab's own is given as it is.
   */
  failure(cause: unknown, step: string): ObslabError {
    if (cause instanceof ObslabError) return cause
    const name = cause instanceof Error ? cause.name : typeof cause
    const place = placeOf(cause)
    return this.#failed(
      `A function of ${step} in the pipeline ${this.pipeline} threw ${name}${place === null ? '' : ` at ${place}`}. ` +
        'Make it take every row, null columns included.',
      cause,
    )
  }

  /** Refuses what is no value of a column, and does not show it. */
  requireValue(value: unknown, step: string, column: string): void {
    if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return
    if (value === null || value instanceof Uint8Array) return
    throw this.#failed(
      `A function of ${step} in the pipeline ${this.pipeline} gave ${kindOf(value)} for ${column}. A column holds a ` +
        'number, a bigint, text, a boolean, bytes or null: give one of these.',
    )
  }

  /** Refuses a key that is no object of columns. */
  requireKey(key: unknown): void {
    if (typeof key === 'object' && key !== null) return
    throw this.#failed(
      `The function of .groupBy(…) in the pipeline ${this.pipeline} gave ${kindOf(key)}. Name the columns of the key: ` +
        '.groupBy(row => ({ person_id: row.person_id })).',
    )
  }

  #failed(message: string, cause?: unknown): ObslabError {
    const { topic, partition, offset } = this.record ?? {}
    const position = topic === undefined ? undefined : { topic, partition: partition!, offset: offset! }
    return new ObslabError('pipeline-failed', message, {
      ...(position && { position }),
      ...(cause !== undefined && { cause: new Thrown(cause) }),
    })
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
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
