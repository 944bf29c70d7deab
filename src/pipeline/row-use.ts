import type { AnyNode, Pattern } from 'acorn'
import { type FunctionSource, functionSource } from './function-source.js'
import { type Binding, type Reference, resolveScopes, type Scopes, walk } from './scopes.js'

/** The columns a row function may read, or `all` when its source does not tell: the row itself goes somewhere else. */
export type ColumnsRead = ReadonlySet<string> | 'all'

/** A place in the source where a column of a row is read, or where the row goes out of sight. */
interface Site {
  start: number
  end: number
  parameter: number
  /** null: any column may be read. */
  column: string | null
}

const uses = new WeakMap<object, RowUse | null>()

/** A function's syntax with what its names mean and where it reads which columns of the rows it is called with. */
export class RowUse {
  readonly source: FunctionSource
  readonly scopes: Scopes
  readonly #sites: Site[] = []
  /** Names that hold a row as a whole: parameters and their aliases. */
  readonly #rows = new Map<Binding, number>()
  /** Where the value of a name taken out of a row by a pattern comes from. */
  readonly #taken = new Map<Binding, { node: AnyNode; parameter: number; column: string | null }>()
  /** Whether the function could come by its rows without naming a parameter. */
  readonly #opaque: boolean

  constructor(source: FunctionSource) {
    this.source = source
    this.scopes = resolveScopes(source.node)
    this.#opaque = hasOtherWays(source)
    source.node.params.forEach((param, i) => {
      this.#parameter(param, i)
    })
    // Aliases are added to the map while it is gone through.
    for (const [binding, parameter] of this.#rows) {
      for (const reference of binding.references) this.#rowReference(reference, parameter)
    }
  }

  /** Of a function by its own text; null where that is none. */
  static of(given: (...parameters: never[]) => unknown): RowUse | null {
    let use = uses.get(given)
    if (use === undefined) {
      const source = functionSource(given)
      use = source === null ? null : new RowUse(source)
      uses.set(given, use)
    }
    return use
  }

  /** The columns of the row in place `parameter` that are read inside `node`, the whole function by default. */
  reads(parameter: number, node: AnyNode | null = null): ColumnsRead {
    if (this.#opaque) return 'all'
    const columns = new Set<string>()
    for (const site of this.#sites) {
      const isInside = node === null || (site.start >= node.start && site.end <= node.end)
      if (site.parameter !== parameter || !isInside) continue
      if (site.column === null) return 'all'
      columns.add(site.column)
    }
    return columns
  }

  /** The place of the parameter whose row, whole, `node` is; null when it is none. */
  rowOf(node: AnyNode): number | null {
    const binding = node.type === 'Identifier' ? this.scopes.bindingOf.get(node) : undefined
    return binding === undefined ? null : (this.#rows.get(binding) ?? null)
  }

  /** The column, and of which row, whose value `node` is as it is: `row.a`, `row?.a ?? null`, or `a` of `({ a }) => …`. */
  columnOf(node: AnyNode): { parameter: number; column: string } | null {
    if (node.type === 'ChainExpression') return this.columnOf(node.expression)
    if (node.type === 'LogicalExpression' && node.operator === '??' && isNothing(node.right)) {
      return this.columnOf(node.left)
    }
    if (node.type === 'MemberExpression') {
      const parameter = this.rowOf(node.object)
      const column = memberName(node)
      return parameter === null || column === null || isInherited(column) ? null : { parameter, column }
    }
    const binding = node.type === 'Identifier' ? this.scopes.bindingOf.get(node) : undefined
    if (binding === undefined || binding.references.some(({ writes }) => writes)) return null
    const taken = this.#taken.get(binding)
    if (taken?.column != null && taken.node.type === 'Property' && taken.node.value.type === 'Identifier') {
      return { parameter: taken.parameter, column: taken.column }
    }
    const { kind, declaration } = binding
    const isConstant = kind === 'const' && declaration.type === 'VariableDeclarator'
    return isConstant && declaration.id.type === 'Identifier' && declaration.init
      ? this.columnOf(declaration.init)
      : null
  }

  /** The part of a pattern that takes the name's value out of a row, null for other names. */
  takenFrom(binding: Binding): AnyNode | null {
    return this.#taken.get(binding)?.node ?? null
  }

  /** Whether the name holds a row. */
  isRow(binding: Binding): boolean {
    return this.#rows.has(binding)
  }

  #parameter(param: Pattern, parameter: number): void {
    // A row is never undefined: a default is never used.
    const pattern = param.type === 'AssignmentPattern' ? param.left : param
    if (pattern.type === 'Identifier') this.#rows.set(this.scopes.bindingOf.get(pattern)!, parameter)
    else if (pattern.type === 'ObjectPattern') this.#takeOut(pattern, parameter)
    else this.#sites.push({ start: param.start, end: param.end, parameter, column: null })
  }

  /** `{ a, b: { c } = {} }` takes columns `a` and `b` out of a row. */
  #takeOut(pattern: Extract<Pattern, { type: 'ObjectPattern' }>, parameter: number): void {
    for (const property of pattern.properties) {
      const name = property.type === 'Property' ? propertyName(property) : null
      const column = name === null || isInherited(name) ? null : name
      this.#sites.push({ start: property.start, end: property.end, parameter, column })
      walk(property, node => {
        const binding = node.type === 'Identifier' ? this.scopes.bindingOf.get(node) : undefined
        const isDeclared = binding?.references.every(reference => reference.node !== node)
        if (binding !== undefined && isDeclared)
          this.#taken.set(binding, { node: property, parameter, column })
        return undefined
      })
    }
  }

