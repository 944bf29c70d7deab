import type { AnyNode, Identifier } from 'acorn'
import { changingMethods } from './changing-methods.js'
import { NormalForm, type OuterNames, sameEverywhere } from './normal-form.js'
import type { PlanSource, SourceModule } from './plan-source.js'
import { memberName, propertyName } from './row-use.js'
import type { Binding } from './scopes.js'

/** A name whose value no source tells. */
export interface Unresolved {
  /** The name, or the expression, as written. */
  name: string
  /** The file and line, or the step of a plan that was not read from its source. */
  place: string
  /** Why, as a clause: "it is assigned to". */
  reason: string
}

/** What a name stands for: a node of a module. */
export interface Definition {
  node: AnyNode
  module: SourceModule
}

/** Follows names through modules and cells to what defines them, and gives the normal form of that. */
export class SourceNames {
  readonly unresolved: Unresolved[] = []
  readonly #source: PlanSource
  readonly #forms = new Map<SourceModule, NormalForm>()
  /** The names whose definitions are being followed. */
  readonly #open: Binding[] = []

  constructor(source: PlanSource) {
    this.#source = source
  }

  /** The normal form of an expression, with definitions in the place of names. */
  form({ node, module }: Definition): string {
    let form = this.#forms.get(module)
    if (form === undefined) {
      form = new NormalForm(module.scopes, this.#outer(module))
      this.#forms.set(module, form)
    }
    return form.of(node)
  }

  /** What a constant, a function or an import stands for; null for what has no one definition here. */
  definition(node: Identifier, module: SourceModule): Definition | null {
    const found = this.#bindingOf(node, module)
    if (found === null) return null
    const { binding } = found
    if (binding.kind === 'import') return this.#imported(binding, found.module)
    if (binding.kind === 'function' || binding.kind === 'class')
      return { node: binding.declaration, module: found.module }
    const { declaration } = binding
    const isPlain = declaration.type === 'VariableDeclarator' && declaration.id.type === 'Identifier'
    return isPlain && declaration.init ? { node: declaration.init, module: found.module } : null
  }

  /** Where a name comes from, as `package#name`, when it is imported from a package. */
  packageName(node: AnyNode, module: SourceModule): string | null {
    if (node.type === 'MemberExpression' && node.object.type === 'Identifier') {
      const found = this.#bindingOf(node.object, module)
      const isNamespace = found?.binding.declaration.type === 'ImportNamespaceSpecifier'
      return isNamespace ? `${this.#specifierOf(found!.binding, found!.module)}#${memberName(node)}` : null
    }
    const found = node.type === 'Identifier' ? this.#bindingOf(node, module) : null
    if (found?.binding.kind !== 'import') return null
    const specifier = this.#specifierOf(found.binding, found.module)
    return specifier.startsWith('.') ? null : `${specifier}#${importedName(found.binding)}`
  }

  #bindingOf(node: Identifier, module: SourceModule): { binding: Binding; module: SourceModule } | null {
    const own = module.scopes.bindingOf.get(node)
    if (own !== undefined) return { binding: own, module }
    const declared = this.#declarations(node.name)
    return declared.length === 1 ? declared[0]! : null
  }

