import type ts from 'typescript'
import { changingMethods } from '../pipeline/changing-methods.js'
import type { TypeScript } from './typescript.js'

/** Where a statement uses a name that is declared at the top of a cell, or nowhere in its own. */
export interface NameUse {
  name: string
  node: ts.Identifier
  /** Whether only a type is meant, `typeof x` in a type included. */
  isType: boolean
  /** What the use does to it besides reading. */
  effect: 'assigns' | 'changes' | null
  /** Whether it is used when a function is called, not when the statement is evaluated. */
  isDeferred: boolean
  /** The member that is taken of it: `pipeline` of `obslab.pipeline(…)`. */
  member: string | null
}

/** The uses in a statement. `isInner` tells a name that is declared inside it, by the identifier that uses it. */
export function usesIn(
  ts: TypeScript,
  statement: ts.Statement,
  isInner: (node: ts.Identifier) => boolean,
): NameUse[] {
  const uses: NameUse[] = []
  const visit = (node: ts.Node, isDeferred: boolean): void => {
    if (ts.isIdentifier(node)) {
      if (!isReference(ts, node) || isInner(node)) return
      const isType = ts.isPartOfTypeNode(node) || isPartOfTypeQuery(ts, node)
      const effect = isType ? null : effectOn(ts, node)
      uses.push({ name: node.text, node, isType, effect, isDeferred, member: memberOf(ts, node) })
      return
    }
    const isLater = isDeferred || runsLater(ts, node)
    ts.forEachChild(node, child => visit(child, isLater))
  }
  visit(statement, false)
  return uses
}

/** Whether an identifier stands for something that is declared elsewhere, and is no name of a member or declaration. */
function isReference(ts: TypeScript, node: ts.Identifier): boolean {
  const { parent } = node
  const { name, propertyName, label } = parent as { name?: ts.Node; propertyName?: ts.Node; label?: ts.Node }
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isQualifiedName(parent)) return parent.left === node
  return name !== node && propertyName !== node && label !== node && node.text !== ''
}

function isPartOfTypeQuery(ts: TypeScript, node: ts.Node): boolean {
  let whole = node
  while (ts.isQualifiedName(whole.parent)) whole = whole.parent
  return ts.isTypeQueryNode(whole.parent)
}

function runsLater(ts: TypeScript, node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) {
    let callee: ts.Node = node
    while (ts.isParenthesizedExpression(callee.parent)) callee = callee.parent
    return !(ts.isCallExpression(callee.parent) && callee.parent.expression === callee)
  }
  return (
    ts.isPropertyDeclaration(node) && !node.modifiers?.some(one => one.kind === ts.SyntaxKind.StaticKeyword)
  )
}

function memberOf(ts: TypeScript, node: ts.Identifier): string | null {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name.text
  return ts.isQualifiedName(parent) && parent.left === node ? parent.right.text : null
}

function effectOn(ts: TypeScript, node: ts.Identifier): NameUse['effect'] {
  let inner: ts.Node = node
  let isInside = false
  for (;;) {
    const parent: ts.Node = inner.parent
    const isMember = ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)
    if (isMember && parent.expression === inner) {
      const isCalled = ts.isCallExpression(parent.parent) && parent.parent.expression === parent
      if (isCalled) return changingMethods.has(memberName(ts, parent)) ? 'changes' : null
      isInside = true
    } else if (!isWrapper(ts, parent)) {
      if (isWritten(ts, inner)) return isInside ? 'changes' : 'assigns'
      return ts.isDeleteExpression(parent) || isChangedByCall(ts, inner) ? 'changes' : null
    }
    inner = parent
  }
}

function memberName(ts: TypeScript, node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : ''
}

function isWrapper(ts: TypeScript, node: ts.Node): boolean {
  return ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isAsExpression(node)
}

/** Whether an expression stands where a value is written to. */
function isWritten(ts: TypeScript, node: ts.Node): boolean {
  const { parent } = node
  if (ts.isBinaryExpression(parent)) {
    const { kind } = parent.operatorToken
    const isAssignment = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment
    return isAssignment && parent.left === node
  }
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    return (
      parent.operator === ts.SyntaxKind.PlusPlusToken || parent.operator === ts.SyntaxKind.MinusMinusToken
    )
  }
  if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) return parent.initializer === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node && isWritten(ts, parent.parent)
  if (ts.isShorthandPropertyAssignment(parent) || ts.isSpreadAssignment(parent))
    return isWritten(ts, parent.parent)
  if (ts.isArrayLiteralExpression(parent) || ts.isSpreadElement(parent)) return isWritten(ts, parent)
  return false
}

const changingCalls: ReadonlySet<string> = new Set([
  'Object.assign',
  'Object.defineProperty',
  'Object.defineProperties',
  'Object.setPrototypeOf',
  'Reflect.set',
  'Reflect.deleteProperty',
])

function isChangedByCall(ts: TypeScript, node: ts.Node): boolean {
  const { parent } = node
  return (
    ts.isCallExpression(parent) &&
    parent.arguments[0] === node &&
    changingCalls.has(parent.expression.getText())
  )
}
