import type { ColumnKind, Value } from '../change/column-type.js'
import { decimalText } from '../change/decimal.js'
import { ObslabError } from '../errors.js'
import { divideExactly, ExactSum } from '../exact-sum.js'
import type { Column } from './column.js'
import { columnOf } from './column-builder.js'
import { comparatorOf, parseDecimal } from './compare.js'
import { type Encoded, encodeColumn } from './encode.js'

/** What `aggregate` computes for each group: made by {@link count}, {@link sum} and their like. */
export interface Aggregate<V extends Value = Value> {
  readonly verb: 'count' | 'countDistinct' | 'sum' | 'mean' | 'min' | 'max'
  /** The column it reads; null for the count of rows. */
  readonly column: string | null
  /** Only a type: what it results in. */
  readonly result?: V
}

/** The number of rows, or with a column the number of rows where it is not null. */
export function count(column?: string): Aggregate<number> {
  return { verb: 'count', column: column ?? null }
}

/** The number of distinct values; null is none. */
export function countDistinct(column: string): Aggregate<number> {
  return { verb: 'countDistinct', column }
}

/**
 * The sum of the values that are not null; null when there are none. Exact and of the column's kind: doubles are
 * rounded once, at the end, so their order does not matter. Booleans count as 0 and 1.
 */
export function sum(column: string): Aggregate {
  return { verb: 'sum', column }
}

/** The mean of the values that are not null as a double, rounded once; null when there are none. */
export function mean(column: string): Aggregate<number | null> {
  return { verb: 'mean', column }
}

/** The smallest value, null when all are. Any kind of column has one. */
export function min(column: string): Aggregate {
  return { verb: 'min', column }
}

/** The largest value, null when all are. Any kind of column has one. */
export function max(column: string): Aggregate {
  return { verb: 'max', column }
}

/** The columns that the aggregates `A` result in. */
export type Aggregated<A> = { readonly [K in keyof A]: A[K] extends Aggregate<infer V> ? V : never }

/** The rows of each group: row i belongs to group ids[i]. */
export interface Groups {
  ids: Int32Array
  count: number
}

/**
 * One row a group, as a column named `name`. `column` is the aggregate's column, null where it reads none. The result
 * is sensitive when the column is, counts aside.
 */
export function aggregateGroups(
  name: string,
  aggregate: Aggregate,
  column: Column | null,
  groups: Groups,
): Column {
  if (column === null) return columnOf(name, countRows(groups), { kind: 'int' })
  const { sensitive } = column
  switch (aggregate.verb) {
    case 'count':
      return columnOf(name, countValues(column, groups), { kind: 'int' })
    case 'countDistinct':
      return columnOf(name, countDistinctValues(column, groups), { kind: 'int' })
    case 'sum': {
      const kind = column.kind === 'boolean' ? 'int' : column.kind
      return columnOf(name, total(column, groups, 'sum'), { kind, sensitive })
    }
    case 'mean':
      return columnOf(name, total(column, groups, 'mean'), { kind: 'double', sensitive })
    case 'min':
    case 'max':
      return column.take(extremes(column, groups, aggregate.verb)).rename(name)
  }
}

function countRows(groups: Groups): Int32Array {
  const counts = new Int32Array(groups.count)
  for (const id of groups.ids) counts[id]!++
  return counts
}

function countValues(column: Column, { ids, count }: Groups): Int32Array {
  const counts = new Int32Array(count)
  const nullable = column.nullCount > 0
  for (let i = 0; i < ids.length; i++) if (!nullable || !column.isNull(i)) counts[ids[i]!]!++
  return counts
}

function countDistinctValues(column: Column, { ids, count }: Groups): Int32Array {
  const { codes, first }: Encoded = encodeColumn(column)
  const counts = new Int32Array(count)
  const seen = new Set<number>()
  for (let i = 0; i < ids.length; i++) {
    const pair = ids[i]! * first.length + codes[i]!
    if (seen.has(pair)) continue
    seen.add(pair)
    if (!column.isNull(i)) counts[ids[i]!]!++
  }
  return counts
}

