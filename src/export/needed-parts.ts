import type ts from 'typescript'
import type { ObslabError } from '../errors.js'
import { knownGlobals } from './known-globals.js'
import type { NameUse } from './name-use.js'
import type { ObslabNames } from './obslab-names.js'
import { refused, wayText } from './slice-problem.js'
import { placeIn, type SliceSource } from './slice-source.js'
import type { ImportedName, TopStatement } from './top-statements.js'
import type { TypeScript } from './typescript.js'
import { unsliceableIn } from './unsliceable.js'

/** An import that is needed. */
export interface NeededImport {
  given: ImportedName
  statement: TopStatement
  /** Whether only its type is. */
  isType: boolean
}

/** A use of a name, with the names that lead to it from the pipeline. */
interface Usage {
  statement: TopStatement
  use: NameUse
  way: readonly string[]
}

/** Gathers what a name follows from: statements and imports. What an exported module cannot hold is refused. */
export class NeededParts {
  readonly statements: Set<TopStatement> = new Set()
  readonly imports: Map<string, NeededImport> = new Map()
  readonly #ts: TypeScript
  readonly #source: SliceSource
  readonly #names: ObslabNames
  readonly #order: ReadonlyMap<TopStatement, number>
  readonly #definitions = new Map<string, TopStatement[]>()
  readonly #effects = new Map<string, { statement: TopStatement; use: NameUse }[]>()
  readonly #seen = new Set<string>()

  constructor(ts: TypeScript, source: SliceSource, statements: readonly TopStatement[], names: ObslabNames) {
    this.#ts = ts
    this.#source = source
    this.#names = names
    this.#order = new Map(statements.map((statement, i) => [statement, i]))
    for (const statement of statements) {
      const { declares, imports, uses } = statement
      for (const name of [...declares, ...imports.map(({ local }) => local)])
        put(this.#definitions, name, statement)
      for (const use of uses) if (use.effect !== null) put(this.#effects, use.name, { statement, use })
    }
  }

  /** Gathers what a name at the top of a cell follows from. */
  gather(name: string): void {
    this.#declared(name, [name])
  }

  /** Gathers a name that is imported, and nothing else. */
  gatherImport(name: string): void {
    const definitions = this.#definitions.get(name)!
    this.#requireOne(name, definitions, [name])
    const [statement] = definitions
    const given = statement!.imports.find(({ local }) => local === name)!
    if (given.imported === '*')
      throw refused(`Expected ${name} to be a pipeline, found a module. Name a variable.`)
    requireInJob(
      this.#names,
      given.specifier,
      given.imported,
      `${this.#place(statement!, given.node)} imports ${name}`,
    )
    this.imports.set(name, { given, statement: statement!, isType: false })
  }

  #declared(name: string, way: readonly string[]): void {
    const definitions = this.#definitions.get(name)!
    this.#requireOne(name, definitions, way)
    const [first] = definitions
    if (this.#seen.has(name) || first!.imports.length > 0) return
    this.#seen.add(name)
    for (const statement of definitions) this.#statement(name, statement, way)
    const [effect] = this.#effects.get(name) ?? []
    if (effect === undefined) return
    const place = this.#place(effect.statement, effect.use.node)
    throw refused(
      effect.use.effect === 'assigns'
        ? `${wayText(way)}, and ${place} assigns to ${name}. A job has one value of it: declare it once, as a constant.`
        : `${wayText(way)}, and ${place} changes what ${name} holds. Write it whole where it is declared.`,
    )
  }

  #statement(name: string, statement: TopStatement, way: readonly string[]): void {
    if (this.statements.has(statement)) return
    this.statements.add(statement)
    const { node, uses, awaits } = statement
    if (awaits !== null) throw this.#awaited(name, statement, awaits, way)
    const unsliceable = unsliceableIn(this.#ts, node, uses)
    if (unsliceable !== null) {
      throw refused(`${wayText(way)}, and ${this.#place(statement, unsliceable.node)} ${unsliceable.told}.`)
    }
    if (isAmbient(this.#ts, node)) {
      throw refused(
        `${wayText(way)}, and ${this.#place(statement, node)} declares it without a value. Give it one, or import it.`,
      )
    }
    for (const use of uses)
      this.#use({ statement, use, way: use.name === way.at(-1) ? way : [...way, use.name] })
  }

  #awaited(name: string, statement: TopStatement, awaits: ts.Node, way: readonly string[]): ObslabError {
    let declaration = awaits
    while (declaration.parent !== statement.node && declaration.parent.parent !== statement.node) {
      declaration = declaration.parent
    }
    const place = this.#place(statement, awaits)
    // Its neighbour in const limit = 5, rows = await …
    const isOther =
      this.#ts.isVariableDeclaration(declaration) &&
      this.#ts.isIdentifier(declaration.name) &&
      declaration.name.text !== name
    return refused(
      isOther
        ? `${wayText(way)}, and ${place} awaits something in the same statement. Declare ${name} in one of its own.`
        : `${wayText(way)}, and ${place} awaits the value of ${name}. Write the value as a constant, or hand it in by ` +
            "param('…', …).",
    )
  }

  #use(usage: Usage): void {
    const { statement, use, way } = usage
    const definitions = this.#definitions.get(use.name) ?? []
    const isValueImport = ({ imports }: TopStatement): boolean =>
      imports.some(({ local, isType }) => local === use.name && !isType)
    const definition = definitions.find(isValueImport) ?? definitions[0]
    if (definition === undefined) {
      if (use.isType || knownGlobals.has(use.name)) return
      const where = this.#source.isNotebook
        ? 'no cell declares at its top'
        : `${this.#source.name} declares nowhere`
      throw refused(
        `${this.#place(statement, use.node)} uses ${use.name}, which ${where}. Declare or import it: ${wayText(way)}.`,
      )
    }
    if (definition.imports.length > 0) {
      this.#requireOne(use.name, definitions, way)
      this.#import(definition, usage)
      return
    }
    this.#requireBefore(definition, usage)
    this.#declared(use.name, way)
  }

  #import(definition: TopStatement, { statement, use, way }: Usage): void {
    const given = definition.imports.find(({ local }) => local === use.name)!
    const known = this.imports.get(use.name)
    this.imports.set(use.name, {
      given,
      statement: definition,
      isType: given.isType || (use.isType && (known?.isType ?? true)),
    })
    const place = this.#place(statement, use.node)
    if (given.imported === '*' && use.member === null) return
    const name = given.imported === '*' ? use.member! : given.imported
    requireInJob(this.#names, given.specifier, name, `${wayText(way)} in ${place}`)
  }

  /** Refuses a name that has several definitions, unless they are overloads, or parts of one interface. */
  #requireOne(name: string, definitions: readonly TopStatement[], way: readonly string[]): void {
    const [first, ...others] = definitions
    const values = definitions.filter(({ node }) => this.#definesValue(node))
    const other =
      others.find(one => one.cell !== first!.cell && !isSameImport(name, one, first!)) ??
      others.find(one => one.imports.length > 0 !== first!.imports.length > 0) ??
      (values.length > 1 ? values[1] : undefined)
    if (other === undefined) return
    const places = `${this.#place(first!, first!.node)} and ${this.#place(other, other.node)}`
    throw refused(`${wayText(way)}, and ${places} both declare ${name}. Rename one, or take one out.`)
  }

  #definesValue(node: ts.Statement): boolean {
    const ts = this.#ts
    return (
      ts.isVariableStatement(node) ||
      ts.isClassDeclaration(node) ||
      (ts.isFunctionDeclaration(node) && node.body !== undefined)
    )
  }

