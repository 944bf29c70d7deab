import { type Expression, type Function as FunctionNode, type Pattern, parseExpressionAt } from 'acorn'
import { ancestor, full } from 'acorn-walk'

/** The columns a row function may read, or `all` when its source does not tell: the row itself goes somewhere else. */
export type ColumnsRead = ReadonlySet<string> | 'all'

/**
 * The columns that `rowFunction` may read, from its source: `row.a`, `row?.a`, `row['a']` and `({ a }) => …` are
 * columns, and any other use of the row (a call with it, a copy, a computed name) is `all`; so are `arguments`, `this`
 * and `eval`, which may hold it too. Never too few, but for a row that another function left in a variable.
 */
export function columnsRead(rowFunction: (row: never) => unknown): ColumnsRead {
  const parsed = parseFunction(rowFunction.toString())
  const parameter = parsed?.params[0]
  if (parsed === null || parsed.params.length > 1) return 'all'
  if (hasOtherWays(parsed)) return 'all'
  if (parameter === undefined) return new Set()
  if (parameter.type === 'ObjectPattern') return patternColumns(parameter)
  return parameter.type === 'Identifier' ? memberColumns(parsed, parameter.name) : 'all'
}

/** The column that a function gives as it is, `row => row.a`, or null when it does anything else. */
export function columnGiven(rowFunction: (row: never) => unknown): string | null {
  const parsed = parseFunction(rowFunction.toString())
  return parsed === null ? null : givenBy(parsed, parsed.body)
}

/** The columns that a function gives as they are, by property: `row => ({ x: row.a })` gives column `a` as `x`. */
export function columnsGiven(rowFunction: (row: never) => unknown): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  const parsed = parseFunction(rowFunction.toString())
  if (parsed?.body.type !== 'ObjectExpression') return given
  for (const property of parsed.body.properties) {
    if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') continue
    const column = givenBy(parsed, property.value)
    if (column !== null) given.set(property.key.name, column)
  }
  return given
}

function givenBy(parsed: ParsedFunction, body: FunctionNode['body']): string | null {
  const [parameter] = parsed.params
  const isRow =
    body.type === 'MemberExpression' &&
    body.object.type === 'Identifier' &&
    parameter?.type === 'Identifier' &&
    body.object.name === parameter.name
  return isRow ? memberName(body, body.object) : null
}

type ParsedFunction = FunctionNode & { params: Pattern[] }

/** A method's or class member's text does not parse as an expression: null, as for anything else that is not one. */
function parseFunction(source: string): ParsedFunction | null {
  try {
    const node: Expression = parseExpressionAt(source, 0, { ecmaVersion: 'latest' })
    return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' ? node : null
  } catch {
    return null
  }
}

function patternColumns(pattern: Extract<Pattern, { type: 'ObjectPattern' }>): ColumnsRead {
  const columns = new Set<string>()
  for (const property of pattern.properties) {
    if (property.type !== 'Property' || property.computed) return 'all'
    const name = property.key.type === 'Identifier' ? property.key.name : String(literalOf(property.key))
    if (isInherited(name)) return 'all'
    columns.add(name)
  }
  return columns
}

function memberColumns(parsed: ParsedFunction, row: string): ColumnsRead {
  const columns = new Set<string>()
  let escapes = false
  ancestor(parsed, {
    Identifier(node, _state, ancestors) {
      if (node.name !== row) return
      const parent = ancestors.at(-2)
      const column = parent?.type === 'MemberExpression' ? memberName(parent, node) : null
      if (column === null || isInherited(column)) escapes = true
      else columns.add(column)
    },
  })
  return escapes ? 'all' : columns
}

/** The column of `row.column` or `row['column']`, null when `node` is not the row of such an expression. */
function memberName(parent: unknown, node: unknown): string | null {
  const member = parent as Extract<Expression, { type: 'MemberExpression' }>
  if (member.object !== node) return null
  if (member.computed) {
    const name = literalOf(member.property)
    return typeof name === 'string' ? name : null
  }
  return member.property.type === 'Identifier' ? member.property.name : null
}

function literalOf(node: { type: string; value?: unknown }): unknown {
  return node.type === 'Literal' ? node.value : undefined
}

/** Every object has it: `row.valueOf()` is the row. */
function isInherited(name: string): boolean {
  return name in Object.prototype
}

/** Whether the function could come by its row without naming its parameter. */
function hasOtherWays(parsed: ParsedFunction): boolean {
  let found = false
  full(parsed, node => {
    const { type, name, property } = node as { type: string; name?: unknown; property?: { name?: unknown } }
    if (type === 'ThisExpression') found = true
    if (type === 'Identifier' && otherWays.has(name)) found = true
    if (type === 'MemberExpression' && otherWays.has(property?.name)) found = true
  })
  return found
}

const otherWays: ReadonlySet<unknown> = new Set(['arguments', 'eval'])