/** The row of the smallest or largest value of each group, −1 where all are null. */
function extremes(column: Column, { ids, count }: Groups, verb: 'min' | 'max'): Int32Array {
  const compare = comparatorOf(column.kind)
  const sign = verb === 'min' ? 1 : -1
  const rows = new Int32Array(count).fill(-1)
  const best: Value[] = new Array(count).fill(null)
  for (let i = 0; i < ids.length; i++) {
    const value = column.at(i)
    if (value === null) continue
    const id = ids[i]!
    const held = best[id]!
    if (held === null || sign * compare(value, held) < 0) {
      best[id] = value
      rows[id] = i
    }
  }
  return rows
}

function total(column: Column, groups: Groups, verb: 'sum' | 'mean'): Value[] {
  switch (column.kind) {
    case 'int':
    case 'double':
    case 'boolean':
      return totalNumbers(column, groups, verb)
    case 'bigint':
      return totalBigints(column, groups, verb)
    case 'decimal':
      return totalDecimals(column, groups, verb)
    default:
      throw noNumbers(verb, column.name, column.kind)
  }
}

function totalNumbers(column: Column, { ids, count }: Groups, verb: 'sum' | 'mean'): Value[] {
  const sums: (ExactSum | null)[] = new Array(count).fill(null)
  const counts = new Int32Array(count)
  for (let i = 0; i < ids.length; i++) {
    const value = column.at(i)
    if (value === null) continue
    const id = ids[i]!
    let sum = sums[id]!
    if (sum === null) {
      sum = new ExactSum()
      sums[id] = sum
    }
    sum.add(Number(value))
    counts[id]!++
  }
  return sums.map((sum, id) => {
    if (sum === null) return null
    if (verb === 'mean') return sum.mean(counts[id]!)
    const result = sum.value()
    if (column.kind === 'int' && !Number.isSafeInteger(result)) {
      throw new ObslabError(
        'frame-invalid',
        `The sum of '${column.name}' is beyond 2^53: derive a bigint column and sum that.`,
      )
    }
    return result
  })
}

function totalBigints(column: Column, groups: Groups, verb: 'sum' | 'mean'): Value[] {
  const { sums, counts } = sumIntegers(groups, i => column.at(i) as bigint | null)
  return sums.map((sum, id) =>
    sum === null || verb === 'sum' ? sum : divideExactly(sum, BigInt(counts[id]!)),
  )
}

function totalDecimals(column: Column, groups: Groups, verb: 'sum' | 'mean'): Value[] {
  const parsed = Array.from(column, value => {
    if (value === null) return null
    const decimal = parseDecimal(value as string)
    if (decimal !== null) return decimal
    throw new ObslabError('frame-invalid', `Column '${column.name}' holds text that is no decimal number.`)
  })
  const scale = parsed.reduce((widest, decimal) => Math.max(widest, decimal?.scale ?? 0), 0)
  const { sums, counts } = sumIntegers(groups, i => {
    const decimal = parsed[i]!
    return decimal === null ? null : decimal.digits * 10n ** BigInt(scale - decimal.scale)
  })
  return sums.map((sum, id) => {
    if (sum === null) return null
    return verb === 'sum'
      ? decimalText(sum, scale)
      : divideExactly(sum, BigInt(counts[id]!) * 10n ** BigInt(scale))
  })
}

function sumIntegers(
  { ids, count }: Groups,
  valueAt: (i: number) => bigint | null,
): { sums: (bigint | null)[]; counts: Int32Array } {
  const sums: (bigint | null)[] = new Array(count).fill(null)
  const counts = new Int32Array(count)
  for (let i = 0; i < ids.length; i++) {
    const value = valueAt(i)
    if (value === null) continue
    const id = ids[i]!
    sums[id] = (sums[id] ?? 0n) + value
    counts[id]!++
  }
  return { sums, counts }
}

function noNumbers(verb: string, name: string, kind: ColumnKind): ObslabError {
  return new ObslabError(
    'frame-invalid',
    `Cannot take the ${verb} of '${name}': it is ${kind}, not a number.`,
  )
}
