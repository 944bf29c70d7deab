import type { Row, Value } from '../change/column-type.js'
import { compareValues } from '../change/row-key.js'
import { OrderedMultiset } from './ordered-multiset.js'
import { compareIdentities, type IdentifiedRow, type RowIdentity } from './row-identity.js'

/** One group's memory of one aggregate. Every row added may be removed again; the value never depends on the order. */
export interface AggregateState {
  add(added: IdentifiedRow): void
  /** `removed` is equal to a row that was added before. */
  remove(removed: IdentifiedRow): void
  value(): Value
}

/** How one output column follows from the rows of a group. */
export interface Aggregate<R = Row, V extends Value = Value> {
  kind: 'count' | 'first' | 'last'
  /** Only a type: the rows it takes, which is what gives `row => …` its type inside `aggregate`. */
  readonly input?: (row: R) => void
  /** Every function of the user's it calls with a row. */
  functions: readonly ((row: Row) => unknown)[]
  create(): AggregateState
  /** The same from all the rows of a group at once: the plain form that {@link AggregateState} is checked against. */
  over(rows: readonly IdentifiedRow[]): V
}

/** Which rows of the group an aggregate takes. */
export interface CountOptions<R> {
  /** Only rows this is true for. All when left out. */
  where?: (row: R) => boolean
}

/** Which rows of the group an aggregate takes, and their order. */
export interface OrderOptions<R> extends CountOptions<R> {
  /**
   * What the rows are ordered by. Nulls come first; rows with the same value are ordered by their whole key, so the
   * result never depends on which arrived first.
   */
  by: (row: R) => Value
}

/** The number of rows in the group, 0 when `where` leaves none. */
export function count<R = Row>(options: CountOptions<R> = {}): Aggregate<R, number> {
  const where = options.where as RowTest | undefined
  const takes: RowTest = where ?? (() => true)
  return {
    kind: 'count',
    functions: where === undefined ? [] : [where],
    create: () => {
      let rows = 0
      return {
        add: ({ row }) => {
          if (takes(row)) rows++
        },
        remove: ({ row }) => {
          if (takes(row)) rows--
        },
        value: () => rows,
      }
    },
    over: rows => rows.filter(({ row }) => takes(row)).length,
  }
}

/**
 * The value of the last row of the group in the order of `by`, null when `where` leaves no row. A null value is a value:
 * when the last row's is null, so is the result.
 */
export function last<R = Row, V extends Value = Value>(
  value: (row: R) => V,
  options: OrderOptions<R>,
): Aggregate<R, V | null> {
  return ordered('last', value, options)
}

/** The value of the first row of the group in the order of `by`, null when `where` leaves no row. */
export function first<R = Row, V extends Value = Value>(
  value: (row: R) => V,
  options: OrderOptions<R>,
): Aggregate<R, V | null> {
  return ordered('first', value, options)
}

type RowTest = (row: Row) => boolean

interface Entry {
  by: Value
  id: RowIdentity
  row: Row
}

function compareEntries(a: Entry, b: Entry): number {
  return compareValues(a.by, b.by) || compareIdentities(a.id, b.id)
}

function ordered<R, V extends Value>(
  kind: 'first' | 'last',
  read: (row: R) => V,
  options: OrderOptions<R>,
): Aggregate<R, V | null> {
  const value = read as (row: Row) => V
  const by = options.by as (row: Row) => Value
  const where = options.where as RowTest | undefined
  const takes = (row: Row): boolean => where === undefined || where(row)
  const entry = ({ row, id }: IdentifiedRow): Entry => ({ by: by(row) ?? null, id, row })
  return {
    kind,
    functions: where === undefined ? [value, by] : [value, by, where],
    create: () => {
      const entries = new OrderedMultiset<Entry>(compareEntries)
      return {
        add: added => {
          if (takes(added.row)) entries.add(entry(added))
        },
        remove: removed => {
          if (takes(removed.row)) entries.remove(entry(removed))
        },
        value: () => {
          const end = kind === 'first' ? entries.first() : entries.last()
          return end === undefined ? null : (value(end.row) ?? null)
        },
      }
    },
    over: rows => {
      const taken = rows.filter(({ row }) => takes(row)).map(entry)
      const end = taken.sort(compareEntries).at(kind === 'first' ? 0 : -1)
      return end === undefined ? null : (value(end.row) ?? null)
    },
  }
}
