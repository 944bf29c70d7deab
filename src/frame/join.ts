import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'
import { type Column, takeColumns } from './column.js'
import { comparable, type Identity, identityOf } from './compare.js'
import { combine, type Encoded } from './encode.js'
import { columnNamed } from './names.js'

/**
 * How two frames are joined: `R` and `O` are their rows, `On` the names of `on`, `How` and `S` the types of `how` and
 * `suffix`.
 */
export interface JoinOptions<R, O, On extends string, How extends 'inner' | 'left', S extends string> {
  /** The columns that must be equal: names both frames have, or left names with the right names they equal. */
  on: readonly On[] | { readonly [K in keyof R & string]?: keyof O & string }
  /** `inner` keeps the left rows that have a match, `left` keeps them all. Default `inner`. */
  how?: How
  /** What is appended to the names of right columns that the left frame has too. Needed only if there are some. */
  suffix?: S
}

/** The rows of a join: those of the left frame and, beside them, the right columns except the shared keys. */
export type Joined<R, O, On extends string, How extends 'inner' | 'left', S extends string> = R & {
  readonly [K in Exclude<keyof O & string, On> as K extends keyof R ? `${K}${S}` : K]: How extends 'left'
    ? O[K] | null
    : O[K]
}

/** The columns of a join, as {@link JoinOptions} says. */
export function joinColumns(
  left: readonly Column[],
  right: readonly Column[],
  options: {
    on: readonly string[] | Readonly<Record<string, string>>
    how: 'inner' | 'left'
    suffix: string
  },
): Column[] {
  if (!Array.isArray(right))
    throw expected('another frame to join, as in frame.join(other, { on: [...] })', right)
  if (typeof options.on !== 'object' || options.on === null)
    throw expected(
      "the columns to join on in `on`, as in frame.join(other, { on: ['person_id'] })",
      options.on,
    )
  const names: [string, string][] = Array.isArray(options.on)
    ? options.on.map(name => [name, name])
    : Object.entries(options.on)
  if (names.length === 0) {
    throw new ObslabError('frame-invalid', 'A join needs the columns to join on: give at least one in `on`.')
  }
  const pairs = names.map(([l, r]) => ({ left: columnNamed(left, l), right: columnNamed(right, r) }))
  const rows = joinRows(pairs, options.how)
  const sharedKeys = new Set(pairs.filter(pair => pair.left.name === pair.right.name).map(pair => pair.right))
  const sensitiveKeys = new Set(pairs.filter(pair => pair.right.sensitive).map(pair => pair.left))
  const leftColumns = left.map(column => column.withSensitive(column.sensitive || sensitiveKeys.has(column)))
  const kept = right.filter(column => !sharedKeys.has(column))
  return [
    ...takeColumns(leftColumns, rows.left),
    ...renamed(takeColumns(kept, rows.right), left, options.suffix),
  ]
}

function expected(what: string, found: unknown): ObslabError {
  return new ObslabError('option-invalid', `Expected ${what}, found ${foundText(found)}.`)
}

function renamed(right: readonly Column[], left: readonly Column[], suffix: string): Column[] {
  const taken = new Set(left.map(column => column.name))
  const colliding = right.filter(column => taken.has(column.name))
  if (colliding.length > 0 && suffix === '') {
    throw new ObslabError(
      'frame-invalid',
      `Both frames have ${colliding.map(column => `'${column.name}'`).join(', ')}: give a \`suffix\` for the ` +
        'names of the right one, or select fewer columns.',
    )
  }
  return right.map(column => (taken.has(column.name) ? column.rename(column.name + suffix) : column))
}

/** The columns of both frames that a join compares. */
export interface JoinPair {
  left: Column
  right: Column
}

/** Rows of both frames side by side; −1 on the right where a left join found none. */
export interface JoinedRows {
  left: Int32Array
  right: Int32Array
}

/**
 * The pairs of rows whose key columns are all equal, in the order of the left rows and, for each, of the right
 * ones. Null equals nothing, null included. A left join keeps every left row.
 */
export function joinRows(pairs: readonly JoinPair[], how: 'inner' | 'left'): JoinedRows {
  for (const { left, right } of pairs) checkComparable(left, right)
  const [head, ...rest] = pairs
  const leftLength = head!.left.length
  const both = rest.reduce((sofar, pair) => combine(sofar, encodePair(pair)), encodePair(head!))
  const leftMatchable = notNull(pairs.map(pair => pair.left))
  const rightMatchable = notNull(pairs.map(pair => pair.right))
  const index = indexRows(both, leftLength, rightMatchable)

  const left: number[] = []
  const right: number[] = []
  for (let i = 0; i < leftLength; i++) {
    const code = both.codes[i]!
    const end = leftMatchable(i) ? index.ends[code]! : 0
    const start = leftMatchable(i) ? index.starts[code]! : 0
    for (let at = start; at < end; at++) {
      left.push(i)
      right.push(index.rows[at]!)
    }
    if (start === end && how === 'left') {
      left.push(i)
      right.push(-1)
    }
  }
  return { left: Int32Array.from(left), right: Int32Array.from(right) }
}

function checkComparable(left: Column, right: Column): void {
  if (comparable(left.kind, right.kind)) return
  throw new ObslabError(
    'frame-invalid',
    `Cannot join '${left.name}' (${left.kind}) to '${right.name}' (${right.kind}): their values are never the ` +
      'same. Derive a column of the other kind first.',
  )
}

/** Codes of the left rows followed by those of the right rows. */
function encodePair({ left, right }: JoinPair): Encoded {
  const codeOf = new Map<Identity | null, number>()
  const codes = new Int32Array(left.length + right.length)
  const first: number[] = []
  let at = 0
  for (const column of [left, right]) {
    for (let i = 0; i < column.length; i++, at++) {
      const value = column.at(i)
      const identity = value === null ? null : identityOf(column.kind, value)
      let code = codeOf.get(identity)
      if (code === undefined) {
        code = codeOf.size
        codeOf.set(identity, code)
        first.push(at)
      }
      codes[at] = code
    }
  }
  return { codes, first: Int32Array.from(first) }
}

function notNull(columns: readonly Column[]): (i: number) => boolean {
  const nullable = columns.filter(column => column.nullCount > 0)
  return i => nullable.every(column => !column.isNull(i))
}

/** The right rows by code: those of code c are rows[starts[c]] to rows[ends[c]]. */
function indexRows(
  both: Encoded,
  leftLength: number,
  matchable: (i: number) => boolean,
): { starts: Int32Array; ends: Int32Array; rows: Int32Array } {
  const rightLength = both.codes.length - leftLength
  const starts = new Int32Array(both.first.length)
  for (let i = 0; i < rightLength; i++) if (matchable(i)) starts[both.codes[leftLength + i]!]!++
  let total = 0
  for (let code = 0; code < starts.length; code++) {
    const count = starts[code]!
    starts[code] = total
    total += count
  }
  const ends = starts.slice()
  const rows = new Int32Array(total)
  for (let i = 0; i < rightLength; i++) {
    if (matchable(i)) rows[ends[both.codes[leftLength + i]!]!++] = i
  }
  return { starts, ends, rows }
}
