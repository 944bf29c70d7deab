import type { AnyNode } from 'acorn'
import { columnGiven, columnsGiven } from './columns-read.js'
import { inputsOf, type PlanNode } from './plan.js'
import { type FunctionFinding, functionFinding } from './plan-finding.js'
import { memberName, RowUse } from './row-use.js'
import { verbOf } from './verbs.js'

type AnyFunction = (...parameters: never[]) => unknown

/** Whether a column is known to hold nulls. */
export type IsNullable = (column: string) => boolean

/**
 * The comparisons by `<`, `<=`, `>` and `>=` in a function of a column that may be null where it is compared: JavaScript
 * takes null for 0 there. `nullable` tells it of the columns of each parameter's row. A comparison behind `x !== null &&`,
 * `x == null ||`, `x === null ? … :`, `if (x === null) return` and their like is none, nor is one of `x ?? 0`.
 */
export function nullableComparisons(
  given: AnyFunction,
  nullable: readonly (IsNullable | null)[],
): FunctionFinding[] {
  const use = RowUse.of(given)
  return use === null ? [] : new Comparisons(use, nullable).findings()
}

/** Whether a column of a step's rows is known to be nullable: by the topic's definition, and what verbs make of it. */
export function isNullable(node: PlanNode, column: string): boolean {
  switch (node.verb) {
    case 'from':
      return node.columns.find(({ name }) => name === column)?.nullable ?? false
    case 'filter':
      return isNullable(node.input, column) && !notNullWhere(node.test).has(column)
    case 'aggregate':
      if (node.aggregates[column] !== undefined) {
        return !['count', 'countDistinct', 'collect'].includes(node.aggregates[column].kind)
      }
      break
    case 'pivot':
      if (column in node.columns) return true
      break
    case 'join':
      if (node.kind === 'left' && columnsGiven(node.row, 1).has(column)) return true
  }
  return isNullableBehind(node, column)
}

/** By what the function that gives the column gives as it is, or where it passes on from. */
function isNullableBehind(node: PlanNode, column: string): boolean {
  const verb = verbOf(node)
  const inputs = inputsOf(node)
  for (const { call, takes, gives, returns } of verb.functions(node)) {
    const isNamed = gives !== 'rest' && gives.includes(column)
    if (isNamed && returns === 'column') {
      const own = columnGiven(call as AnyFunction)
      return own !== null && takes[0] != null && isNullable(inputs[takes[0]]!, own)
    }
    if (gives !== 'rest' || returns !== 'columns') continue
    for (const [parameter, input] of takes.entries()) {
      const own = columnsGiven(call as AnyFunction, parameter).get(column)
      if (own !== undefined && input !== null) return isNullable(inputs[input]!, own)
    }
    if (node.verb === 'map' || node.verb === 'join') return false
  }
  return passesOn(node) && inputs.some(input => isNullable(input, column))
}

function passesOn({ verb }: PlanNode): boolean {
  return !['aggregate', 'pivot', 'map', 'flatMap', 'fold', 'join'].includes(verb)
}

/** The columns that are not null in rows that a test is true for. */
function notNullWhere(test: AnyFunction): ReadonlySet<string> {
  const use = RowUse.of(test)
  const body = use?.source.node.body
  if (use == null || body === undefined || body.type === 'BlockStatement') return new Set()
  return new Set([...new Guards(use).known(body, true)].map(known => known.replace(/^0\./, '')))
}

class Comparisons {
  readonly #use: RowUse
  readonly #nullable: readonly (IsNullable | null)[]
  readonly #guards: Guards
  readonly #found: FunctionFinding[] = []

  constructor(use: RowUse, nullable: readonly (IsNullable | null)[]) {
    this.#use = use
    this.#nullable = nullable
    this.#guards = new Guards(use)
  }

