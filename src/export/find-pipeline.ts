import type ts from 'typescript'
import { refused } from './slice-problem.js'
import type { SliceSource } from './slice-source.js'
import type { ImportedName, TopStatement } from './top-statements.js'
import type { TypeScript } from './typescript.js'

/** The variable, or the import, that a pipeline is. */
export interface FoundPipeline {
  /** The name to export. */
  name: string
  /** The import that gives it; null where a statement declares it. */
  imported: ImportedName | null
}

/** Finds the pipeline that `asked` names: a variable, an import, or the name that `pipeline('…')` gives one. */
export function findPipeline(
  ts: TypeScript,
  source: SliceSource,
  statements: readonly TopStatement[],
  asked: string,
): FoundPipeline {
  const variables = statements.flatMap(({ node }) => variablesOf(ts, node))
  const own = variables.filter(({ name }) => name === asked)
  if (own.some(({ value }) => isPipeline(ts, value, variables))) return { name: asked, imported: null }
  const made = variables.filter(
    ({ value }) => endsWithTo(ts, value) && chainName(ts, value, variables) === asked,
  )
  const names = [...new Set(made.map(({ name }) => name))]
  if (names.length === 1) return { name: names[0]!, imported: null }
  if (names.length > 1) {
    throw refused(
      `Expected one pipeline ${asked} in ${source.name}, found ${names.length}: ${names.join(', ')}. Name the variable.`,
    )
  }
  const imported = statements.flatMap(({ imports }) => imports).find(({ local }) => local === asked)
  if (imported !== undefined) return { name: asked, imported }
  if (own.length > 0) {
    throw refused(
      `Expected ${asked} of ${source.name} to be a pipeline, found rows on their way through one. End it with .to(…) ` +
        'in the declaration of a variable.',
    )
  }
  const there = new Set(variables.filter(({ value }) => endsWithTo(ts, value)).map(({ name }) => name))
  const found =
    there.size === 0
      ? `no pipeline. Write const ${asked} = pipeline('${asked}')….to(…)`
      : [...there].join(', ')
  throw refused(
    `Expected a variable ${asked}, or one made by pipeline('${asked}')….to(…), in ${source.name}; found ${found}.`,
  )
}

interface Variable {
  name: string
  value: ts.Expression
}

function variablesOf(ts: TypeScript, node: ts.Statement): Variable[] {
  if (!ts.isVariableStatement(node)) return []
  return node.declarationList.declarations.flatMap(({ name, initializer }) =>
    ts.isIdentifier(name) && initializer ? [{ name: name.text, value: bare(ts, initializer) }] : [],
  )
}

/** Rows that are not yet a pipeline can be told, and so can what is no object; what a function gives can not. */
function isPipeline(ts: TypeScript, value: ts.Expression, variables: readonly Variable[]): boolean {
  if (endsWithTo(ts, value)) return true
  if (ts.isIdentifier(value)) {
    const definition = variables.find(({ name }) => name === value.text)
    return (
      definition === undefined || (definition.value !== value && isPipeline(ts, definition.value, variables))
    )
  }
  const isPlain =
    ts.isLiteralExpression(value) || ts.isFunctionLike(value) || ts.isObjectLiteralExpression(value)
  return !isPlain && chainName(ts, value, variables) === null
}

function endsWithTo(ts: TypeScript, value: ts.Expression): boolean {
  return (
    ts.isCallExpression(value) &&
    ts.isPropertyAccessExpression(value.expression) &&
    value.expression.name.text === 'to'
  )
}

/** The name that `pipeline('…')` at the beginning of a chain of verbs gives; null where there is none. */
function chainName(
  ts: TypeScript,
  value: ts.Expression,
  variables: readonly Variable[],
  depth: number = 0,
): string | null {
  const given = bare(ts, value)
  if (depth > 200) return null
  const follow = (next: ts.Expression): string | null => chainName(ts, next, variables, depth + 1)
  if (ts.isIdentifier(given)) {
    const [definition, ...others] = variables.filter(({ name }) => name === given.text)
    return definition !== undefined && others.length === 0 ? follow(definition.value) : null
  }
  if (!ts.isCallExpression(given)) return null
  const { expression } = given
  const name = ts.isIdentifier(expression)
    ? expression.text
    : ts.isPropertyAccessExpression(expression)
      ? expression.name.text
      : ''
  if (name === 'pipeline') return literalText(ts, given.arguments[0], variables)
  return ts.isPropertyAccessExpression(expression) ? follow(expression.expression) : null
}

function literalText(
  ts: TypeScript,
  value: ts.Expression | undefined,
  variables: readonly Variable[],
): string | null {
  if (value === undefined) return null
  if (ts.isStringLiteralLike(value)) return value.text
  const [definition] = ts.isIdentifier(value) ? variables.filter(({ name }) => name === value.text) : []
  return definition !== undefined && ts.isStringLiteralLike(definition.value) ? definition.value.text : null
}

function bare(ts: TypeScript, value: ts.Expression): ts.Expression {
  let inner = value
  while (ts.isParenthesizedExpression(inner) || ts.isAsExpression(inner) || ts.isSatisfiesExpression(inner)) {
    inner = inner.expression
  }
  return inner
}
