import type { AnyNode } from 'acorn'
import { ResultAnalysis, type ResultColumns, resultsOf } from './result-columns.js'
import { type ColumnsRead, propertyName, RowUse } from './row-use.js'

export { columnsBehind, type ResultColumns, type RowsRead } from './result-columns.js'
export type { ColumnsRead } from './row-use.js'

type RowFunction = (...rows: never[]) => unknown

/**
 * The columns that `rowFunction` may read of the row in place `parameter`, from its source: `row.a`, `row?.a`,
 * `row['a']`, `({ a }) => …`, `const { a } = row` and `const r = row; r.a` are columns, and any other use of the row (a
 * call with it, a copy, a computed name) is `all`; so are `arguments`, `this` and `eval`, which may hold it too. Asking
 * whether there is a row, `other === null`, reads none. Never too few, but for a row that another function left in a
 * variable.
 */
export function columnsRead(rowFunction: RowFunction, parameter: number = 0): ColumnsRead {
  return RowUse.of(rowFunction)?.reads(parameter) ?? 'all'
}

/** The column that a function gives as it is, `row => row.a`, or null when it does anything else. */
export function columnGiven(rowFunction: RowFunction): string | null {
  const use = RowUse.of(rowFunction)
  const [result, ...others] = use === null ? [] : resultsOf(use)
  if (use === null || result === undefined || others.length > 0) return null
  const given = use.columnOf(result)
  return given?.parameter === 0 ? given.column : null
}

/**
 * The columns of which a function gives one as it is, `row => (row.a === null ? row.b : row.c)`, or null when it may do
 * anything else.
 */
export function columnsGivenEither(rowFunction: RowFunction): readonly string[] | null {
  const use = RowUse.of(rowFunction)
  if (use === null) return null
  const given = resultsOf(use)
    .flatMap(choices)
    .map(result => use.columnOf(result))
  return given.every(one => one?.parameter === 0) ? given.map(one => one!.column) : null
}

/** What `test ? a : b` may give: `a` and `b`. */
function choices(node: AnyNode): AnyNode[] {
  if (node.type === 'ParenthesizedExpression') return choices(node.expression)
  if (node.type !== 'ConditionalExpression') return [node]
  return [...choices(node.consequent), ...choices(node.alternate)]
}

/**
 * The columns that a function gives as they are, by property: `row => ({ x: row.a })` gives column `a` as `x`. Of the
 * row in place `parameter`.
 */
export function columnsGiven(rowFunction: RowFunction, parameter: number = 0): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  const use = RowUse.of(rowFunction)
  const [result, ...others] = use === null ? [] : resultsOf(use)
  if (use === null || result?.type !== 'ObjectExpression' || others.length > 0) return given
  for (const property of result.properties) {
    // A spread may replace what was named before it.
    if (property.type === 'SpreadElement') given.clear()
    if (property.type !== 'Property') continue
    const name = propertyName(property)
    if (name === null) continue
    given.delete(name)
    const column = use.columnOf(property.value)
    if (column?.parameter === parameter) given.set(name, column.column)
  }
  return given
}

/**
 * Of which columns of its rows the columns of the row that a function gives are made, from its source:
 * `row => ({ a: row.x, b: f(row.y) })` makes `a` of `x` and `b` of `y`, `{ ...row, c: row.x * 2 }` passes on the rest,
 * and so do literals behind `return`, `?:`, `&&` and constants. `columnsBehind(columnsOfResult(f), 'b')` tells it of one
 * column, for each of the function's `parameters`. Never too few; a list of rows counts as one row of all of them.
 */
export function columnsOfResult(rowFunction: RowFunction, parameters: number = 1): ResultColumns {
  const use = RowUse.of(rowFunction)
  if (use !== null) return new ResultAnalysis(use, parameters).result()
  const everything = Array.from({ length: parameters }, () => 'all' as const)
  return { columns: new Map(), passed: [], others: everything, conditions: everything }
}