  /** The declarations of a name at the top of the cells. */
  #declarations(name: string): { binding: Binding; module: SourceModule }[] {
    if (this.#source.modules.length < 2) return []
    return this.#source.modules.flatMap(module =>
      module.scopes.bindings
        .filter(binding => binding.name === name && isAtTop(binding, module))
        .map(binding => ({ binding, module })),
    )
  }

  #outer(module: SourceModule): OuterNames {
    return {
      name: (node, binding) => this.#name(node, binding, module),
      member: node => this.#member(node, module),
      refuse: (node, reason) => this.#refuse(node, module, reason),
    }
  }

  #name(node: Identifier, own: Binding | null, module: SourceModule): string {
    if (own !== null) return this.#bound(node, own, module, module)
    const declared = this.#declarations(node.name)
    if (declared.length > 1) return this.#refuse(node, module, 'several cells declare it')
    if (declared[0] !== undefined) return this.#bound(node, declared[0].binding, declared[0].module, module)
    if (sameEverywhere.has(node.name)) {
      const impure = this.#impureUse(node, module)
      return impure === null ? `$${node.name}` : this.#refuse(impure, module, 'it differs from run to run')
    }
    return this.#refuse(node, module, 'nothing here declares it')
  }

  #bound(node: Identifier, binding: Binding, home: SourceModule, module: SourceModule): string {
    const depth = this.#open.lastIndexOf(binding)
    if (depth >= 0) return `@${this.#open.length - depth}`
    if (binding.kind === 'import') return this.#importForm(node, binding, home)
    if (binding.kind === 'param' || binding.kind === 'catch') {
      return this.#refuse(
        node,
        module,
        'it is a parameter, whose value is known only when the function is called',
      )
    }
    const changed = this.#changeOf(binding, home)
    if (changed !== null) return this.#refuse(node, module, changed)
    this.#open.push(binding)
    const form = this.#definitionForm(node, binding, home, module)
    this.#open.pop()
    return form
  }

  #definitionForm(node: Identifier, binding: Binding, home: SourceModule, module: SourceModule): string {
    const { declaration } = binding
    if (declaration.type !== 'VariableDeclarator') return this.form({ node: declaration, module: home })
    if (!declaration.init) return this.#refuse(node, module, 'it has no value where it is declared')
    const before = this.unresolved.length
    const form = this.form({ node: declaration.init, module: home })
    // What the name is made of is told by the name that the pipeline uses.
    for (const one of this.unresolved.slice(before)) {
      if (one.name !== node.name && !one.reason.includes('by way of'))
        one.reason += `, and ${node.name} is made of it`
    }
    return declaration.id.type === 'Identifier'
      ? form
      : `(take ${pathIn(declaration.id, binding.name)} ${form})`
  }

  #importForm(node: Identifier, binding: Binding, module: SourceModule): string {
    const specifier = this.#specifierOf(binding, module)
    if (specifier.startsWith('node:'))
      return this.#refuse(node, module, `it is of ${specifier}, outside the source`)
    if (!specifier.startsWith('.')) {
      return `${specifier}#${importedName(binding)}@${this.#source.versionOf(specifier)}`
    }
    const data = module.imports.get(specifier)
    if (typeof data === 'string') return JSON.stringify(data)
    const definition = this.#imported(binding, module)
    if (definition === null) return this.#refuse(node, module, `it is not found in ${specifier}`)
    const exported = this.#exportedBinding(binding, module)
    if (exported !== null) return this.#bound(node, exported.binding, exported.module, module)
    return this.form(definition)
  }

  #member(node: Extract<AnyNode, { type: 'MemberExpression' }>, module: SourceModule): string | null {
    if (node.object.type !== 'Identifier') return null
    const found = this.#bindingOf(node.object, module)
    if (found?.binding.declaration.type !== 'ImportNamespaceSpecifier') return null
    const specifier = this.#specifierOf(found.binding, found.module)
    const imported = found.module.imports.get(specifier)
    const name = memberName(node)
    if (imported === undefined || typeof imported === 'string' || name === null) return null
    const exported = exportOf(imported, name)
    return exported === null ? null : this.#bound(node.object, exported.binding, exported.module, module)
  }

  #specifierOf(binding: Binding, module: SourceModule): string {
    const parent = module.scopes.parentOf.get(binding.declaration)
    return parent?.type === 'ImportDeclaration' ? String(parent.source.value) : ''
  }

  #exportedBinding(
    binding: Binding,
    module: SourceModule,
  ): { binding: Binding; module: SourceModule } | null {
    const imported = module.imports.get(this.#specifierOf(binding, module))
    return imported === undefined || typeof imported === 'string'
      ? null
      : exportOf(imported, importedName(binding))
  }

  #imported(binding: Binding, module: SourceModule): Definition | null {
    const exported = this.#exportedBinding(binding, module)
    if (exported === null) {
      const imported = module.imports.get(this.#specifierOf(binding, module))
      const isModule = imported !== undefined && typeof imported !== 'string'
      return isModule && importedName(binding) === 'default' ? defaultExport(imported) : null
    }
    const { declaration } = exported.binding
    const node = declaration.type === 'VariableDeclarator' ? declaration.init : declaration
    return node ? { node, module: exported.module } : null
  }

  /** Why a name does not keep the value it is declared with; null when it does. */
  #changeOf({ references, name }: Binding, module: SourceModule): string | null {
    const uses = [
      ...references.map(reference => ({ reference, module })),
      ...this.#source.modules
        .filter(other => other !== module)
        .flatMap(other =>
          other.scopes.references
            .filter(({ binding, node }) => binding === null && node.name === name)
            .map(reference => ({ reference, module: other })),
        ),
    ]
    for (const { reference, module: where } of uses) {
      const { line } = where.place(reference.node.start)
      if (reference.writes) return `it is assigned to at ${where.name}:${line}`
      if (isChanged(reference.node, where)) return `it is changed at ${where.name}:${line}`
    }
    return null
  }

  #impureUse(node: Identifier, module: SourceModule): AnyNode | null {
    const parent = module.scopes.parentOf.get(node)
    const member = parent?.type === 'MemberExpression' ? memberName(parent) : null
    const isNow =
      node.name === 'Date' &&
      (member === 'now' || (parent?.type === 'CallExpression' && parent.callee === node))
    const isNew = node.name === 'Date' && parent?.type === 'NewExpression' && parent.arguments.length === 0
    const isChance = node.name === 'Math' && member === 'random'
    return isNow || isNew || isChance ? parent! : null
  }

  #refuse(node: AnyNode, module: SourceModule, reason: string): string {
    const { line, column } = module.place(node.start)
    const name =
      node.type === 'Identifier' ? node.name : node.type === 'AwaitExpression' ? 'await' : sourceName(node)
    this.unresolved.push({ name, place: `${module.name}:${line}:${column}`, reason })
    return '?'
  }
}

