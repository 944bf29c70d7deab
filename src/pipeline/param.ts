import type { Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'

/** What a param may hold: a value that a plan can name and a run can be given. */
export type ParamValue = Exclude<Value, Uint8Array>

/** A value that a pipeline's functions read and a run may replace: what {@link param} makes. */
export class Param<V extends ParamValue = ParamValue> {
  /** What runs name it by. */
  readonly name: string
  /** Its value where a run names no other. */
  readonly default: V

  constructor(name: string, value: V) {
    this.name = name
    this.default = value
  }

  /** The value in the run that is going on: the one the run was given, else the default. */
  get value(): V {
    return given === null || !given.has(this.name) ? this.default : (given.get(this.name) as V)
  }
}

/**
 * Declares a value that the functions of a pipeline read by `.value` and that a run may replace by name:
 * `const limit = param('limit', 200)`, `.filter(o => o.value_numeric < limit.value)`. The name consists of letters,
 * digits and `_`; the default is a number, a bigint, text, a boolean or null, and a run's value is of the same type.
 * Anything else is an `option-invalid` error.
 */
export function param<const V extends ParamValue>(name: string, value: V): Param<Widened<V>> {
  if (typeof name !== 'string' || !/^[A-Za-z_]\w{0,99}$/.test(name)) {
    throw new ObslabError(
      'option-invalid',
      `A param's name is a letter or '_' and then letters, digits or '_', found ${foundText(name)}.`,
    )
  }
  requireValue(name, value)
  return new Param<Widened<V>>(name, value as unknown as Widened<V>)
}

/** `5` as number, so that another number fits. */
export type Widened<V> = V extends number
  ? number
  : V extends string
    ? string
    : V extends bigint
      ? bigint
      : V extends boolean
        ? boolean
        : V

/** What a run gives params, by name. */
export type ParamValues = Readonly<Record<string, ParamValue>>

/** The value of each param in a run, by name: what {@link bindParams} gives. */
export type BoundParams = ReadonlyMap<string, ParamValue>

let given: BoundParams | null = null

/**
 * The values of a run's params: those of `values`, the defaults for the rest. A name that no param of `params` has, two
 * params of one name with different defaults, and a value of another type than the default are `option-invalid` errors.
 */
export function bindParams(params: readonly Param[], values: ParamValues = {}): BoundParams {
  const bound = new Map<string, ParamValue>()
  for (const { name, default: value } of params) {
    if (bound.has(name) && !Object.is(bound.get(name), value)) {
      throw new ObslabError(
        'option-invalid',
        `Expected one default for each param, but two params named ${name} differ in theirs. Declare it once.`,
      )
    }
    bound.set(name, value)
  }
  for (const [name, value] of Object.entries(values)) {
    if (!bound.has(name)) {
      const names = bound.size === 0 ? 'The pipeline has none.' : `It has ${[...bound.keys()].join(', ')}.`
      throw new ObslabError('option-invalid', `There is no param ${name} in the pipeline. ${names}`)
    }
    requireValue(name, value)
    const usual = bound.get(name)
    if (usual !== null && value !== null && typeof usual !== typeof value) {
      throw new ObslabError(
        'option-invalid',
        `Param ${name}: expected a ${typeof usual} as its default is, found ${foundText(value)}.`,
      )
    }
    bound.set(name, value)
  }
  return bound
}

/**
 * The values that texts stand for, each read as its param's default is: a number, a bigint, `true` or `false`, text as it
 * is. Of a param whose default is null, a number, `true`, `false` and `null` are that and all else is text. A text that is
 * no such value is an `option-invalid` error, and so is a name that no param has.
 */
export function readParams(params: readonly Param[], texts: Readonly<Record<string, string>>): ParamValues {
  const defaults = bindParams(params)
  const read = Object.entries(texts).map(([name, text]): [string, ParamValue] => {
    const usual = defaults.get(name)
    return [name, usual === undefined ? text : readParam(name, usual, text)]
  })
  const values = Object.fromEntries(read)
  bindParams(params, values)
  return values
}

function readParam(name: string, usual: ParamValue, text: string): ParamValue {
  if (typeof usual === 'string') return text
  if (typeof usual === 'bigint' && /^-?\d+$/.test(text)) return BigInt(text)
  const value = scalarOf(text)
  if (usual === null || typeof value === typeof usual) return value
  throw new ObslabError(
    'option-invalid',
    `Param ${name}: expected a ${typeof usual} as its default is, found ${foundText(text)}.`,
  )
}

function scalarOf(text: string): number | string | boolean | null {
  if (text === 'null') return null
  if (text === 'true' || text === 'false') return text === 'true'
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

/**
 * Calls `run`, which must not wait for anything, with these values of params in place; without, every param has its
 * default.
 */
export function withParams<T>(values: BoundParams | undefined, run: () => T): T {
  const before = given
  given = values ?? null
  try {
    return run()
  } finally {
    given = before
  }
}

function requireValue(name: string, value: unknown): void {
  if (value === null || ['number', 'bigint', 'string', 'boolean'].includes(typeof value)) return
  throw new ObslabError(
    'option-invalid',
    `Param ${name}: expected a number, a bigint, text, a boolean or null, found ${foundText(value)}.`,
  )
}