  findings(): FunctionFinding[] {
    for (const node of this.#use.scopes.parentOf.keys()) this.#visit(node)
    const { body } = this.#use.source.node
    if (body.type !== 'BlockStatement') this.#visit(body)
    const unique = new Map(this.#found.map(finding => [finding.place.offset, finding]))
    return [...unique.values()].sort((a, b) => a.place.offset - b.place.offset)
  }

  #visit(node: AnyNode): void {
    if (node.type !== 'BinaryExpression' || !/^[<>]=?$/.test(node.operator)) return
    const compared = [node.left, node.right].some(operand => this.#mayBeNull(operand, node))
    if (compared) this.#found.push(functionFinding('comparison-of-null', this.#use.source, node))
  }

  #mayBeNull(operand: AnyNode, at: AnyNode): boolean {
    const given = this.#use.columnOf(operand)
    if (given === null || !this.#nullable[given.parameter]?.(given.column)) return false
    return !this.#guards.at(at).has(keyOf(given))
  }
}

type Given = NonNullable<ReturnType<RowUse['columnOf']>>

function keyOf({ parameter, column }: Given): string {
  return `${parameter}.${column}`
}

const nothing: ReadonlySet<string> = new Set()

/** What tests that an expression is behind say about columns: that they are not null. */
class Guards {
  readonly #use: RowUse

  constructor(use: RowUse) {
    this.#use = use
  }

  /** The columns that are not null wherever the evaluation comes to `node`. */
  at(node: AnyNode): ReadonlySet<string> {
    const known = new Set<string>()
    for (let inner = node; ; ) {
      const outer = this.#use.scopes.parentOf.get(inner)
      if (outer === undefined) return known
      for (const column of this.#between(outer, inner)) known.add(column)
      inner = outer
    }
  }

  /** What is known inside a part of a node that is not known before the node. */
  #between(outer: AnyNode, inner: AnyNode): ReadonlySet<string> {
    switch (outer.type) {
      case 'LogicalExpression':
        if (outer.right !== inner || outer.operator === '??') return nothing
        return this.known(outer.left, outer.operator === '&&')
      case 'ConditionalExpression':
      case 'IfStatement':
        return outer.test === inner ? nothing : this.known(outer.test, outer.consequent === inner)
      case 'BlockStatement': {
        const before = outer.body.slice(0, outer.body.indexOf(inner as never))
        return new Set(before.flatMap(statement => [...this.#after(statement)]))
      }
      default:
        return nothing
    }
  }

  /** What is known after a statement that leaves when something is null. */
  #after(statement: AnyNode): ReadonlySet<string> {
    if (statement.type !== 'IfStatement' || statement.alternate) return nothing
    return leaves(statement.consequent) ? this.known(statement.test, false) : nothing
  }

  /** The columns that are not null where `test` is true, or where it is not. */
  known(test: AnyNode, isTrue: boolean): ReadonlySet<string> {
    const given = this.#use.columnOf(test)
    if (given !== null) return isTrue ? new Set([keyOf(given)]) : nothing
    switch (test.type) {
      case 'UnaryExpression':
        return test.operator === '!' ? this.known(test.argument, !isTrue) : nothing
      case 'LogicalExpression': {
        if (test.operator === '??') return nothing
        const [left, right] = [this.known(test.left, isTrue), this.known(test.right, isTrue)]
        const both = (test.operator === '&&') === isTrue
        return both ? new Set([...left, ...right]) : new Set([...left].filter(column => right.has(column)))
      }
      case 'BinaryExpression':
        return this.#compared(test, isTrue)
      case 'CallExpression': {
        const isNumberTest =
          test.callee.type === 'MemberExpression' &&
          /^is(Finite|Integer|SafeInteger)$/.test(memberName(test.callee) ?? '')
        const subject = isNumberTest && isTrue ? this.#use.columnOf(test.arguments[0]!) : null
        return subject === null ? nothing : new Set([keyOf(subject)])
      }
      default:
        return nothing
    }
  }

  #compared(
    { operator, left, right }: Extract<AnyNode, { type: 'BinaryExpression' }>,
    isTrue: boolean,
  ): ReadonlySet<string> {
    const isEquality = /^[!=]==?$/.test(operator)
    if (!isEquality) return nothing
    const isEqual = operator.startsWith('=') === isTrue
    for (const [subject, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const isTypeof = subject.type === 'UnaryExpression' && subject.operator === 'typeof'
      const given = this.#use.columnOf(isTypeof ? subject.argument : subject)
      if (given === null) continue
      const isKnown = isTypeof
        ? isEqual && isTypeName(other)
        : isNull(other)
          ? !isEqual
          : isEqual && isValue(other)
      if (isKnown) return new Set([keyOf(given)])
    }
    return nothing
  }
}

/** Null, or undefined: where nulls are asked for by `!= undefined`. */
function isNull(node: AnyNode): boolean {
  if (node.type === 'Identifier') return node.name === 'undefined'
  return node.type === 'Literal' && node.value === null && node.regex === undefined
}

/** A literal that is not null. */
function isValue(node: AnyNode): boolean {
  return node.type === 'Literal' && node.value !== null
}

/** What `typeof` gives for values but for null. */
function isTypeName(node: AnyNode): boolean {
  return node.type === 'Literal' && node.value !== 'object' && node.value !== 'undefined'
}

function leaves(statement: AnyNode): boolean {
  switch (statement.type) {
    case 'ReturnStatement':
    case 'ThrowStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
      return true
    case 'BlockStatement':
      return statement.body.some(leaves)
    default:
      return false
  }
}
