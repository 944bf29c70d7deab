import type { Row, Value } from '../change/column-type.js'
import { type Cell, type CellRow, isCell, isPlainObject, isValue } from './cell.js'
import { isPromise, type StepCall, StepFailure } from './step-failure.js'

const valueAdvice = 'A column holds a number, a bigint, text, a boolean, bytes or null: give one of these.'
const cellAdvice =
  'A column holds a number, a bigint, text, a boolean, bytes or null, or lists and objects of these: give one of them.'

/** `call` with what it throws as a {@link StepFailure} of `step`. */
export function called<P, T>(call: (row: P) => T, step: string): (row: P) => T {
  return row => {
    try {
      return call(row)
    } catch (cause) {
      throw StepFailure.threw(step, call, cause)
    }
  }
}

/** {@link called} for a function of two parameters. */
export function calledWithTwo<P, Q, T>(call: (a: P, b: Q) => T, step: string): (a: P, b: Q) => T {
  return (a, b) => {
    try {
      return call(a, b)
    } catch (cause) {
      throw StepFailure.threw(step, call, cause)
    }
  }
}

/** A test: what it gives counts by its truth, a Promise not. */
export function testCall(test: (row: CellRow) => boolean, step: string): (row: CellRow) => boolean {
  const run = called(test, step)
  return row => {
    const passes: unknown = run(row)
    if (passes === true || passes === false) return passes
    if (isPromise(passes)) throw StepFailure.gave(step, test, passes, '')
    return Boolean(passes)
  }
}

/** A function that gives one value of the column `column`. */
export function valueCall(
  call: (row: CellRow) => Value,
  step: string,
  column: string,
): (row: CellRow) => Value {
  const run = called(call, step)
  return row => {
    const value: unknown = run(row)
    if (value === undefined) return null
    if (isValue(value)) return value
    throw StepFailure.gave(step, call, value, valueAdvice, ` for ${column}`)
  }
}

/** A function that gives one cell of the column `column`. */
export function cellCall(call: (row: CellRow) => Cell, step: string, column: string): (row: CellRow) => Cell {
  const run = called(call, step)
  return row => requireCell(run(row), step, call, column)
}

/** What a function gave for a column, undefined as null. */
export function requireCell(given: unknown, step: string, call: StepCall, column: string): Cell {
  if (given === undefined) return null
  if (isCell(given)) return given
  throw StepFailure.gave(step, call, given, cellAdvice, ` for ${column}`)
}

/** What a function gave as a row: an object of cells, undefined ones as null. */
export function requireRow(given: unknown, step: string, call: StepCall): CellRow {
  if (typeof given !== 'object' || given === null || !isRowLike(given)) {
    throw StepFailure.gave(
      step,
      call,
      given,
      'Give an object of columns: row => ({ person_id: row.person_id }).',
    )
  }
  const row = given as Record<string, unknown>
  let complete = true
  for (const column in row) {
    const cell = row[column]
    if (cell === undefined) complete = false
    else if (!isCell(cell)) throw StepFailure.gave(step, call, cell, cellAdvice, ` for ${column}`)
  }
  return complete ? (row as CellRow) : withNulls(row)
}

/** What a function gave as a key: an object of values, undefined ones as null. */
export function requireKey(given: unknown, step: string, call: StepCall): Row {
  if (typeof given !== 'object' || given === null || !isRowLike(given)) {
    const advice = 'Name the columns of the key: .groupBy(row => ({ person_id: row.person_id })).'
    throw StepFailure.gave(step, call, given, advice)
  }
  const key = given as Record<string, unknown>
  let complete = true
  for (const column in key) {
    const value = key[column]
    if (value === undefined) complete = false
    else if (!isValue(value)) throw StepFailure.gave(step, call, value, valueAdvice, ` for ${column}`)
  }
  return complete ? (key as Row) : (withNulls(key) as Row)
}

/** A row of a topic is one too, whatever its prototype. */
function isRowLike(given: object): boolean {
  return (
    isPlainObject(given) || !(Array.isArray(given) || given instanceof Date || Symbol.toStringTag in given)
  )
}

function withNulls(row: Record<string, unknown>): CellRow {
  return Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, cell ?? null])) as CellRow
}