  #rowReference(reference: Reference, parameter: number): void {
    const site = this.#siteOf(reference, parameter)
    if (site !== 'none') this.#sites.push({ ...site, parameter })
  }

  /** The column that a use of a row reads, null for any; none when it asks whether there is a row or names it anew. */
  #siteOf({ node, writes }: Reference, parameter: number): Omit<Site, 'parameter'> | 'none' {
    const anywhere = { start: node.start, end: node.end, column: null }
    if (writes) return anywhere
    for (let value: AnyNode = node; ; ) {
      const parent = this.scopes.parentOf.get(value)
      switch (parent?.type) {
        case 'MemberExpression': {
          const column = parent.object === value ? memberName(parent) : null
          return column === null || isInherited(column)
            ? anywhere
            : { start: parent.start, end: parent.end, column }
        }
        case 'VariableDeclarator':
          return this.#isAlias(parent, parameter) ? 'none' : anywhere
        case 'BinaryExpression':
          return isNothing(parent.left) || isNothing(parent.right) ? 'none' : anywhere
        case 'IfStatement':
        case 'UnaryExpression':
          return 'none'
        case 'LogicalExpression':
          // Of the left side of && only null comes through, and of nothing a column can be read.
          if (parent.left === value && parent.operator === '&&') return 'none'
          break
        case 'ConditionalExpression':
          if (parent.test === value) return 'none'
          break
        case 'ChainExpression':
          break
        default:
          return anywhere
      }
      value = parent
    }
  }

  #isAlias({ id }: Extract<AnyNode, { type: 'VariableDeclarator' }>, parameter: number): boolean {
    if (id.type === 'ObjectPattern') this.#takeOut(id, parameter)
    if (id.type !== 'Identifier') return id.type === 'ObjectPattern'
    const binding = this.scopes.bindingOf.get(id)!
    if (binding.kind === 'var' || binding.references.some(({ writes }) => writes)) return false
    this.#rows.set(binding, parameter)
    return true
  }
}

/** The name of `object.name` or `object['name']`, null for a computed one. */
export function memberName(member: Extract<AnyNode, { type: 'MemberExpression' }>): string | null {
  if (!member.computed) return member.property.type === 'Identifier' ? member.property.name : null
  const { property } = member
  if (property.type === 'TemplateLiteral' && property.expressions.length === 0) {
    return property.quasis[0]?.value.cooked ?? null
  }
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : null
}

/** The name of a property of an object literal or pattern, null for a computed one. */
export function propertyName(property: { computed: boolean; key: AnyNode }): string | null {
  const { computed, key } = property
  if (key.type === 'Identifier') return computed ? null : key.name
  if (key.type !== 'Literal') return null
  return computed && typeof key.value !== 'string' ? null : String(key.value)
}

/** Every object has it: `row.valueOf()` is the row. */
function isInherited(name: string): boolean {
  return name in Object.prototype
}

function isNothing(node: AnyNode): boolean {
  if (node.type === 'Identifier') return node.name === 'undefined'
  return node.type === 'Literal' && node.value === null && node.regex === undefined
}

function hasOtherWays({ node }: FunctionSource): boolean {
  let found = false
  walk(node as AnyNode, inner => {
    if (inner.type === 'ThisExpression' || inner.type === 'WithStatement') found = true
    if (inner.type === 'Identifier' && otherWays.has(inner.name)) found = true
    if (inner.type === 'Literal' && inner.value === 'arguments') found = true
    return undefined
  })
  return found
}

const otherWays: ReadonlySet<string> = new Set(['arguments', 'eval'])
