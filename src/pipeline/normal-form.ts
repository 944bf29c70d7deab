import type { AnyNode, Function as FunctionNode, Identifier } from 'acorn'
import { memberName, propertyName } from './row-use.js'
import type { Binding, Scopes } from './scopes.js'

/** What stands in a normal form for what the source does not declare inside. */
export interface OuterNames {
  /** A name that is declared outside the expression, or nowhere in the source; `binding` is null for the latter. */
  name(node: Identifier, binding: Binding | null): string
  /** A member of such a name, `limits.max`, where it is known as a whole; null for the member of what the name is. */
  member(node: Extract<AnyNode, { type: 'MemberExpression' }>): string | null
  /** Refuses something that no source tells the value of, such as `await`. */
  refuse(node: AnyNode, reason: string): string
}

/**
 * The text of an expression's syntax tree without what does not matter: layout, comments, parentheses, the names of its
 * own variables and how literals are written. Two expressions of the same normal form compute the same.
 */
export class NormalForm {
  readonly #scopes: Scopes
  readonly #outer: OuterNames
  /** For each function its own names in the order of their declarations. */
  readonly #own = new Map<AnyNode, Binding[]>()
  readonly #homes = new Map<Binding, AnyNode | null>()

  constructor(scopes: Scopes, outer: OuterNames) {
    this.#scopes = scopes
    this.#outer = outer
    for (const binding of scopes.bindings) {
      const home = this.#homeOf(binding)
      this.#homes.set(binding, home)
      if (home !== null) this.#own.set(home, [...(this.#own.get(home) ?? []), binding])
    }
  }

  /** The normal form of `node`. */
  of(node: AnyNode | FunctionNode): string {
    return this.#of(node as AnyNode, [])
  }

  /** The function that declares a name, null for the top of the source. */
  homeOf(binding: Binding): AnyNode | null {
    return this.#homes.get(binding) ?? null
  }

