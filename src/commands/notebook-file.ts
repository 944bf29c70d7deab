import type { AnyNode, Program } from 'acorn'
import { parse } from 'acorn'
import { ObslabError } from '../errors.js'
import { type NotebookCell, notebookCells } from '../export/notebook-cells.js'
import { loadPackage } from '../optional-package.js'
import { resolveScopes, walk } from '../pipeline/scopes.js'

/** A notebook's declarations as a module. */
export interface NotebookModule {
  /** JavaScript that exports what the notebook declares at the top of its cells. */
  code: string
  /** The names left out, with why: `lab`, "cell 2 awaits it". */
  skipped: ReadonlyMap<string, string>
}

/** A statement at the top of a cell. */
interface Statement {
  cell: number
  text: string
  node: AnyNode
  declares: readonly string[]
  /** The names from elsewhere that it, or a function in it, uses. */
  uses: ReadonlySet<string>
  /** Those of them that it assigns to. */
  assigns: readonly string[]
  awaits: boolean
}

/**
 * The declarations of a notebook's cells, types stripped: imports, functions, classes, and variables whose value follows
 * from such alone. What awaits something, what follows from that, and what is assigned to later is left out, and so are
 * statements that only do something, such as showing a frame. Of a name declared in several cells the last one counts.
 */
export async function notebookModule(path: string): Promise<NotebookModule> {
  const statements = (await Promise.all((await notebookCells(path)).map(statementsOf(path)))).flat()
  const skipped = new Map<string, string>()
  const declared = new Map<string, Statement>()
  for (const statement of statements) for (const name of statement.declares) declared.set(name, statement)
  for (const { cell, assigns } of statements) {
    for (const name of assigns) if (declared.has(name)) skipped.set(name, `cell ${cell} assigns to it`)
  }
  for (const { declares, awaits, cell } of statements) {
    if (awaits) for (const name of declares) skipped.set(name, `cell ${cell} awaits its value`)
  }
  for (let before = -1; before !== skipped.size; ) {
    before = skipped.size
    for (const { declares, uses, cell } of declared.values()) {
      const behind = [...uses].find(name => skipped.has(name) && declared.has(name))
      if (behind === undefined) continue
      for (const name of declares) {
        if (!skipped.has(name))
          skipped.set(name, `cell ${cell} makes it of ${behind}, and ${skipped.get(behind)}`)
      }
    }
  }
  const kept = [...new Set(declared.values())].filter(
    ({ declares }) => !declares.some(name => skipped.has(name)),
  )
  kept.sort((a, b) => statements.indexOf(a) - statements.indexOf(b))
  return { code: moduleOf(statements, kept, declared), skipped }
}

function statementsOf(path: string): (cell: NotebookCell) => Promise<Statement[]> {
  return async ({ number, source }) => {
    const code = await stripped(path, number, source)
    const program: Program = parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowAwaitOutsideFunction: true,
    })
    return program.body.map(node => {
      const free = resolveScopes(node).references.filter(({ binding }) => binding === null)
      return {
        cell: number,
        text: code.slice(node.start, node.end),
        node,
        declares: declaredBy(node),
        uses: new Set(free.map(reference => reference.node.name)),
        assigns: free.filter(({ writes }) => writes).map(reference => reference.node.name),
        awaits: awaitsIn(node),
      }
    })
  }
}

/** A cell without its types. Imports that are only types are still there, and go when nobody uses them. */
async function stripped(path: string, cell: number, source: string): Promise<string> {
  const { transform } = await loadPackage('esbuild', 'reading a notebook', () => import('esbuild'))
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
  try {
    const { code } = await transform(source, { loader: 'ts', format: 'esm', tsconfigRaw, logLevel: 'silent' })
    return code
  } catch (cause) {
    const [first] = (cause as { errors?: { text: string; location: { line: number } | null }[] }).errors ?? []
    const at = first?.location ? `, line ${first.location.line}` : ''
    throw invalid(`${path}, code cell ${cell}${at} cannot be read: ${first?.text ?? String(cause)}`)
  }
}

function declaredBy(node: AnyNode): string[] {
  switch (node.type) {
    case 'ExportNamedDeclaration':
      return node.declaration ? declaredBy(node.declaration) : []
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return node.id ? [node.id.name] : []
    case 'VariableDeclaration':
      return node.declarations.flatMap(({ id }) => boundNames(id))
    default:
      return []
  }
}

function boundNames(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap(one => boundNames(one.type === 'Property' ? one.value : one.argument))
    case 'ArrayPattern':
      return pattern.elements.flatMap(one => (one === null ? [] : boundNames(one)))
    case 'AssignmentPattern':
      return boundNames(pattern.left)
    case 'RestElement':
      return boundNames(pattern.argument)
    default:
      return []
  }
}

/** Whether evaluating a statement waits: an await that is in no function of its own. */
function awaitsIn(node: AnyNode): boolean {
  let found = false
  walk(node, inner => {
    if (inner.type === 'AwaitExpression' || (inner.type === 'ForOfStatement' && inner.await)) found = true
    return !/Function/.test(inner.type)
  })
  return found
}

/** Imports of what the kept statements use, then these, all exported. */
function moduleOf(
  statements: readonly Statement[],
  kept: readonly Statement[],
  declared: ReadonlyMap<string, Statement>,
): string {
  const used = new Set(kept.flatMap(({ uses }) => [...uses]))
  const imports = new Map<string, string>()
  for (const { node } of statements) {
    if (node.type !== 'ImportDeclaration') continue
    const from = JSON.stringify(node.source.value)
    for (const specifier of node.specifiers) {
      const local = specifier.local.name
      if (!used.has(local) || declared.has(local)) continue
      imports.set(local, `import ${specifierText(specifier)} from ${from}`)
    }
  }
  const body = kept.map(({ text, node }) => (node.type.startsWith('Export') ? text : `export ${text}`))
  return `${[...imports.values(), ...body].join('\n')}\n`
}

function specifierText(specifier: AnyNode): string {
  switch (specifier.type) {
    case 'ImportDefaultSpecifier':
      return specifier.local.name
    case 'ImportNamespaceSpecifier':
      return `* as ${specifier.local.name}`
    case 'ImportSpecifier': {
      const { imported, local } = specifier
      const name = imported.type === 'Identifier' ? imported.name : JSON.stringify(imported.value)
      return `{ ${name} as ${local.name} }`
    }
    default:
      return '{}'
  }
}

function invalid(message: string): ObslabError {
  return new ObslabError('job-file-invalid', message)
}
