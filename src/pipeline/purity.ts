import type { AnyNode } from 'acorn'
import { at, iso, num } from '../change/row-value.js'
import { Captured } from './captured.js'
import { changingMethods } from './changing-methods.js'
import { Param } from './param.js'
import { type FunctionFinding, functionFinding, type PlanFindingCode } from './plan-finding.js'
import { memberName, RowUse } from './row-use.js'
import { type Binding, type Reference, walk } from './scopes.js'

type AnyFunction = (...parameters: never[]) => unknown

/**
 * What keeps a function from depending on its rows alone: the clock, chance, the process, waiting, changing what it was
 * given or what is outside, the language and time zone of the computer. The functions that it calls by name are looked
 * into as well, as far as they have a source.
 */
export function purity(given: AnyFunction): FunctionFinding[] {
  return purityOf(given, new Set())
}

function purityOf(given: AnyFunction, seen: Set<AnyFunction>): FunctionFinding[] {
  seen.add(given)
  const use = RowUse.of(given)
  if (use === null) return []
  const free = use.scopes.references.filter(({ binding }) => binding === null)
  const captured = Captured.of(
    given,
    free.map(({ node }) => node.name),
  )
  const found = new Purity(use, captured).findings()
  const called = free.map(reference => calledFunction(reference, use, captured))
  const inner = called.filter(one => one !== null && !seen.has(one) && !ownFunctions.has(one))
  return [...found, ...inner.flatMap(one => purityOf(one!, seen))]
}

const ownFunctions: ReadonlySet<unknown> = new Set([num, at, iso])

/** The function from outside that a name, or a member of one, is called as. */
function calledFunction({ node }: Reference, { scopes }: RowUse, captured: Captured): AnyFunction | null {
  let value: unknown = captured.get(node.name)
  let inner: AnyNode = node
  for (;;) {
    const parent = scopes.parentOf.get(inner)
    if (parent?.type === 'SequenceExpression') inner = parent
    else if (parent?.type === 'CallExpression' && parent.callee === inner) break
    else if (parent?.type === 'MemberExpression' && parent.object === inner) {
      const name = memberName(parent)
      if (name === null || typeof value !== 'object' || value === null) return null
      value = (value as Record<string, unknown>)[name]
      inner = parent
    } else return null
  }
  return typeof value === 'function' && !(value instanceof Param) ? (value as AnyFunction) : null
}

class Purity {
  readonly #use: RowUse
  readonly #captured: Captured
  readonly #found = new Map<string, FunctionFinding>()

  constructor(use: RowUse, captured: Captured) {
    this.#use = use
    this.#captured = captured
  }

  findings(): FunctionFinding[] {
    const { source, scopes } = this.#use
    const root = source.node as AnyNode
    if (source.node.async) this.#add('function-async', root)
    if (source.node.generator) this.#add('function-generator', root)
    for (const reference of scopes.references) if (reference.binding === null) this.#free(reference)
    walk(root, node => {
      this.#visit(node)
      return undefined
    })
    return [...this.#found.values()].sort((a, b) => a.place.offset - b.place.offset)
  }

  #add(code: PlanFindingCode, node: { start: number; end: number }): void {
    const finding = functionFinding(code, this.#use.source, node)
    this.#found.set(`${code} ${finding.place.offset}`, finding)
  }

  /** A name that the function does not declare. */
  #free({ node, writes }: Reference): void {
    if (writes) {
      this.#add('captured-changes', this.#use.scopes.parentOf.get(node) ?? node)
      return
    }
    if (this.#captured.has(node.name)) return
    const whole = this.#expressionAround(node)
    const code = globalCodes.get(node.name)
    if (code !== undefined) this.#add(code, whole)
    if (node.name === 'Date') this.#date(node)
    if (node.name === 'Math' && this.#memberOf(node) === 'random') this.#add('function-random', whole)
    if (node.name === 'Promise') this.#add('function-async', whole)
  }

  #date(node: AnyNode): void {
    const parent = this.#use.scopes.parentOf.get(node)
    if (this.#memberOf(node) === 'now') this.#add('function-clock', this.#expressionAround(node))
    if (parent?.type === 'CallExpression' && parent.callee === node) this.#add('function-clock', parent)
    if (parent?.type !== 'NewExpression') return
    if (parent.arguments.length === 0) this.#add('function-clock', parent)
    if (parent.arguments.length > 1) this.#add('function-locale', parent)
    const [text] = parent.arguments
    const isLocal =
      text?.type === 'Literal' && /\dT?[ T]?\d\d:\d\d(?!.*(Z|[+-]\d\d:?\d\d)$)/.test(String(text.value))
    if (isLocal) this.#add('function-locale', parent)
  }

  #memberOf(node: AnyNode): string | null {
    const parent = this.#use.scopes.parentOf.get(node)
    return parent?.type === 'MemberExpression' && parent.object === node ? memberName(parent) : null
  }

  /** The members and the call that a name is the start of. */
  #expressionAround(node: AnyNode): AnyNode {
    let whole = node
    for (;;) {
      const parent = this.#use.scopes.parentOf.get(whole)
      const isPart =
        (parent?.type === 'MemberExpression' && parent.object === whole) ||
        ((parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent.callee === whole)
      if (!isPart) return whole
      whole = parent
    }
  }

  #visit(node: AnyNode): void {
    switch (node.type) {
      case 'AwaitExpression':
      case 'ImportExpression':
        this.#add(node.type === 'AwaitExpression' ? 'function-async' : 'function-outside', node)
        break
      case 'ThisExpression':
        this.#add('function-opaque', node)
        break
      case 'Identifier':
        if (node.name === 'arguments' || node.name === 'eval') this.#add('function-opaque', node)
        break
      case 'AssignmentExpression':
        this.#assigned(node.left, node)
        break
      case 'UpdateExpression':
        this.#assigned(node.argument, node)
        break
      case 'UnaryExpression':
        if (node.operator === 'delete') this.#assigned(node.argument, node)
        break
      case 'CallExpression':
        this.#call(node)
        break
      case 'MemberExpression':
        this.#member(node)
        break
    }
  }

