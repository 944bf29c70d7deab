import { type AnyNode, type Function as FunctionNode, parseExpressionAt } from 'acorn'

/** A function as its text says it: arrow function, function expression or method. */
export interface FunctionSource {
  /** What was parsed; positions of nodes count from its start. */
  text: string
  node: FunctionNode
  /** Characters of `text` that stand before the function's own. */
  before: number
}

type AnyFunction = (...parameters: never[]) => unknown

const parsed = new WeakMap<AnyFunction, FunctionSource | null>()

/** The syntax tree of a function from its own text, or null for native, bound and class functions, which have none. */
export function functionSource(given: AnyFunction): FunctionSource | null {
  let source = parsed.get(given)
  if (source === undefined) {
    source = parseFunction(Function.prototype.toString.call(given))
    parsed.set(given, source)
  }
  return source
}

/** The syntax tree of the text of a function. A method is parsed as a property of an object. */
export function parseFunction(text: string): FunctionSource | null {
  const node = parseWhole(text)
  if (node !== null) return isFunction(node) ? { text, node, before: 0 } : null
  const object = parseWhole(`{${text}}`)
  const property = object?.type === 'ObjectExpression' ? object.properties[0] : undefined
  if (property?.type !== 'Property' || property.kind !== 'init') return null
  return isFunction(property.value) ? { text: `{${text}}`, node: property.value, before: 1 } : null
}

function isFunction(node: AnyNode): node is Extract<AnyNode, FunctionNode> {
  return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression'
}

function parseWhole(text: string): AnyNode | null {
  try {
    const node = parseExpressionAt(text, 0, { ecmaVersion: 'latest' }) as AnyNode
    return node.end === text.trimEnd().length ? node : null
  } catch {
    return null
  }
}
