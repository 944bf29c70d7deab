import type ts from 'typescript'
import type { NameUse } from './name-use.js'
import type { TypeScript } from './typescript.js'

/** Something that an exported job cannot do, with the clause that says so. */
export interface Unsliceable {
  node: ts.Node
  /** What is there and what to do: `loads a module when it runs. Import it at the top`. */
  told: string
}

/** The first thing in a statement, or a file, that no slice can hold; null for none. */
export function unsliceableIn(ts: TypeScript, node: ts.Node, uses: readonly NameUse[]): Unsliceable | null {
  for (const use of uses) {
    const told = use.isType ? undefined : ofNames.get(use.name)
    if (told !== undefined && (use.name !== 'Function' || isCalled(ts, use.node)))
      return { node: use.node, told }
  }
  const visit = (inner: ts.Node): Unsliceable | undefined => {
    if (ts.isCallExpression(inner) && inner.expression.kind === ts.SyntaxKind.ImportKeyword) {
      return { node: inner, told: 'loads a module when it runs. Import it at the top' }
    }
    if (ts.isMetaProperty(inner) && inner.keywordToken === ts.SyntaxKind.ImportKeyword) {
      return { node: inner, told: 'asks where its file is, which an export changes. Import what it reads' }
    }
    if (ts.isImportTypeNode(inner)) return { node: inner, told: 'imports a type in place. Use import type' }
    if (ts.isImportEqualsDeclaration(inner)) return { node: inner, told: 'calls require. Use import … from' }
    return ts.forEachChild(inner, visit)
  }
  return visit(node) ?? null
}

const ofNames: ReadonlyMap<string, string> = new Map([
  ['eval', 'calls eval, whose text no one can follow. Write the code out'],
  ['Function', 'makes a function of a text, which no one can follow. Write the function out'],
  ['require', 'calls require, which an ES module lacks. Use import … from'],
  ['module', 'uses module, which an ES module lacks. Use export'],
  ['exports', 'uses exports, which an ES module lacks. Use export'],
  ['__dirname', 'asks where its file is, which an export changes. Import what it reads'],
  ['__filename', 'asks where its file is, which an export changes. Import what it reads'],
])

function isCalled(ts: TypeScript, node: ts.Identifier): boolean {
  const { parent } = node
  return (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === node
}
