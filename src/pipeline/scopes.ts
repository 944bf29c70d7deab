import type { AnyNode, Function as FunctionNode, Identifier, Pattern } from 'acorn'

/** A name that a piece of source declares. */
export interface Binding {
  name: string
  kind: 'param' | 'var' | 'let' | 'const' | 'function' | 'class' | 'import' | 'catch'
  /** The declarator, function, class, import specifier or parameter's pattern that declares it. */
  declaration: AnyNode
  /** Every use of it but the declaration. */
  references: Reference[]
}

/** A use of a name. */
export interface Reference {
  node: Identifier
  /** What the name stands for; null when the source does not declare it: a global, or something captured. */
  binding: Binding | null
  /** Whether it is assigned to, by `=`, `++`, a pattern or a loop. */
  writes: boolean
}

/** Which name means which declaration in a piece of source, whatever names shadow others. */
export interface Scopes {
  references: readonly Reference[]
  bindings: readonly Binding[]
  /** The binding of each identifier, those that declare one too. */
  bindingOf: ReadonlyMap<AnyNode, Binding>
  parentOf: ReadonlyMap<AnyNode, AnyNode>
}

interface Scope {
  outer: Scope | null
  /** Where `var` is hoisted to. */
  holdsVar: boolean
  names: Map<string, Binding>
}

/** Resolves the names of a function, an expression or a program. */
export function resolveScopes(root: AnyNode | FunctionNode): Scopes {
  const resolver = new ScopeResolver()
  resolver.visit(root as AnyNode, { outer: null, holdsVar: true, names: new Map() })
  return resolver.finish()
}

/** The nodes right inside a node, in no particular order of names but each list in its own. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = []
  for (const value of Object.values(node) as unknown[]) {
    if (isNode(value)) children.push(value)
    else if (Array.isArray(value)) children.push(...value.filter(isNode))
  }
  return children
}

/** Calls `visit` with a node and everything inside it, outer ones first; what it returns false for is not entered. */
export function walk(node: AnyNode, visit: (node: AnyNode) => boolean | undefined): void {
  if (visit(node) === false) return
  for (const child of childrenOf(node)) walk(child, visit)
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as AnyNode).type === 'string'
}

class ScopeResolver {
  readonly #references: (Reference & { scope: Scope })[] = []
  readonly #bindings: Binding[] = []
  readonly #bindingOf = new Map<AnyNode, Binding>()
  readonly #parentOf = new Map<AnyNode, AnyNode>()

  finish(): Scopes {
    for (const reference of this.#references) {
      let scope: Scope | null = reference.scope
      while (scope !== null && !scope.names.has(reference.node.name)) scope = scope.outer
      const binding = scope?.names.get(reference.node.name) ?? null
      reference.binding = binding
      binding?.references.push(reference)
      if (binding !== null) this.#bindingOf.set(reference.node, binding)
    }
    return {
      references: this.#references,
      bindings: this.#bindings,
      bindingOf: this.#bindingOf,
      parentOf: this.#parentOf,
    }
  }

