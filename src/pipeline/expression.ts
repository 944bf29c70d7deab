import type { AnyNode, Expression as ExpressionNode, Pattern } from 'acorn'
import { at, iso, num } from '../change/row-value.js'
import { Captured } from './captured.js'
import { type FunctionSource, functionSource } from './function-source.js'
import { memberName, propertyName } from './row-use.js'
import { type Binding, resolveScopes, type Scopes } from './scopes.js'

/** A constant of an expression: a literal, or a value that the function takes from outside. */
export type Constant = null | undefined | number | bigint | string | boolean

/** What a row function computes, as data: what is left of JavaScript when only rows, constants and operators matter. */
export type Expression = { readonly text: string } & (
  | { readonly type: 'constant'; readonly value: Constant }
  | { readonly type: 'column'; readonly row: number; readonly column: string; readonly optional: boolean }
  | { readonly type: 'row'; readonly row: number }
  | { readonly type: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly type: 'binary'
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly type: 'logical'
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly type: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  /** A function by its global name, `Math.abs`, or one of obslab's own, `num`. */
  | { readonly type: 'call'; readonly name: string; readonly values: readonly Expression[] }
  /** A method or `length` of a value. */
  | {
      readonly type: 'method'
      readonly name: string
      readonly of: Expression
      readonly optional: boolean
      readonly values: readonly Expression[]
    }
  | { readonly type: 'template'; readonly parts: readonly (string | Expression)[] }
  | { readonly type: 'list'; readonly items: readonly Expression[] }
  | { readonly type: 'object'; readonly fields: readonly Field[] }
)

/** A property of an object literal; a spread has no name. */
export interface Field {
  readonly name: string | null
  readonly value: Expression
}

/** A part of a function that has no form as an {@link Expression} or in SQL. */
export class Untranslatable extends Error {
  /** The part, as written. */
  readonly expression: string
  /** Why it has none, and what would have one, as a sentence. */
  readonly reason: string

  constructor(expression: string, reason: string) {
    super(`\`${expression}\`: ${reason}`)
    this.name = 'Untranslatable'
    this.expression = expression
    this.reason = reason
  }
}

type AnyFunction = (...parameters: never[]) => unknown

/**
 * What a function computes of its rows, from its source and the values that its names from outside have now: constants,
 * `param()`s and other functions of the same kind, which are put in place. Anything else, a loop, an assignment, a call
 * of something unknown, is thrown as {@link Untranslatable}.
 */
export function expressionOf(given: AnyFunction): Expression {
  return new Builder(given, []).result(null)
}

/** The most functions inside one another that are put in place. */
const mostCalls = 16

class Builder {
  readonly #source: FunctionSource
  readonly #scopes: Scopes
  readonly #captured: Captured
  readonly #names = new Map<Binding, Expression>()
  readonly #callers: readonly AnyFunction[]

  constructor(given: AnyFunction, callers: readonly AnyFunction[]) {
    const source = functionSource(given)
    if (source === null)
      throw new Untranslatable(textOf(String(given)), 'the function has no source of its own')
    this.#source = source
    this.#scopes = resolveScopes(source.node)
    const free = this.#scopes.references
      .filter(({ binding }) => binding === null)
      .map(({ node }) => node.name)
    this.#captured = Captured.of(given, free)
    this.#callers = [...callers, given]
  }

  /** The function's result; `values` are what it is called with, rows when null. */
  result(values: readonly Expression[] | null): Expression {
    const { node } = this.#source
    if (node.async) throw this.#refused(node as AnyNode, 'it is asynchronous')
    if (node.generator) throw this.#refused(node as AnyNode, 'it is a generator')
    node.params.forEach((param, i) => {
      const text = this.#text(param)
      const value: Expression = values === null ? { type: 'row', row: i, text } : (values[i] ?? nothing(text))
      this.#name(param, value)
    })
    return node.body.type === 'BlockStatement'
      ? this.#statements(node.body.body, node.body)
      : this.#of(node.body)
  }

  #name(pattern: Pattern, value: Expression): void {
    if (pattern.type === 'Identifier') {
      const binding = this.#scopes.bindingOf.get(pattern)!
      if (binding.references.some(({ writes }) => writes)) throw this.#refused(pattern, 'it is assigned to')
      this.#names.set(binding, value)
      return
    }
    if (pattern.type === 'AssignmentPattern' && value.type === 'row') {
      this.#name(pattern.left, value)
      return
    }
    if (pattern.type !== 'ObjectPattern' || value.type !== 'row') {
      throw this.#refused(pattern, 'only rows are taken apart by a pattern')
    }
    for (const property of pattern.properties) {
      const column = property.type === 'Property' ? propertyName(property) : null
      if (property.type !== 'Property' || column === null)
        throw this.#refused(property, 'it takes any column')
      // A column is null, never undefined: a default is never used.
      const target = property.value.type === 'AssignmentPattern' ? property.value.left : property.value
      this.#name(target, {
        type: 'column',
        row: value.row,
        column,
        optional: false,
        text: this.#text(property),
      })
    }
  }

  #statements(statements: readonly AnyNode[], within: AnyNode): Expression {
    const [statement, ...rest] = statements
    if (statement === undefined) return nothing(this.#text(within))
    switch (statement.type) {
      case 'EmptyStatement':
        return this.#statements(rest, within)
      case 'ReturnStatement':
        return statement.argument ? this.#of(statement.argument) : nothing(this.#text(statement))
      case 'BlockStatement':
        return this.#statements([...statement.body, ...rest], within)
      case 'IfStatement': {
        const yes = this.#statements([statement.consequent, ...rest], within)
        const no = this.#statements([...(statement.alternate ? [statement.alternate] : []), ...rest], within)
        return { type: 'choice', test: this.#of(statement.test), yes, no, text: this.#text(statement.test) }
      }
      case 'VariableDeclaration':
        for (const { id, init } of statement.declarations) {
          if (!init) throw this.#refused(statement, 'it has no value')
          this.#name(id, this.#of(init))
        }
        return this.#statements(rest, within)
      default:
        throw this.#refused(statement, 'only const, if and return are translated')
    }
  }

  #of(node: ExpressionNode | AnyNode): Expression {
    const text = this.#text(node)
    switch (node.type) {
      case 'ParenthesizedExpression':
      case 'ChainExpression':
        return this.#of(node.expression)
      case 'Literal':
        if (node.regex !== undefined) throw this.#refused(node, 'regular expressions differ from SQL’s')
        return { type: 'constant', value: node.value as Constant, text }
      case 'Identifier':
        return this.#identifier(node)
      case 'TemplateLiteral': {
        const texts = node.quasis.map(({ value }) => value.cooked ?? '')
        const parts = node.expressions.flatMap((part, i) => [texts[i]!, this.#of(part)])
        return { type: 'template', parts: [...parts, texts.at(-1)!], text }
      }
      case 'UnaryExpression':
        if (node.operator === 'void') return nothing(text)
        return { type: 'unary', operator: node.operator, operand: this.#of(node.argument), text }
      case 'BinaryExpression':
        if (node.left.type === 'PrivateIdentifier') throw this.#refused(node, 'it is a private name')
        return {
          type: 'binary',
          operator: node.operator,
          left: this.#of(node.left),
          right: this.#of(node.right),
          text,
        }
      case 'LogicalExpression':
        return {
          type: 'logical',
          operator: node.operator,
          left: this.#of(node.left),
          right: this.#of(node.right),
          text,
        }
      case 'ConditionalExpression':
        return {
          type: 'choice',
          test: this.#of(node.test),
          yes: this.#of(node.consequent),
          no: this.#of(node.alternate),
          text,
        }
      case 'MemberExpression':
        return this.#member(node)
      case 'CallExpression':
        return this.#call(node)
      case 'NewExpression':
        return this.#date(node)
      case 'ArrayExpression':
        return { type: 'list', items: node.elements.map(element => this.#item(element, node)), text }
      case 'ObjectExpression':
        return { type: 'object', fields: node.properties.map(property => this.#field(property)), text }
      default:
        throw this.#refused(node, 'SQL has nothing of the kind')
    }
  }

  #item(element: AnyNode | null, list: AnyNode): Expression {
    if (element === null || element.type === 'SpreadElement')
      throw this.#refused(element ?? list, 'it is no plain list')
    return this.#of(element)
  }

  #field(property: AnyNode): Field {
    if (property.type === 'SpreadElement') return { name: null, value: this.#of(property.argument) }
    const name = property.type === 'Property' ? propertyName(property) : null
    if (property.type !== 'Property' || property.kind !== 'init' || name === null) {
      throw this.#refused(property, 'the names of columns have to be written out')
    }
    return { name, value: this.#of(property.value) }
  }

  #identifier(node: Extract<AnyNode, { type: 'Identifier' }>): Expression {
    const binding = this.#scopes.bindingOf.get(node)
    const named = binding === undefined ? undefined : this.#names.get(binding)
    if (named !== undefined) return named
    const outside = this.#outside(node)
    if (outside !== null) return this.#constant(outside.value, node)
    const text = node.name
    if (text === 'undefined') return nothing(text)
    if (text === 'NaN') return { type: 'constant', value: Number.NaN, text }
    if (text === 'Infinity') return { type: 'constant', value: Number.POSITIVE_INFINITY, text }
    throw this.#refused(node, 'what it stands for is not known')
  }

  /** The value of a name from outside, or of a member of one; null where there is no telling. */
  #outside(node: AnyNode): { value: unknown } | null {
    if (node.type === 'Identifier') {
      if (this.#scopes.bindingOf.has(node)) return null
      return this.#captured.has(node.name) ? { value: this.#captured.get(node.name) } : null
    }
    if (node.type === 'SequenceExpression') return this.#outside(node.expressions.at(-1)!)
    if (node.type !== 'MemberExpression') return null
    const name = memberName(node)
    const object = name === null ? null : this.#outside(node.object)
    if (name === null || object === null || object.value === null || object.value === undefined) return null
    return { value: (object.value as Record<string, unknown>)[name] }
  }

  #constant(value: unknown, node: AnyNode): Expression {
    const text = this.#text(node)
    switch (typeof value) {
      case 'object':
        if (value === null) break
        if (Array.isArray(value))
          return { type: 'list', items: value.map(item => this.#constant(item, node)), text }
        if (value instanceof Set) return this.#constant([...value], node)
        throw this.#refused(node, 'an object from outside has no form in SQL')
      case 'function':
      case 'symbol':
        throw this.#refused(node, `a ${typeof value} from outside has no form in SQL`)
    }
    return { type: 'constant', value: value as Constant, text }
  }

  #member(node: Extract<AnyNode, { type: 'MemberExpression' }>): Expression {
    const name = memberName(node)
    if (name === null) throw this.#refused(node, 'its name is computed')
    const outside = this.#outside(node)
    if (outside !== null) return this.#constant(outside.value, node)
    const text = this.#text(node)
    const global = this.#globalName(node)
    if (global !== null) {
      const value = numbers.get(global)
      if (value !== undefined) return { type: 'constant', value, text }
      throw this.#refused(node, 'what it stands for is not known')
    }
    const of = this.#of(node.object)
    const optional = node.optional
    if (of.type === 'row') return { type: 'column', row: of.row, column: name, optional, text }
    if (name === 'length') return { type: 'method', name, of, optional, values: [], text }
    throw this.#refused(node, 'only columns of a row and the length of a text are read')
  }

  #call(node: Extract<AnyNode, { type: 'CallExpression' }>): Expression {
    const text = this.#text(node)
    const values = node.arguments.map(argument => this.#item(argument, node))
    const outside = this.#outside(node.callee)
    const isNative = outside !== null && functionSource(outside.value as AnyFunction) === null
    const isMethod = isNative && node.callee.type === 'MemberExpression' && !ownFunctions.has(outside.value)
    if (typeof outside?.value === 'function' && !isMethod)
      return this.#inline(outside.value as AnyFunction, values, node)
    const global = this.#globalName(node.callee)
    if (global !== null) return { type: 'call', name: global, values, text }
    const { callee } = node
    if (callee.type !== 'MemberExpression') throw this.#refused(node, 'it calls something that is not known')
    const name = memberName(callee)
    if (name === null) throw this.#refused(node, 'the name of the method is computed')
    return { type: 'method', name, of: this.#of(callee.object), optional: callee.optional, values, text }
  }

  /** A function of obslab's by its name; another with its own expression in its place. */
  #inline(callee: AnyFunction, values: readonly Expression[], node: AnyNode): Expression {
    const text = this.#text(node)
    const own = ownFunctions.get(callee)
    if (own === 'at') {
      const [time] = values
      if (time?.type !== 'constant') throw this.#refused(node, 'at() takes a text that is written out')
      return { type: 'constant', value: at(String(time.value)), text }
    }
    if (own !== undefined) return { type: 'call', name: own, values, text }
    if (this.#callers.length >= mostCalls || this.#callers.includes(callee)) {
      throw this.#refused(node, 'it calls itself')
    }
    return { ...new Builder(callee, this.#callers).result(values), text }
  }

  #date(node: Extract<AnyNode, { type: 'NewExpression' }>): Expression {
    const isDate = this.#globalName(node.callee as AnyNode) === 'Date' && node.arguments.length === 1
    if (!isDate) throw this.#refused(node, 'only new Date(milliseconds) is translated')
    const values = node.arguments.map(argument => this.#item(argument, node))
    return { type: 'call', name: 'new Date', values, text: this.#text(node) }
  }

  /** `Math.abs` of a global that nothing in between has taken the name of. */
  #globalName(node: AnyNode): string | null {
    if (node.type === 'Identifier') {
      const isGlobal = !this.#scopes.bindingOf.has(node) && !this.#captured.has(node.name)
      return isGlobal && globals.has(node.name) ? node.name : null
    }
    if (node.type !== 'MemberExpression') return null
    const name = memberName(node)
    const object = this.#globalName(node.object)
    return name === null || object === null ? null : `${object}.${name}`
  }

  #text({ start, end }: { start: number; end: number }): string {
    return textOf(this.#source.text.slice(start, end))
  }

  #refused(node: AnyNode, reason: string): Untranslatable {
    return new Untranslatable(this.#text(node), reason)
  }
}

function nothing(text: string): Expression {
  return { type: 'constant', value: undefined, text }
}

/** An expression on one line, cut where it is long. */
export function textOf(source: string): string {
  const text = source.replaceAll(/\s+/g, ' ')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

const globals: ReadonlySet<string> = new Set(['Math', 'Number', 'String', 'Boolean', 'BigInt', 'Date'])

const numbers: ReadonlyMap<string, number> = new Map([
  ['Math.PI', Math.PI],
  ['Math.E', Math.E],
  ['Number.MAX_SAFE_INTEGER', Number.MAX_SAFE_INTEGER],
  ['Number.MIN_SAFE_INTEGER', Number.MIN_SAFE_INTEGER],
  ['Number.EPSILON', Number.EPSILON],
  ['Number.NaN', Number.NaN],
  ['Number.POSITIVE_INFINITY', Number.POSITIVE_INFINITY],
  ['Number.NEGATIVE_INFINITY', Number.NEGATIVE_INFINITY],
])

const ownFunctions: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [num, 'num'],
  [at, 'at'],
  [iso, 'iso'],
])