  #assigned(target: AnyNode, node: AnyNode): void {
    if (target.type === 'MemberExpression' && this.#isShared(target.object))
      this.#add('function-mutates', node)
  }

  #call(node: Extract<AnyNode, { type: 'CallExpression' }>): void {
    const { callee } = node
    if (callee.type !== 'MemberExpression') return
    const name = memberName(callee)
    if (name !== null && changingMethods.has(name) && this.#isShared(callee.object))
      this.#add('function-mutates', node)
    const isAssign =
      name === 'assign' && callee.object.type === 'Identifier' && callee.object.name === 'Object'
    const [target] = node.arguments
    if (isAssign && target !== undefined && this.#isShared(target)) this.#add('function-mutates', node)
    if (name === 'localeCompare' && node.arguments.length < 2) this.#add('function-locale', node)
  }

  #member(node: Extract<AnyNode, { type: 'MemberExpression' }>): void {
    const name = memberName(node)
    const parent = this.#use.scopes.parentOf.get(node)
    const isCalled = parent?.type === 'CallExpression' && parent.callee === node
    if (name !== null && isCalled && localMethods.has(name)) this.#add('function-locale', parent)
  }

  /** Whether a value is the row's, or from outside: changing it is seen elsewhere. */
  #isShared(node: AnyNode): boolean {
    switch (node.type) {
      case 'MemberExpression':
        return this.#isShared(node.object)
      case 'ChainExpression':
        return this.#isShared(node.expression)
      case 'ThisExpression':
        return true
      case 'Identifier': {
        const binding = this.#use.scopes.bindingOf.get(node)
        if (binding === undefined) return !globalCodes.has(node.name)
        return this.#isSharedName(binding)
      }
      default:
        return false
    }
  }

  #isSharedName(binding: Binding): boolean {
    if (this.#use.isRow(binding) || this.#use.takenFrom(binding) !== null) return true
    const { kind, declaration } = binding
    if (kind !== 'const' || declaration.type !== 'VariableDeclarator' || !declaration.init) return false
    const isPart = ['MemberExpression', 'Identifier', 'ChainExpression'].includes(declaration.init.type)
    return isPart && this.#isShared(declaration.init)
  }
}

const outside = 'function-outside' as const

/** What the use of a global is. */
const globalCodes: ReadonlyMap<string, PlanFindingCode> = new Map<string, PlanFindingCode>([
  ['performance', 'function-clock'],
  ['crypto', 'function-random'],
  ['console', 'function-console'],
  ['Intl', 'function-locale'],
  ['Function', outside],
  ['process', outside],
  ['fetch', outside],
  ['globalThis', outside],
  ['global', outside],
  ['window', outside],
  ['require', outside],
  ['setTimeout', outside],
  ['setInterval', outside],
  ['setImmediate', outside],
  ['queueMicrotask', outside],
])

const localMethods: ReadonlySet<string> = new Set([
  'toLocaleString',
  'toLocaleDateString',
  'toLocaleTimeString',
  'toLocaleUpperCase',
  'toLocaleLowerCase',
  'toDateString',
  'toTimeString',
  'getFullYear',
  'getMonth',
  'getDate',
  'getDay',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getTimezoneOffset',
])
