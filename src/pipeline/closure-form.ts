import type { AnyNode } from 'acorn'
import { at, iso, num } from '../change/row-value.js'
import { Captured } from './captured.js'
import { functionSource } from './function-source.js'
import { NormalForm, sameEverywhere, scalarForm } from './normal-form.js'
import { Param } from './param.js'
import { memberName } from './row-use.js'
import { resolveScopes } from './scopes.js'
import type { Unresolved } from './source-names.js'

type AnyFunction = (...parameters: never[]) => unknown

/** Normal forms of functions as they are in this process, with the values of their names from outside. */
export class ClosureForm {
  readonly unresolved: Unresolved[] = []
  /** The functions that are being gone into. */
  readonly #open: AnyFunction[] = []

  /** The normal form of a function of a step, as messages name it. */
  of(given: AnyFunction, step: string): string {
    const depth = this.#open.lastIndexOf(given)
    if (depth >= 0) return `@${this.#open.length - depth}`
    const own = ownFunctions.get(given)
    if (own !== undefined) return `obslab#${own}`
    const source = functionSource(given)
    if (source === null) return this.#refuse(given.name || 'a function', step, 'it has no source of its own')
    const scopes = resolveScopes(source.node)
    const free = scopes.references.filter(({ binding }) => binding === null).map(({ node }) => node.name)
    const captured = Captured.of(given, free)
    const form = new NormalForm(scopes, {
      name: node => {
        if (captured.has(node.name)) return this.#value(captured.get(node.name), node.name, step)
        if (sameEverywhere.has(node.name)) return `$${node.name}`
        return this.#refuse(node.name, step, 'it is of the process')
      },
      member: node => {
        const value = memberValue(node, captured)
        return value === null ? null : this.#value(value.value, value.name, step)
      },
      refuse: (_, reason) => this.#refuse('await', step, reason),
    })
    this.#open.push(given)
    const text = form.of(source.node)
    this.#open.pop()
    return text
  }

  #value(value: unknown, name: string, step: string): string {
    switch (typeof value) {
      case 'function':
        return this.of(value as AnyFunction, step)
      case 'symbol':
        return this.#refuse(name, step, 'it is a symbol')
      case 'object':
        break
      default:
        return scalarForm(value as string)
    }
    if (value === null) return 'null'
    if (value instanceof Param) return `(param ${JSON.stringify(value.name)})`
    if (Array.isArray(value)) return `[${value.map(item => this.#value(item, name, step)).join(' ')}]`
    if (value instanceof Set) return `(Set ${this.#value([...value], name, step)})`
    if (value instanceof Map) return `(Map ${this.#value([...value], name, step)})`
    if (value instanceof RegExp || value instanceof Date)
      return String(value instanceof Date ? value.getTime() : value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      return this.#refuse(name, step, 'it is an object of a class, whose inside is its own')
    }
    const entries = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)} ${this.#value(item, name, step)}`,
    )
    return `{${entries.join(' ')}}`
  }

  #refuse(name: string, place: string, reason: string): string {
    this.unresolved.push({ name, place, reason })
    return '?'
  }
}

/** The value of `limits.max`, or of `module.limits.max`, of a plain object from outside; null for a member of another. */
function memberValue(
  node: Extract<AnyNode, { type: 'MemberExpression' }>,
  captured: Captured,
): { name: string; value: unknown } | null {
  const name = memberName(node)
  const { object } = node
  const of =
    object.type === 'Identifier'
      ? captured.has(object.name)
        ? { name: object.name, value: captured.get(object.name) }
        : null
      : object.type === 'MemberExpression'
        ? memberValue(object, captured)
        : null
  if (name === null || of === null || typeof of.value !== 'object' || of.value === null) return null
  if (of.value instanceof Param || Array.isArray(of.value) || !Object.hasOwn(of.value, name)) return null
  return { name: `${of.name}.${name}`, value: (of.value as Record<string, unknown>)[name] }
}

const ownFunctions: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [num, 'num'],
  [at, 'at'],
  [iso, 'iso'],
])
