import type { AnyNode } from 'acorn'
import { type ColumnsRead, propertyName, type RowUse } from './row-use.js'
import { type Binding, childrenOf, walk } from './scopes.js'

/** For each parameter of a function, in order, columns of the row it stands for. */
export type RowsRead = readonly ColumnsRead[]

/** Of which columns of its rows the columns of the row that a function gives are made. */
export interface ResultColumns {
  /** The columns that are named, with what each may tell something of. */
  columns: ReadonlyMap<string, RowsRead>
  /** The places of the rows whose columns are passed on, `{ ...row }`, but for those that are named. */
  passed: readonly number[]
  /** What columns that are neither named nor passed on may tell something of; null when there are none. */
  others: RowsRead | null
  /** What every column may tell something of as well: the conditions that choose between results. */
  conditions: RowsRead
}

/** What a result's column of this name may tell something of, by parameter. */
export function columnsBehind(
  { columns, passed, others, conditions }: ResultColumns,
  column: string,
): RowsRead {
  const named = columns.get(column)
  if (named !== undefined) return union(named, conditions)
  const rows = passed.map(parameter => only(conditions.length, parameter, column))
  return [...rows, ...(others === null ? [] : [others])].reduce(union, conditions)
}

/** Of every parameter, the columns that either names. */
export function union(a: RowsRead, b: RowsRead): RowsRead {
  return a.map((read, i) => {
    const other = b[i]!
    return read === 'all' || other === 'all' ? 'all' : new Set([...read, ...other])
  })
}

function only(parameters: number, parameter: number, column: string): RowsRead {
  return Array.from({ length: parameters }, (_, i) => new Set(i === parameter ? [column] : []))
}

/** Follows the values of a function's result back to the rows. */
export class ResultAnalysis {
  readonly #use: RowUse
  readonly #parameters: number
  readonly #none: RowsRead

  constructor(use: RowUse, parameters: number) {
    this.#use = use
    this.#parameters = parameters
    this.#none = Array.from({ length: parameters }, () => new Set<string>())
  }

