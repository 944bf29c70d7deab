import { readFile, stat } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { dirname, extname, join, relative, sep } from 'node:path'
import type ts from 'typescript'
import { packageOf } from '../pipeline/plan-source.js'
import { requireInJob } from './needed-parts.js'
import type { ObslabNames } from './obslab-names.js'
import type { SlicedFile } from './pipeline-slice.js'
import { refused } from './slice-problem.js'
import { fileCell, placeIn } from './slice-source.js'
import { type TopStatement, topStatements } from './top-statements.js'
import type { TypeScript } from './typescript.js'
import { unsliceableIn } from './unsliceable.js'

/** What a module is imported as in an exported job. */
export interface JobSpecifier {
  /** `obslab/job`, `./topics.js`, or as it was. */
  specifier: string
  /** Whether it is JSON, which an ES module imports with an attribute. */
  isJson: boolean
}

/** A place that imports something: the folder its relative paths count from, and how messages name it. */
interface Importer {
  folder: string
  place: string
}

/** Gathers the files and packages that an exported job imports, and tells by which specifiers. */
export class BesideFiles {
  readonly #ts: TypeScript
  readonly #names: ObslabNames
  readonly #root: string
  /** Names that the job's own files have, without extension, in lower case. */
  readonly #taken: ReadonlySet<string>
  readonly #files = new Map<string, SlicedFile>()
  readonly #packages = new Set<string>()

  /** `root` is the folder of the notebook, `taken` are names of files that the job has itself. */
  constructor(ts: TypeScript, names: ObslabNames, root: string, taken: readonly string[]) {
    this.#ts = ts
    this.#names = names
    this.#root = root
    this.#taken = new Set(taken.map(name => name.toLowerCase()))
  }