  visit(node: AnyNode, scope: Scope): void {
    for (const child of childrenOf(node)) this.#parentOf.set(child, node)
    switch (node.type) {
      case 'Identifier':
        this.#references.push({ node, binding: null, writes: false, scope })
        return
      case 'FunctionDeclaration':
        if (node.id) this.#declare(node.id, 'function', node, scope)
        this.#function(node, scope)
        return
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node, scope)
        return
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const inner = node.type === 'ClassExpression' ? inside(scope) : scope
        if (node.id) this.#declare(node.id, 'class', node, inner)
        if (node.superClass) this.visit(node.superClass, inner)
        this.visit(node.body, inner)
        return
      }
      case 'VariableDeclaration':
        this.#variables(node, scope)
        return
      case 'ImportDeclaration':
        for (const specifier of node.specifiers) {
          this.#parentOf.set(specifier.local, specifier)
          this.#declare(specifier.local, 'import', specifier, scope)
        }
        return
      case 'CatchClause': {
        const inner = inside(scope)
        if (node.param) this.#pattern(node.param, 'catch', node, inner)
        this.visit(node.body, inner)
        return
      }
      case 'AssignmentExpression':
        this.#target(node.left, scope)
        this.visit(node.right, scope)
        return
      case 'UpdateExpression':
        this.#target(node.argument as Pattern, scope)
        return
      case 'MemberExpression':
        this.visit(node.object as AnyNode, scope)
        if (node.computed) this.visit(node.property, scope)
        return
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) this.visit(node.key as AnyNode, scope)
        if (node.value) this.visit(node.value as AnyNode, scope)
        return
      case 'ExportSpecifier':
        if (node.local.type === 'Identifier') this.visit(node.local, scope)
        return
      case 'LabeledStatement':
        this.visit(node.body, scope)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return
      case 'BlockStatement':
      case 'SwitchStatement':
      case 'ForStatement':
      case 'StaticBlock':
        this.#children(node, inside(scope))
        return
      case 'ForInStatement':
      case 'ForOfStatement': {
        const inner = inside(scope)
        if (node.left.type === 'VariableDeclaration') this.visit(node.left, inner)
        else this.#target(node.left, inner)
        this.visit(node.right, inner)
        this.visit(node.body, inner)
        return
      }
      default:
        this.#children(node, scope)
    }
  }

  #children(node: AnyNode, scope: Scope): void {
    for (const child of childrenOf(node)) this.visit(child, scope)
  }

  #function(node: FunctionNode, outer: Scope): void {
    const scope: Scope = { outer, holdsVar: true, names: new Map() }
    const named = (node as AnyNode).type === 'FunctionExpression' ? node.id : null
    if (named) this.#declare(named, 'function', node as AnyNode, scope)
    for (const param of node.params) this.#pattern(param, 'param', param, scope)
    if (node.body.type !== 'BlockStatement') {
      this.visit(node.body, scope)
      return
    }
    for (const child of node.body.body) {
      this.#parentOf.set(child, node.body)
      this.visit(child, scope)
    }
  }

  #variables(node: Extract<AnyNode, { type: 'VariableDeclaration' }>, scope: Scope): void {
    let home = scope
    while (node.kind === 'var' && !home.holdsVar) home = home.outer!
    const kind = node.kind === 'var' || node.kind === 'let' ? node.kind : 'const'
    for (const declarator of node.declarations) {
      this.#parentOf.set(declarator.id, declarator)
      if (declarator.init) this.#parentOf.set(declarator.init, declarator)
      this.#pattern(declarator.id, kind, declarator, home, scope)
      if (declarator.init) this.visit(declarator.init, scope)
    }
  }

  /** Declares the names of a pattern in `scope`; its defaults and computed names are read in `reads`. */
  #pattern(pattern: Pattern, kind: Binding['kind'], by: AnyNode, scope: Scope, reads: Scope = scope): void {
    for (const child of childrenOf(pattern)) this.#parentOf.set(child, pattern)
    switch (pattern.type) {
      case 'Identifier':
        this.#declare(pattern, kind, by, scope)
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') {
            this.#pattern(property, kind, by, scope, reads)
            continue
          }
          for (const child of childrenOf(property)) this.#parentOf.set(child, property)
          if (property.computed) this.visit(property.key, reads)
          this.#pattern(property.value, kind, by, scope, reads)
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) {
          if (element) this.#pattern(element, kind, by, scope, reads)
        }
        return
      case 'RestElement':
        this.#pattern(pattern.argument, kind, by, scope, reads)
        return
      case 'AssignmentPattern':
        this.#pattern(pattern.left, kind, by, scope, reads)
        this.visit(pattern.right, reads)
        return
      case 'MemberExpression':
        this.visit(pattern, reads)
    }
  }

  /** What is assigned to: names are written, members are read of. */
  #target(pattern: Pattern, scope: Scope): void {
    if (pattern.type === 'Identifier') {
      this.#references.push({ node: pattern, binding: null, writes: true, scope })
      return
    }
    for (const child of childrenOf(pattern)) this.#parentOf.set(child, pattern)
    switch (pattern.type) {
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          for (const child of childrenOf(property)) this.#parentOf.set(child, property)
          if (property.type === 'RestElement') this.#target(property.argument, scope)
          else {
            if (property.computed) this.visit(property.key, scope)
            this.#target(property.value, scope)
          }
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element) this.#target(element, scope)
        return
      case 'RestElement':
        this.#target(pattern.argument, scope)
        return
      case 'AssignmentPattern':
        this.#target(pattern.left, scope)
        this.visit(pattern.right, scope)
        return
      default:
        this.visit(pattern, scope)
    }
  }

  #declare(id: Identifier, kind: Binding['kind'], declaration: AnyNode, scope: Scope): void {
    const known = scope.names.get(id.name)
    if (known !== undefined) {
      // A name declared twice in one scope has no one value: it counts as written.
      known.references.push({ node: id, binding: known, writes: true })
      this.#bindingOf.set(id, known)
      return
    }
    const binding: Binding = { name: id.name, kind, declaration, references: [] }
    scope.names.set(id.name, binding)
    this.#bindings.push(binding)
    this.#bindingOf.set(id, binding)
  }
}

function inside(outer: Scope): Scope {
  return { outer, holdsVar: false, names: new Map() }
}