function sourceName(node: AnyNode): string {
  if (node.type === 'MemberExpression' && node.object.type === 'Identifier') {
    return `${node.object.name}.${memberName(node)}`
  }
  return node.type === 'NewExpression' ? 'new Date()' : node.type === 'CallExpression' ? 'Date()' : 'import()'
}

function importedName({ declaration }: Binding): string {
  switch (declaration.type) {
    case 'ImportSpecifier':
      return declaration.imported.type === 'Identifier'
        ? declaration.imported.name
        : String(declaration.imported.value)
    case 'ImportDefaultSpecifier':
      return 'default'
    default:
      return '*'
  }
}

function isAtTop(binding: Binding, { scopes }: SourceModule): boolean {
  for (
    let node: AnyNode | undefined = binding.declaration;
    node !== undefined;
    node = scopes.parentOf.get(node)
  ) {
    const isInside = /Function/.test(node.type) || node.type === 'BlockStatement'
    if (isInside && node !== binding.declaration) return false
  }
  return true
}

/** The binding that a module exports under a name, through re-exports. */
export function exportOf(
  module: SourceModule,
  name: string,
): { binding: Binding; module: SourceModule } | null {
  for (const statement of module.program.body) {
    if (statement.type === 'ExportAllDeclaration') {
      const from = module.imports.get(String(statement.source.value))
      const found = from === undefined || typeof from === 'string' ? null : exportOf(from, name)
      if (found !== null) return found
    }
    if (statement.type !== 'ExportNamedDeclaration') continue
    for (const { local, exported } of statement.specifiers) {
      if ((exported.type === 'Identifier' ? exported.name : exported.value) !== name) continue
      const localName = local.type === 'Identifier' ? local.name : String(local.value)
      const from = statement.source ? module.imports.get(String(statement.source.value)) : module
      if (from === undefined || typeof from === 'string') return null
      return from === module ? topBinding(module, localName) : exportOf(from, localName)
    }
    if (statement.declaration) {
      const own = topBinding(module, name)
      const { start, end } = statement
      if (own !== null && own.binding.declaration.start >= start && own.binding.declaration.end <= end)
        return own
    }
  }
  return null
}

function defaultExport(module: SourceModule): Definition | null {
  const statement = module.program.body.find(one => one.type === 'ExportDefaultDeclaration')
  return statement?.type === 'ExportDefaultDeclaration'
    ? { node: statement.declaration as AnyNode, module }
    : null
}

function topBinding(module: SourceModule, name: string): { binding: Binding; module: SourceModule } | null {
  const binding = module.scopes.bindings.find(one => one.name === name && isAtTop(one, module))
  return binding === undefined ? null : { binding, module }
}

/** The names of the properties that lead to a name in a pattern. */
function pathIn(pattern: AnyNode, name: string): string | null {
  switch (pattern.type) {
    case 'Identifier':
      return pattern.name === name ? '' : null
    case 'AssignmentPattern':
      return pathIn(pattern.left, name)
    case 'RestElement': {
      const inner = pathIn(pattern.argument, name)
      return inner === null ? null : `...${inner}`
    }
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        const target = property.type === 'Property' ? property.value : property
        const inner = pathIn(target, name)
        const key = property.type === 'Property' ? propertyName(property) : ''
        if (inner !== null) return `.${key}${inner}`
      }
      return null
    case 'ArrayPattern': {
      const at = pattern.elements.findIndex(element => element !== null && pathIn(element, name) !== null)
      return at < 0 ? null : `[${at}]${pathIn(pattern.elements[at]!, name)}`
    }
    default:
      return null
  }
}

/** Whether a use of a constant changes what is inside it. */
function isChanged(node: AnyNode, { scopes }: SourceModule): boolean {
  let inner = node
  for (;;) {
    const parent = scopes.parentOf.get(inner)
    if (parent?.type === 'MemberExpression' && parent.object === inner) {
      const called = scopes.parentOf.get(parent)
      const isCall = called?.type === 'CallExpression' && called.callee === parent
      if (isCall) return changingMethods.has(memberName(parent) ?? '')
      inner = parent
      continue
    }
    if (parent?.type === 'AssignmentExpression') return parent.left === inner && inner !== node
    if (parent?.type === 'UpdateExpression') return inner !== node
    return parent?.type === 'UnaryExpression' && parent.operator === 'delete'
  }
}