  /** The files gathered, by path. */
  get files(): SlicedFile[] {
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** The packages gathered, in alphabetical order. */
  get packages(): string[] {
    return [...this.#packages].sort()
  }

  /** Notes what a specifier imports, with all that it imports in turn. */
  async add(specifier: string, from: Importer): Promise<JobSpecifier> {
    if (specifier.startsWith('.')) return await this.#addFile(specifier, from)
    if (specifier.startsWith('/') || specifier.startsWith('file:')) {
      throw refused(
        `${from.place} imports ${specifier}, a path of this machine. Import it by a relative path.`,
      )
    }
    if (specifier === 'obslab' || specifier === 'obslab/job')
      return { specifier: 'obslab/job', isJson: false }
    if (/^(obslab\/|tslab$)/.test(specifier)) {
      throw refused(
        `${from.place} imports ${specifier}, which no job has. Import obslab, or take it out of what is exported.`,
      )
    }
    if (!isBuiltin(specifier)) this.#packages.add(packageOf(specifier))
    return { specifier, isJson: false }
  }

  async #addFile(specifier: string, { folder, place }: Importer): Promise<JobSpecifier> {
    const found = await fileOf(join(folder, specifier))
    if (found === null)
      throw refused(`${place} imports ${specifier}, which is not there. Write the file, or correct the path.`)
    const path = relative(this.#root, found).split(sep).join('/')
    if (path.startsWith('../')) {
      throw refused(
        `${place} imports ${specifier}, outside the notebook's folder. Put what it holds beside the notebook, or into a package.`,
      )
    }
    if (this.#taken.has(path.replace(/\.\w+$/, '').toLowerCase())) {
      throw refused(
        `${place} imports ${specifier}, and the exported job has a file of that name itself. Rename ${path}, or export ` +
          'the pipeline from it.',
      )
    }
    if (!this.#files.has(path)) {
      const text = await readFile(found, 'utf8')
      // Known before its imports are followed, for files may import each other.
      this.#files.set(path, { path, from: found, text })
      const isJson = extname(path) === '.json'
      if (!isJson)
        this.#files.set(path, { path, from: found, text: await this.#rewritten(text, path, found) })
    }
    const to = relative(folder, found)
      .split(sep)
      .join('/')
      .replace(/\.(m?)ts$/, '.$1js')
    return { specifier: to.startsWith('.') ? to : `./${to}`, isJson: extname(path) === '.json' }
  }

  /** A file's text with the specifiers of a job; what is imported for its type alone is marked as a type. */
  async #rewritten(text: string, path: string, file: string): Promise<string> {
    const cell = fileCell(text, path)
    const statements = topStatements(this.#ts, [cell])
    const edits: Edit[] = []
    this.#requireMembers(statements)
    for (const statement of statements) {
      const unsliceable = unsliceableIn(this.#ts, statement.node, statement.uses)
      if (unsliceable !== null) {
        throw refused(`${placeIn(cell, unsliceable.node.getStart())} ${unsliceable.told}.`)
      }
      edits.push(...(await this.#importEdits(statement, dirname(file))))
      if (/ts$/.test(path)) edits.push(...typeEdits(statement, statements))
    }
    return edited(text, edits)
  }

  /** Refuses members of obslab, imported whole, that a job has not. */
  #requireMembers(statements: readonly TopStatement[]): void {
    const imports = statements.flatMap(one => one.imports)
    const whole = new Map(imports.filter(({ imported }) => imported === '*').map(one => [one.local, one]))
    for (const { cell, uses } of statements) {
      for (const { name, member, node } of uses) {
        const given = whole.get(name)
        if (given === undefined || member === null) continue
        const who = `${placeIn(cell, node.getStart())} uses ${name}.${member}`
        requireInJob(this.#names, given.specifier, member, who)
      }
    }
  }

  async #importEdits({ node, cell, imports }: TopStatement, folder: string): Promise<Edit[]> {
    const ts = this.#ts
    const isFrom = ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
    if (!isFrom || node.moduleSpecifier === undefined || !ts.isStringLiteral(node.moduleSpecifier)) return []
    const { moduleSpecifier } = node
    const place = placeIn(cell, node.getStart())
    for (const name of namesFrom(ts, node, imports)) {
      requireInJob(this.#names, moduleSpecifier.text, name, `${place} imports ${name}`)
    }
    const { specifier, isJson } = await this.add(moduleSpecifier.text, { folder, place })
    const edits = [{ at: moduleSpecifier.getStart() + 1, until: moduleSpecifier.end - 1, text: specifier }]
    if (isJson && node.attributes === undefined) {
      edits.push({ at: moduleSpecifier.end, until: moduleSpecifier.end, text: " with { type: 'json' }" })
    }
    return edits
  }
}

interface Edit {
  at: number
  until: number
  text: string
}

function edited(text: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.at - a.at)
    .reduce((done, { at, until, text: inserted }) => done.slice(0, at) + inserted + done.slice(until), text)
}

/** The names of a module that a statement imports or exports from it, as far as it lists them. */
function namesFrom(
  ts: TypeScript,
  node: ts.ImportDeclaration | ts.ExportDeclaration,
  imports: TopStatement['imports'],
): string[] {
  if (ts.isImportDeclaration(node))
    return imports.map(({ imported }) => imported).filter(name => name !== '*')
  const { exportClause } = node
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) return []
  return exportClause.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
}

/** Marks as types the names that a file imports and only uses as such. */
function typeEdits({ imports }: TopStatement, statements: readonly TopStatement[]): Edit[] {
  return imports.flatMap(({ local, imported, isType, node }) => {
    if (isType || imported === '*' || imported === 'default') return []
    const uses = statements.flatMap(one => one.uses.filter(({ name }) => name === local))
    const isTold = uses.length > 0 && uses.every(use => use.isType)
    const at = node.getStart()
    return isTold ? [{ at, until: at, text: 'type ' }] : []
  })
}

/** The file that a relative import means, as tslab and Node resolve it. */
async function fileOf(path: string): Promise<string | null> {
  const script = /\.(m?)js$/.exec(path)
  const bare = path.replace(/\.m?js$/, '')
  const candidates =
    script !== null
      ? [`${bare}.${script[1]}ts`, path]
      : /\.(m?ts|json)$/.test(path)
        ? [path]
        : [
            `${path}.ts`,
            `${path}.mts`,
            `${path}.js`,
            `${path}.mjs`,
            join(path, 'index.ts'),
            join(path, 'index.js'),
          ]
  for (const candidate of candidates) {
    const found = await stat(candidate).catch(() => null)
    if (found?.isFile()) return candidate
  }
  return null
}
