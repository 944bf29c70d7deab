import type { AnyNode, Function as FunctionNode } from 'acorn'
import type { LocateFunction } from './check-functions.js'
import { functionSource } from './function-source.js'
import { NormalForm } from './normal-form.js'
import type { PlanSource, SourceModule } from './plan-source.js'
import { memberName } from './row-use.js'
import { resolveScopes, type Scopes, walk } from './scopes.js'

interface Written {
  node: AnyNode
  module: SourceModule
}

/**
 * Finds functions that run in the source they were written in, by their syntax: what a tool made of their text, other
 * names for imports and for what earlier cells declare, makes no difference. Of functions that are written alike, the
 * first is told.
 */
export function locateIn(source: PlanSource): LocateFunction {
  const byShape = new Map<string, Written>()
  for (const module of source.all) {
    const shape = shapes(module.scopes)
    walk(module.program, node => {
      if (!isFunction(node)) return undefined
      const text = shape.of(node)
      if (!byShape.has(text)) byShape.set(text, { node, module })
      return undefined
    })
  }
  return (given, offset) => {
    const running = functionSource(given)
    if (running === null) return null
    const written = byShape.get(shapes(resolveScopes(running.node)).of(running.node))
    if (written === undefined) return null
    const at = twin(running.node as AnyNode, written.node, offset + running.before)
    return { offset, file: written.module.name, ...written.module.place(at.start) }
  }
}

/** Normal forms in which names from outside are kept, as they are written. */
function shapes(scopes: Scopes): NormalForm {
  return new NormalForm(scopes, {
    name: node => `$${node.name}`,
    member: node => {
      const isMade = node.object.type === 'Identifier' && madeByTools.test(node.object.name)
      return isMade ? `$${memberName(node)}` : null
    },
    refuse: (_, reason) => reason,
  })
}

/** What tools put before names of other modules and cells: tslab, TypeScript, vitest. */
const madeByTools = /^(exports|__vi_import_\d+__|\w+_\d+)$/

function isFunction(node: AnyNode): node is Extract<AnyNode, FunctionNode> {
  return /^(ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(node.type)
}

/** The part of the written function that stands where the part that begins at `offset` stands in the running one. */
function twin(running: AnyNode, written: AnyNode, offset: number): AnyNode {
  const parts = partsOf(running)
  const index = parts.findIndex(({ start }) => start === offset)
  return partsOf(written)[index] ?? written
}

/** The nodes that both have: a tool may have put names of modules before names. */
function partsOf(root: AnyNode): AnyNode[] {
  const parts: AnyNode[] = []
  walk(root, node => {
    parts.push(node)
    return !(
      node.type === 'MemberExpression' &&
      node.object.type === 'Identifier' &&
      madeByTools.test(node.object.name)
    )
  })
  return parts
}