  result(): ResultColumns {
    const { node } = this.#use.source
    const results = resultsOf(this.#use)
    const given = results.map(result => this.#given(result))
    const either = given.reduce((a, b) => this.#either(a, b), given[0] ?? this.#named(new Map()))
    const apart = node.body.type === 'BlockStatement' ? this.#apartFrom(node.body, results) : this.#none
    return { ...either, conditions: union(either.conditions, apart) }
  }

  #named(columns: Map<string, RowsRead>): ResultColumns {
    return { columns, passed: [], others: null, conditions: this.#none }
  }

  #given(node: AnyNode): ResultColumns {
    const row = this.#use.rowOf(node)
    if (row !== null) return { ...this.#named(new Map()), passed: [row] }
    switch (node.type) {
      case 'ObjectExpression':
        return node.properties.reduce<ResultColumns>(
          (before, property) => this.#then(before, property),
          this.#named(new Map()),
        )
      case 'ConditionalExpression': {
        const either = this.#either(this.#given(node.consequent), this.#given(node.alternate))
        return { ...either, conditions: union(either.conditions, this.#behind(node.test)) }
      }
      case 'LogicalExpression': {
        const right = this.#given(node.right)
        const left = node.operator === '&&' ? this.#named(new Map()) : this.#given(node.left)
        const either = this.#either(left, right)
        return { ...either, conditions: union(either.conditions, this.#behind(node.left)) }
      }
      case 'ArrayExpression': {
        const elements = node.elements.filter(element => element !== null)
        return elements
          .map(element => this.#given(element))
          .reduce((a, b) => this.#either(a, b), this.#named(new Map()))
      }
      case 'SpreadElement':
        return this.#given(node.argument)
      case 'Identifier': {
        const init = this.#constantOf(node)
        if (init !== null) return this.#given(init)
        if (node.name === 'undefined' && !this.#use.scopes.bindingOf.has(node)) return this.#named(new Map())
        break
      }
      case 'Literal':
        return this.#named(new Map())
    }
    return { ...this.#named(new Map()), others: this.#behind(node) }
  }

  /** The initial value of a constant that nothing can have changed meanwhile. */
  #constantOf(node: AnyNode): AnyNode | null {
    const binding = this.#use.scopes.bindingOf.get(node)
    if (binding?.kind !== 'const' || this.#mayChange(binding)) return null
    const { declaration } = binding
    const isPlain = declaration.type === 'VariableDeclarator' && declaration.id.type === 'Identifier'
    return isPlain ? (declaration.init ?? null) : null
  }

  /** What a result holds after another property of its literal. */
  #then(before: ResultColumns, property: AnyNode): ResultColumns {
    if (property.type === 'SpreadElement') return this.#either(before, this.#given(property.argument))
    if (property.type !== 'Property') return before
    const name = propertyName(property)
    const value = property.kind === 'init' ? this.#behind(property.value) : this.#behind(property)
    if (name === null)
      return this.#either(before, { ...this.#named(new Map()), others: this.#behind(property) })
    return { ...before, columns: new Map([...before.columns].concat([[name, value]])) }
  }

  #either(a: ResultColumns, b: ResultColumns): ResultColumns {
    const names = new Set([...a.columns.keys(), ...b.columns.keys()])
    return {
      columns: new Map([...names].map(name => [name, union(columnsBehind(a, name), columnsBehind(b, name))])),
      passed: [...new Set([...a.passed, ...b.passed])],
      others: a.others === null ? b.others : b.others === null ? a.others : union(a.others, b.others),
      conditions: union(a.conditions, b.conditions),
    }
  }

  #behind(node: AnyNode, seen: Set<Binding> = new Set()): RowsRead {
    let read: RowsRead = Array.from({ length: this.#parameters }, (_, i) => this.#use.reads(i, node))
    walk(node, inner => {
      const binding = inner.type === 'Identifier' ? this.#use.scopes.bindingOf.get(inner) : undefined
      if (binding === undefined || seen.has(binding) || this.#use.isRow(binding)) return undefined
      seen.add(binding)
      read = union(read, this.#behindName(binding, node, seen))
      return undefined
    })
    return read
  }

  #behindName(binding: Binding, within: AnyNode, seen: Set<Binding>): RowsRead {
    const { declaration } = binding
    const isInside = declaration.start >= within.start && declaration.end <= within.end
    if (isInside && declaration !== within) return this.#none
    if (this.#mayChange(binding))
      return Array.from({ length: this.#parameters }, (_, i) => this.#use.reads(i))
    return this.#behind(this.#use.takenFrom(binding) ?? declaration, seen)
  }

  /** Whether a name may hold something else than what its declaration gives it: assigned again, or changed inside. */
  #mayChange(binding: Binding): boolean {
    const { kind, declaration, references } = binding
    if (references.some(({ writes }) => writes) || kind === 'catch' || kind === 'class') return true
    if (kind === 'function') return false
    if (kind === 'param') return this.#use.source.node.params.every(param => param !== declaration)
    if (declaration.type !== 'VariableDeclarator' || !declaration.init) return true
    if (this.#use.takenFrom(binding) !== null || !changeable.has(declaration.init.type)) return false
    return references.some(({ node }) => mayChange(node, this.#use.scopes.parentOf.get(node)))
  }

  /** What is read outside of results and of constants: conditions, loops, calls. */
  #apartFrom(body: AnyNode, results: readonly AnyNode[]): RowsRead {
    const visit = (node: AnyNode): RowsRead => {
      if (results.includes(node)) return this.#none
      if (node.type === 'VariableDeclaration' && node.kind === 'const') return this.#none
      const isStructure =
        node.type === 'BlockStatement' || node.type === 'ReturnStatement' || node.type === 'IfStatement'
      if (!isStructure && !/Statement$/.test(node.type)) return this.#behind(node)
      if (node.type === 'ExpressionStatement') return this.#behind(node)
      return childrenOf(node).map(visit).reduce(union, this.#none)
    }
    return visit(body)
  }
}

/** What a function may return: its expression, or the arguments of its own `return`s. */
export function resultsOf({ source: { node } }: RowUse): AnyNode[] {
  if (node.body.type !== 'BlockStatement') return [node.body]
  const results: AnyNode[] = []
  walk(node.body, inner => {
    if (/Function/.test(inner.type)) return false
    if (inner.type === 'ReturnStatement' && inner.argument) results.push(inner.argument)
    return undefined
  })
  return results
}

/** Values that can change inside while their name stays. */
const changeable: ReadonlySet<string> = new Set([
  'ArrayExpression',
  'ObjectExpression',
  'NewExpression',
  'CallExpression',
  'AwaitExpression',
  'Identifier',
])

function mayChange(node: AnyNode, parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.object === node
    case 'CallExpression':
    case 'NewExpression':
      return parent.callee !== node
    case 'VariableDeclarator':
    case 'AssignmentExpression':
    case 'Property':
    case 'ArrayExpression':
      return true
    default:
      return false
  }
}
