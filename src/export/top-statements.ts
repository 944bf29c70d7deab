import type ts from 'typescript'
import { type NameUse, usesIn } from './name-use.js'
import { refused } from './slice-problem.js'
import { placeIn, type SourceCell } from './slice-source.js'
import type { TypeScript } from './typescript.js'

/** A name that an import gives. */
export interface ImportedName {
  local: string
  /** The name in the module, `default`, or `*` for all of it. */
  imported: string
  specifier: string
  /** Whether the author imports it as a type. */
  isType: boolean
  /** Of the name where it is imported. */
  node: ts.Node
}

/** A statement at the top of a cell. */
export interface TopStatement {
  cell: SourceCell
  node: ts.Statement
  /** Its place among the cell's statements, from 0. */
  index: number
  /** The names it declares. */
  declares: readonly string[]
  /** The names it imports. */
  imports: readonly ImportedName[]
  /** The names that it uses of others, and those that it declares itself. */
  uses: readonly NameUse[]
  /** Where its evaluation waits. */
  awaits: ts.Node | null
}

/** The statements of cells in their order. A cell that cannot be parsed is refused. */
export function topStatements(ts: TypeScript, cells: readonly SourceCell[]): TopStatement[] {
  const files = new Map(
    cells.map((cell, i) => [
      `/${i}.ts`,
      { cell, file: ts.createSourceFile(`/${i}.ts`, cell.code, ts.ScriptTarget.ESNext, true) },
    ]),
  )
  const program = bindingProgram(ts, new Map(Array.from(files, ([name, { file }]) => [name, file])))
  const checker = program.getTypeChecker()
  return [...files.values()].flatMap(({ cell, file }) => {
    const [error] = program.getSyntacticDiagnostics(file)
    if (error !== undefined) {
      const reason = ts.flattenDiagnosticMessageText(error.messageText, ' ')
      throw refused(
        `${placeIn(cell, error.start)} is no TypeScript: ${reason} Correct it, or make it a cell of text.`,
      )
    }
    const tops = new Set(file.statements.flatMap(node => declarationsOf(ts, node)))
    return file.statements.map((node, index) => {
      const isInner = (name: ts.Identifier): boolean =>
        symbolOf(ts, checker, name)?.declarations?.some(one => isWithin(one, node) && !tops.has(one)) ?? false
      return statementOf(ts, { cell, node, index, isInner })
    })
  })
}

interface Parsed {
  cell: SourceCell
  node: ts.Statement
  index: number
  isInner(node: ts.Identifier): boolean
}

function statementOf(ts: TypeScript, { cell, node, index, isInner }: Parsed): TopStatement {
  if (ts.isImportDeclaration(node)) {
    return { cell, node, index, declares: [], imports: importsOf(ts, node), uses: [], awaits: null }
  }
  const declares = declarationsOf(ts, node).flatMap(({ name }) =>
    name !== undefined && ts.isIdentifier(name) ? [name.text] : [],
  )
  const uses = usesIn(ts, node, isInner)
  return { cell, node, index, declares: [...new Set(declares)], imports: [], uses, awaits: awaitIn(ts, node) }
}

/** A program that only binds names: without TypeScript's own declarations nothing is checked, and it is there at once. */
function bindingProgram(ts: TypeScript, files: ReadonlyMap<string, ts.SourceFile>): ts.Program {
  const host: ts.CompilerHost = {
    getSourceFile: name => files.get(name),
    getDefaultLibFileName: () => '',
    writeFile: () => undefined,
    getCurrentDirectory: () => '/',
    getCanonicalFileName: name => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: name => files.has(name),
    readFile: () => undefined,
  }
  const options: ts.CompilerOptions = {
    noLib: true,
    noResolve: true,
    types: [],
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    // Each cell has a scope of its own, imports in it or not.
    moduleDetection: ts.ModuleDetectionKind.Force,
  }
  return ts.createProgram([...files.keys()], options, host)
}

function symbolOf(ts: TypeScript, checker: ts.TypeChecker, node: ts.Identifier): ts.Symbol | undefined {
  return ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node)
}

function isWithin(node: ts.Node, outer: ts.Node): boolean {
  return outer.pos <= node.pos && node.end <= outer.end && node.getSourceFile() === outer.getSourceFile()
}

type Named = ts.Declaration & { name?: ts.Node }

/** The declarations that a statement puts at the top of its cell. */
function declarationsOf(ts: TypeScript, node: ts.Statement): Named[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.flatMap(one => boundBy(ts, one))
  }
  if (ts.isImportDeclaration(node)) {
    const { importClause: clause } = node
    const bindings = clause?.namedBindings
    const named =
      bindings === undefined ? [] : ts.isNamespaceImport(bindings) ? [bindings] : bindings.elements
    return [...(clause?.name ? [clause] : []), ...named]
  }
  const isDeclaration =
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isImportEqualsDeclaration(node)
  return isDeclaration ? [node] : []
}

function boundBy(ts: TypeScript, node: ts.VariableDeclaration | ts.BindingElement): Named[] {
  if (ts.isIdentifier(node.name)) return [node]
  return node.name.elements.flatMap(one => (ts.isBindingElement(one) ? boundBy(ts, one) : []))
}

function importsOf(ts: TypeScript, node: ts.ImportDeclaration): ImportedName[] {
  const { importClause: clause, moduleSpecifier } = node
  if (clause === undefined || !ts.isStringLiteral(moduleSpecifier)) return []
  const about = { specifier: moduleSpecifier.text, isType: clause.isTypeOnly }
  const { name, namedBindings } = clause
  const found: ImportedName[] = []
  if (name) found.push({ ...about, local: name.text, imported: 'default', node: name })
  if (namedBindings && ts.isNamespaceImport(namedBindings)) {
    found.push({ ...about, local: namedBindings.name.text, imported: '*', node: namedBindings })
  } else if (namedBindings) {
    for (const one of namedBindings.elements) {
      const imported = (one.propertyName ?? one.name).text
      const isType = about.isType || one.isTypeOnly
      found.push({ ...about, isType, local: one.name.text, imported, node: one })
    }
  }
  return found
}

/** What evaluating a statement waits for: an await that is in no function of its own. */
function awaitIn(ts: TypeScript, statement: ts.Node): ts.Node | null {
  const visit = (node: ts.Node): ts.Node | undefined => {
    if (ts.isFunctionLike(node)) return undefined
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return node
    return ts.forEachChild(node, visit)
  }
  return visit(statement) ?? null
}
