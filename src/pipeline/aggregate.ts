import type { Row, Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'
import type { Cell, CellRow } from './cell.js'

/** How an output column follows from the rows of a group. */
export type AggregateKind =
  | 'count'
  | 'countDistinct'
  | 'sum'
  | 'mean'
  | 'min'
  | 'max'
  | 'first'
  | 'last'
  | 'collect'

/** One output column of `aggregate`, as data: what {@link count}, {@link last} and their like make. */
export interface Aggregate<R = Row, V = Cell> {
  kind: AggregateKind
  /** Only types: the rows it takes, which is what gives `row => …` its type inside `aggregate`, and what it gives. */
  readonly input?: (row: R) => V
  /** What it reads of a row; null for the count of rows. */
  value: ((row: CellRow) => Cell) | null
  /** The rows it takes; null for all. */
  where: ((row: CellRow) => boolean) | null
  /** What the rows are ordered by; null where their order does not matter. */
  by: ((row: CellRow) => Value) | null
}

/** Which rows of the group an aggregate takes. */
export interface WhereOptions<R> {
  /** Only rows this is true for. All when left out. */
  where?: (row: R) => boolean
}

/** Which rows of the group an aggregate takes, and their order. */
export interface OrderOptions<R> extends WhereOptions<R> {
  /**
   * What the rows are ordered by. Nulls come first; rows with the same value are ordered by their whole key, so the
   * result never depends on which arrived first.
   */
  by: (row: R) => Value
}

/**
 * The number of rows in the group, 0 when `where` leaves none; with a function, the number of rows that it gives
 * something else than null for, as SQL counts a column.
 */
export function count<R = Row>(options?: WhereOptions<R>): Aggregate<R, number>
export function count<R = Row>(value: (row: R) => Value, options?: WhereOptions<R>): Aggregate<R, number>
export function count<R = Row>(
  value: ((row: R) => Value) | WhereOptions<R> = {},
  options: WhereOptions<R> = {},
): Aggregate<R, number> {
  return typeof value === 'function' ? made('count', value, options) : made('count', null, value)
}

/** The number of different values, nulls left out. 1 and 1n are one value, 1 and '1' are two. */
export function countDistinct<R = Row>(
  value: (row: R) => Value,
  options: WhereOptions<R> = {},
): Aggregate<R, number> {
  return made('countDistinct', value, options)
}

/** What can be summed: numbers, bigints, and decimals as text. */
export type Summable = number | bigint | string | null

/** What a sum of `V` is: of its kind, or null. */
export type Sum<V> =
  | (V extends number ? number : never)
  | (V extends bigint ? bigint : never)
  | (V extends string ? string : never)
  | null

/**
 * The sum of the values, nulls left out; null when there is none, as in SQL. It has the kind of the values: numbers are
 * summed exactly and rounded once, so the order of the rows does not matter; bigints and decimals (as text, with the
 * longest scale among them) are exact.
 */
export function sum<R = Row, V extends Summable = Summable>(
  value: (row: R) => V,
  options: WhereOptions<R> = {},
): Aggregate<R, Sum<V>> {
  return made('sum', value, options)
}

/** The mean of the values as a number, nulls left out; null when there is none. Summed exactly and rounded once. */
export function mean<R = Row>(
  value: (row: R) => Summable,
  options: WhereOptions<R> = {},
): Aggregate<R, number | null> {
  return made('mean', value, options)
}

/** The least value, nulls left out; null when there is none. Text, decimals too, is compared by code point. */
export function min<R = Row, V extends Value = Value>(
  value: (row: R) => V,
  options: WhereOptions<R> = {},
): Aggregate<R, V | null> {
  return made('min', value, options)
}

/** The greatest value, nulls left out; null when there is none. Text, decimals too, is compared by code point. */
export function max<R = Row, V extends Value = Value>(
  value: (row: R) => V,
  options: WhereOptions<R> = {},
): Aggregate<R, V | null> {
  return made('max', value, options)
}

/** The value of the first row of the group in the order of `by`, null when `where` leaves no row. */
export function first<R = Row, V extends Value = Value>(
  value: (row: R) => V,
  options: OrderOptions<R>,
): Aggregate<R, V | null> {
  return made('first', value, options ?? {})
}

/**
 * The value of the last row of the group in the order of `by`, null when `where` leaves no row. A null value is a value:
 * when the last row's is null, so is the result.
 */
export function last<R = Row, V extends Value = Value>(
  value: (row: R) => V,
  options: OrderOptions<R>,
): Aggregate<R, V | null> {
  return made('last', value, options ?? {})
}

/**
 * The values of all rows of the group in the order of `by`, nulls included; an empty list when `where` leaves no row. A
 * value may be an object of columns: `collect(obs => ({ concept: obs.concept_id, value: obs.value_numeric }), …)`.
 */
export function collect<R = Row, V extends Value | object = Cell & object>(
  value: (row: R) => V,
  options: OrderOptions<R>,
): Aggregate<R, V[]> {
  return made('collect', value, options ?? {})
}

function made<R, V>(
  kind: AggregateKind,
  value: ((row: R) => unknown) | null,
  { where, by }: WhereOptions<R> & Partial<OrderOptions<R>>,
): Aggregate<R, V> {
  requireFunctions(kind, { value, where, by })
  return {
    kind,
    value: value as Aggregate['value'],
    where: (where ?? null) as Aggregate['where'],
    by: (by ?? null) as Aggregate['by'],
  }
}

/** Types are stripped: what is no function, or not there where it is needed, is refused where it is written. */
function requireFunctions(kind: AggregateKind, functions: Record<'value' | 'where' | 'by', unknown>): void {
  for (const [name, given] of Object.entries(functions)) {
    if (given === undefined || typeof given === 'function' || (kind === 'count' && given === null)) continue
    throw new ObslabError(
      'option-invalid',
      `Expected a function as ${name} of ${kind}(…), found ${foundText(given)}.`,
    )
  }
  if ((kind === 'first' || kind === 'last' || kind === 'collect') && functions.by === undefined) {
    throw new ObslabError(
      'option-invalid',
      `${kind}(…) needs an order, or its result would depend on which row arrived first: ` +
        `${kind}(row => row.value_numeric, { by: row => row.obs_datetime }).`,
    )
  }
}
