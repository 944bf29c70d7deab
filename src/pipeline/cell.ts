import type { Value } from '../change/column-type.js'
import { compareValues } from '../change/row-key.js'

/**
 * What a column of a pipeline's row holds: a value of a table's column, or, where it was collected, a list of such
 * values or of flat objects of them.
 */
export type Cell = Value | readonly Cell[] | { readonly [name: string]: Cell }

/** A row on its way through a pipeline: column name to cell, in declared order. */
export type CellRow = Readonly<Record<string, Cell>>

/** Whether a value of a function is one that a table's column can hold. */
export function isValue(value: unknown): value is Value {
  switch (typeof value) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'bigint':
      return true
    case 'object':
      return value === null || value instanceof Uint8Array
    default:
      return false
  }
}

/** Whether a value of a function is a cell: a column's value, or a list or a plain object of cells. */
export function isCell(value: unknown): value is Cell {
  if (isValue(value)) return true
  if (Array.isArray(value)) return value.every(isCell)
  if (!isPlainObject(value)) return false
  for (const name in value) if (value[name] !== undefined && !isCell(value[name])) return false
  return true
}

/** Whether something is an object as a literal makes it, and not a Date, a Map or a Promise. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Whether two cells hold the same, lists and objects part by part. */
export function sameCell(a: Cell, b: Cell): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((one, i) => sameCell(one, b[i]!))
    )
  }
  const [names, others] = [Object.keys(a), Object.keys(b)]
  return (
    names.length === others.length && names.every((name, i) => name === others[i] && sameNamed(a, b, name))
  )
}

function sameNamed(a: CellRow | Cell, b: CellRow | Cell, name: string): boolean {
  return sameCell((a as CellRow)[name] ?? null, (b as CellRow)[name] ?? null)
}

/**
 * Total order of any two values: nulls first, then numbers and bigints by size, text by code point, false before true,
 * and bytes.
 */
export function compareAny(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number' && a !== b) {
    if (a < b) return -1
    if (a > b) return 1
  }
  const [rankA, rankB] = [rank(a), rank(b)]
  return rankA === rankB ? compareValues(a, b) : rankA - rankB
}

/** {@link compareAny} that tells 1 from 1n too: the number comes first. */
export function compareExactly(a: Value, b: Value): number {
  return compareAny(a, b) || Number(typeof a === 'bigint') - Number(typeof b === 'bigint')
}

function rank(value: Value): number {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return 1
    case 'string':
      return 2
    case 'boolean':
      return 3
    default:
      return value === null ? 0 : 4
  }
}