  /** Refuses a value that is used before its declaration was evaluated. */
  #requireBefore(definition: TopStatement, { statement, use }: Usage): void {
    if (use.isDeferred || use.isType || this.#ts.isFunctionDeclaration(definition.node)) return
    if (this.#order.get(definition)! <= this.#order.get(statement)!) return
    throw refused(
      `${this.#place(statement, use.node)} uses ${use.name}, which ${this.#place(definition, definition.node)} declares ` +
        'only later. Move the declaration before its use.',
    )
  }

  #place({ cell }: TopStatement, node: ts.Node): string {
    return placeIn(cell, node.getStart())
  }
}

/** Refuses what an exported job cannot import: a name of obslab that `obslab/job` lacks, and tslab. */
export function requireInJob(names: ObslabNames, specifier: string, name: string, who: string): void {
  if (specifier === 'tslab')
    throw refused(`${who}, of tslab, the notebook's kernel. Take it out of what is exported.`)
  if ((specifier !== 'obslab' && specifier !== 'obslab/job') || names.job.has(name)) return
  throw refused(
    names.notebook.has(name)
      ? `${who}, and ${name} is there in notebooks only: obslab/job, which a job imports, has none. Take it out of what ` +
          'is exported.'
      : `${who}, and obslab exports no ${name}. Look the name up.`,
  )
}

function put<V>(map: Map<string, V[]>, name: string, value: V): void {
  const values = map.get(name)
  if (values === undefined) map.set(name, [value])
  else values.push(value)
}

function isSameImport(name: string, one: TopStatement, other: TopStatement): boolean {
  const [a, b] = [one, other].map(({ imports }) => imports.find(({ local }) => local === name))
  return a !== undefined && b !== undefined && a.specifier === b.specifier && a.imported === b.imported
}

function isAmbient(ts: TypeScript, node: ts.Statement): boolean {
  const isValue =
    ts.isVariableStatement(node) || ts.isClassDeclaration(node) || ts.isFunctionDeclaration(node)
  return isValue && (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false)
}
