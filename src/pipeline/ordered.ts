import type { Value } from '../change/column-type.js'
import { compareAny } from './cell.js'
import { OrderedMultiset } from './ordered-multiset.js'
import { compareIds, type RowId } from './row-identity.js'

/** What places a row among others: the value of `by`, and for rows of the same value which row it is. */
export interface Ordered {
  by: Value
  id: RowId
}

/** The order of rows by `by`, nulls first, and for rows of the same value by identity. */
export function compareOrdered(a: Ordered, b: Ordered): number {
  return compareAny(a.by, b.by) || compareIds(a.id, b.id)
}

/** No entry, one, or a multiset of more: most groups hold one of a kind, which then costs nothing besides. */
export type Few<E> = undefined | E | OrderedMultiset<E>

/** `few` with one entry more. */
export function withEntry<E extends object | Value>(few: Few<E>, entry: E, compare: Compare<E>): Few<E> {
  if (few === undefined) return entry
  if (few instanceof OrderedMultiset) {
    few.add(entry)
    return few
  }
  const multiset = new OrderedMultiset<E>(compare)
  multiset.add(few)
  multiset.add(entry)
  return multiset
}

/** `few` without one entry that is equal to `entry`. */
export function withoutEntry<E extends object | Value>(few: Few<E>, entry: E): Few<E> {
  if (!(few instanceof OrderedMultiset)) return undefined
  few.remove(entry)
  return few.size === 1 ? few.first() : few
}

/** The least entry, or undefined when there is none. */
export function firstOf<E extends object | Value>(few: Few<E>): E | undefined {
  return few instanceof OrderedMultiset ? few.first() : few
}

/** The greatest entry, or undefined when there is none. */
export function lastOf<E extends object | Value>(few: Few<E>): E | undefined {
  return few instanceof OrderedMultiset ? few.last() : few
}

/** All entries in order. */
export function allOf<E extends object | Value>(few: Few<E>): readonly E[] {
  if (few === undefined) return []
  return few instanceof OrderedMultiset ? few.toArray() : [few]
}

type Compare<E> = (a: E, b: E) => number