  #homeOf({ declaration, kind }: Binding): AnyNode | null {
    if (kind === 'function' && declaration.type === 'FunctionExpression') return declaration
    for (
      let node = this.#scopes.parentOf.get(declaration);
      node !== undefined;
      node = this.#scopes.parentOf.get(node)
    ) {
      if (isFunction(node)) return node
    }
    // A function whose text is all the source is nobody's child.
    return null
  }

  /** `within` are the functions around, innermost last. */
  #of(node: AnyNode, within: readonly AnyNode[]): string {
    switch (node.type) {
      case 'Identifier':
        return this.#name(node, within)
      case 'Literal':
        return literalForm(node)
      case 'TemplateElement':
        return JSON.stringify(node.value.cooked)
      case 'ParenthesizedExpression':
        return this.#of(node.expression, within)
      case 'AwaitExpression':
        return this.#outer.refuse(node, 'what is awaited is known only when it runs')
      case 'ImportExpression':
        return this.#outer.refuse(node, 'what is imported by a call is known only when it runs')
      case 'MemberExpression': {
        const name = memberName(node)
        const whole = this.#isOuter(node, within) ? this.#outer.member(node) : null
        if (whole !== null) return whole
        const property = name === null ? this.#of(node.property, within) : JSON.stringify(name)
        return `(. ${this.#of(node.object, within)} ${property}${node.optional ? ' ?' : ''})`
      }
      case 'Property': {
        const name = propertyName(node)
        const key = name === null ? this.#of(node.key, within) : JSON.stringify(name)
        return `(: ${node.kind} ${key} ${this.#of(node.value, within)})`
      }
      case 'CallExpression': {
        // Tools that keep the names of functions wrap them; others call an imported one as (0, module.name)(…).
        const [first] = node.arguments
        if (node.callee.type === 'Identifier' && node.callee.name === '__name' && first)
          return this.#of(first, within)
        const { callee } = node
        const called = callee.type === 'SequenceExpression' ? callee.expressions.at(-1)! : callee
        const values = node.arguments.map(argument => this.#of(argument, within))
        return `(call${node.optional ? '?' : ''} ${[this.#of(called, within), ...values].join(' ')})`
      }
    }
    if (isFunction(node)) return this.#function(node, within)
    return this.#any(node, within)
  }

  #function(node: Extract<AnyNode, FunctionNode>, within: readonly AnyNode[]): string {
    const inside = [...within, node]
    const parameters = node.params.map(param => this.#of(param, inside)).join(' ')
    const about = `${node.async ? 'async' : ''}${node.generator ? '*' : ''}`
    const { body } = node
    const [only, ...more] = body.type === 'BlockStatement' ? body.body : []
    // A body that only returns is the expression.
    const isExpression = only?.type === 'ReturnStatement' && more.length === 0 && only.argument
    const result = isExpression ? only.argument! : body
    return `(function${about} (${parameters}) ${this.#of(result as AnyNode, inside)})`
  }

  #any(node: AnyNode, within: readonly AnyNode[]): string {
    const parts = Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
      if (positions.has(key)) return []
      if (Array.isArray(value))
        return [`[${value.map(item => (isNode(item) ? this.#of(item, within) : '')).join(' ')}]`]
      return [isNode(value) ? this.#of(value, within) : JSON.stringify(value)]
    })
    return `(${node.type} ${parts.join(' ')})`
  }

  #name(node: Identifier, within: readonly AnyNode[]): string {
    const binding = this.#scopes.bindingOf.get(node) ?? null
    const home = binding === null ? null : this.homeOf(binding)
    const depth = home === null ? -1 : within.lastIndexOf(home)
    if (binding === null || home === null || depth < 0) return this.#outer.name(node, binding)
    return `#${within.length - 1 - depth}.${this.#own.get(home)!.indexOf(binding)}`
  }

  #isOuter(node: Extract<AnyNode, { type: 'MemberExpression' }>, within: readonly AnyNode[]): boolean {
    let base: AnyNode = node
    while (base.type === 'MemberExpression') base = base.object
    if (base.type !== 'Identifier') return false
    const binding = this.#scopes.bindingOf.get(base)
    const home = binding === undefined ? null : this.homeOf(binding)
    return home === null || !within.includes(home)
  }
}

const positions: ReadonlySet<string> = new Set(['type', 'start', 'end', 'loc', 'range', 'raw', 'sourceType'])

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as AnyNode).type === 'string'
}

function isFunction(node: AnyNode): node is Extract<AnyNode, FunctionNode> {
  return (
    node.type === 'ArrowFunctionExpression' ||
    node.type === 'FunctionExpression' ||
    node.type === 'FunctionDeclaration'
  )
}

function literalForm({ value, bigint, regex }: Extract<AnyNode, { type: 'Literal' }>): string {
  if (regex !== undefined && regex !== null) return `/${regex.pattern}/${regex.flags}`
  return bigint !== undefined && bigint !== null ? `${BigInt(bigint)}n` : scalarForm(value as string)
}

/** The normal form of a value that is written as a literal. */
export function scalarForm(value: null | undefined | number | bigint | string | boolean): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Globals that are the same wherever and whenever a function runs. */
export const sameEverywhere: ReadonlySet<string> = new Set([
  'undefined',
  'NaN',
  'Infinity',
  'Math',
  'Number',
  'String',
  'Boolean',
  'BigInt',
  'Symbol',
  'Object',
  'Array',
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'JSON',
  'RegExp',
  'Date',
  'Error',
  'TypeError',
  'RangeError',
  'Uint8Array',
  'Int32Array',
  'Float64Array',
  'Buffer',
  'TextEncoder',
  'TextDecoder',
  'Intl',
  'URL',
  'parseInt',
  'parseFloat',
  'isNaN',
  'isFinite',
  'encodeURIComponent',
  'decodeURIComponent',
  'structuredClone',
  'console',
])
