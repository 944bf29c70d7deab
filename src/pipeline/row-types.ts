import type { z } from 'zod'
import type { Value } from '../change/column-type.js'
import type { Aggregate } from './aggregate.js'

/** The same type with its columns written out, which is how a notebook shows it. */
export type Shown<T> = T extends infer U ? { [column in keyof U]: U[column] } : never

/** The output row of `aggregate`: the key's columns and one per aggregate. */
export type Aggregated<K, A> = Shown<
  { [column in keyof K]: K[column] } & {
    [column in keyof A]: A[column] extends Aggregate<never, infer V> ? V : never
  }
>

/** The output row of `pivot`: the key's columns and those looked for, null where there is none. */
export type Pivoted<K, C, V> = Shown<{ [column in keyof K]: K[column] } & { [column in keyof C]: V | null }>

/** What `derive` adds. */
export type DerivedColumns<D> = {
  [column in keyof D]: D[column] extends (row: never) => infer V ? V : never
}

/** The output row of `derive`. */
export type Derived<R, D> = keyof R & keyof D extends never
  ? R & Shown<DerivedColumns<D>>
  : Shown<Omit<R, keyof D> & DerivedColumns<D>>

/** What `window` adds to a row: milliseconds since the epoch. */
export interface WindowColumns {
  /** When the window begins; a time that is the beginning is in it. */
  window_start: number
  /** When it ends; a time that is the end is in the next. */
  window_end: number
}

/** The other row that `join` calls with: null where there is none, if `left` asks for that. */
export type Other<S, Kind> = Kind extends 'left' ? S | null : S

/** Which rows of a topic a pipeline reads. */
export interface FromOptions {
  /** Reads the rows too that the topic's definition counts as deleted, voided ones say. Default: false. */
  includeDeleted?: boolean
}

/** What two rows have in common for `join` to put them together. */
export interface JoinOptions<R, S, Kind extends 'inner' | 'left' = 'inner'> {
  /** The value of a row, or a list of such values. A null equals nothing. 1 and '1' are not equal. */
  on: (row: R) => Value | readonly Value[]
  /** The value of a row of the other, or as long a list. */
  to: (other: S) => Value | readonly Value[]
  /** `left` keeps rows without another one, joined to null. Default: `inner`, which leaves them out. */
  kind?: Kind
}

/** What `pivot` makes columns of. */
export interface PivotOptions<R, V> {
  /** What a column shows of the row it found. */
  value: (row: R) => V
  /** Of several rows for one column the last is taken in this order: nulls first, ties by the row's whole key. */
  by: (row: R) => Value
}

/** The order in which `latest` looks for the last row. */
export interface LatestOptions<R> {
  /** Nulls come first; rows with the same value are ordered by their whole key. */
  by: (row: R) => Value
}

/** What `fold` carries from row to row. */
export interface FoldOptions<R, State, Out> {
  /** The order of the rows of a key. Nulls come first; rows with the same value are ordered by their whole key. */
  by: (row: R) => Value
  /** The state before the first row. */
  start: State
  /** The state after a row. It must be new where it is different, and never changed in place. */
  step: (state: State, row: R) => State
  /** The output row for a row, with the state after it. */
  emit: (state: State, row: R) => Out
}

/** A length of time: milliseconds, or a number and its unit, `'15min'`, `'6h'`, `'1d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'min' | 'h' | 'd' | 'w'}`

/** The windows of `window`. */
export interface WindowOptions {
  /** How long each is. A day has 24 hours. */
  size: Duration
  /** When the first after the epoch begins, `'4d'` for weeks that begin on Mondays. Default 0. */
  offset?: Duration
}

/** Where a pipeline's rows go. */
export interface ToOptions<R, S = R> {
  /**
   * The columns that are the key of a record, in order. Needed after a join, a union and `flatMap`, whose rows have the
   * key of no topic. Of several rows with one key the one of the lowest identity is written, and a finding tells it.
   * Default: the key of the last step that groups, or of the topic.
   */
  key?: readonly (keyof R & string)[]
  /**
   * What a row is, for those who read the output: a zod object of its columns, `z.object({ id: z.int(), at: z.iso.date() })`.
   * Rows are written with its columns in its order; one that does not fit is set aside, with the columns and what was
   * expected of them. It checks and changes nothing: no defaults, transforms, coercions. Times and decimals say what they
   * are by `.meta({ mysqlType: 'DATETIME(6)' })`. A table needs it, and `obslab export` compares it with the one exported
   * before. Default: nothing is declared.
   */
  schema?: z.ZodType<S>
  /** Settings of the output topic besides its compaction, by Kafka's names: `{ 'retention.ms': '-1' }`. Default: none. */
  settings?: Readonly<Record<string, string>>
}
