import { readFile } from 'node:fs/promises'
import { createRequire, SourceMap } from 'node:module'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { type Program, parse } from 'acorn'
import { ObslabError } from '../errors.js'
import { loadPackage } from '../optional-package.js'
import { resolveScopes, type Scopes } from './scopes.js'

/** A file, or a cell of a notebook, that was read. */
export interface SourceModule {
  /** How messages name it. */
  name: string
  /** Where its imports are resolved from. */
  folder: string
  program: Program
  scopes: Scopes
  /** Line and column, from 1, of a place in the program, in the text as it was written. */
  place(offset: number): { line: number; column: number }
  /** The modules of its relative imports, by specifier; text for one that is data. */
  imports: ReadonlyMap<string, SourceModule | string>
}

/** The TypeScript or JavaScript that a pipeline was written in: a file with what it imports, or the cells of a notebook. */
export class PlanSource {
  /** The file, or the cells in their order. */
  readonly modules: readonly SourceModule[]
  readonly #versions: ReadonlyMap<string, string>

  private constructor(modules: readonly SourceModule[], versions: ReadonlyMap<string, string>) {
    this.modules = modules
    this.#versions = versions
  }

  /** Reads a file, and the files that it imports by relative paths. TypeScript needs the package esbuild. */
  static async ofFile(file: string): Promise<PlanSource> {
    const reader = new SourceReader()
    const module = await reader.file(resolve(file))
    return new PlanSource([module], reader.versions)
  }

  /** Reads the cells of a notebook in `folder`: each sees what others declare. Needs the package esbuild. */
  static async ofCells(cells: readonly string[], folder: string): Promise<PlanSource> {
    const reader = new SourceReader()
    const modules: SourceModule[] = []
    for (const [i, text] of cells.entries())
      modules.push(await reader.text(text, `cell ${i + 1}`, folder, '.ts'))
    return new PlanSource(modules, reader.versions)
  }

  /** All modules, those that are imported too. */
  get all(): SourceModule[] {
    const found = new Set<SourceModule>()
    const visit = (module: SourceModule): void => {
      if (found.has(module)) return
      found.add(module)
      for (const imported of module.imports.values()) if (typeof imported !== 'string') visit(imported)
    }
    for (const module of this.modules) visit(module)
    return [...found]
  }

  /** The installed version of a package, empty where it is not found. */
  versionOf(specifier: string): string {
    return this.#versions.get(packageOf(specifier)) ?? ''
  }
}

/** The package that a specifier names. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

class SourceReader {
  readonly versions = new Map<string, string>()
  readonly #files = new Map<string, Promise<SourceModule>>()

  async file(path: string): Promise<SourceModule> {
    let module = this.#files.get(path)
    if (module === undefined) {
      module = this.#read(path)
      this.#files.set(path, module)
    }
    return await module
  }

  async #read(path: string): Promise<SourceModule> {
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new ObslabError('disk-failed', `The source ${relative('', path)} cannot be read.`, { cause })
    })
    return await this.text(text, relative('', path), dirname(path), extname(path), path)
  }

  async text(text: string, name: string, folder: string, kind: string, path?: string): Promise<SourceModule> {
    const { code, map } = await stripped(text, name, kind)
    const program = parseProgram(code, name)
    const lines = lineStarts(code)
    const imports = new Map<string, SourceModule | string>()
    const module: SourceModule = {
      name,
      folder,
      program,
      scopes: resolveScopes(program),
      place: offset => {
        const line = lines.findLastIndex(start => start <= offset)
        const column = offset - lines[line]!
        const entry = map?.findEntry(line, column) as
          | { originalLine?: number; originalColumn?: number }
          | undefined
        return { line: (entry?.originalLine ?? line) + 1, column: (entry?.originalColumn ?? column) + 1 }
      },
      imports,
    }
    // Known before its imports are read, for modules may import each other.
    if (path !== undefined) this.#files.set(path, Promise.resolve(module))
    for (const specifier of specifiersOf(program)) {
      if (specifier.startsWith('.')) await this.#import(specifier, folder, imports)
      else this.#noteVersion(specifier, folder)
    }
    return module
  }

  async #import(specifier: string, folder: string, into: Map<string, SourceModule | string>): Promise<void> {
    const path = join(folder, specifier)
    if (extname(path) === '.json') {
      into.set(specifier, await readFile(path, 'utf8').catch(() => ''))
      return
    }
    const bare = path.replace(/\.[cm]?js$/, '')
    const candidates = [
      path,
      `${bare}.ts`,
      `${bare}.mts`,
      `${bare}.js`,
      join(path, 'index.ts'),
      join(path, 'index.js'),
    ]
    for (const candidate of candidates) {
      if (!/\.[cm]?[jt]s$/.test(candidate)) continue
      const isThere =
        this.#files.has(candidate) ||
        (await readFile(candidate)
          .then(() => true)
          .catch(() => false))
      if (!isThere) continue
      into.set(specifier, await this.file(candidate))
      return
    }
  }

  #noteVersion(specifier: string, folder: string): void {
    const name = packageOf(specifier)
    if (name === 'obslab' || this.versions.has(name) || name.startsWith('node:')) return
    try {
      const { version } = createRequire(join(folder, 'source.js'))(`${name}/package.json`) as {
        version?: string
      }
      this.versions.set(name, version ?? '')
    } catch {
      this.versions.set(name, '')
    }
  }
}

/** JavaScript of TypeScript, with the map back to it. */
async function stripped(
  text: string,
  name: string,
  kind: string,
): Promise<{ code: string; map: SourceMap | null }> {
  if (/^\.[cm]?js$/.test(kind)) return { code: text, map: null }
  const { transform } = await loadPackage(
    'esbuild',
    'the source of a pipeline in TypeScript',
    () => import('esbuild'),
  )
  try {
    const { code, map } = await transform(text, {
      loader: 'ts',
      format: 'esm',
      target: 'esnext',
      sourcemap: 'external',
      logLevel: 'silent',
      // Else imports that only other cells use are dropped.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    })
    return { code, map: new SourceMap(JSON.parse(map)) }
  } catch (cause) {
    throw new ObslabError('job-file-invalid', `${name} is no TypeScript that can be read.`, { cause })
  }
}

function parseProgram(code: string, name: string): Program {
  try {
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module' })
  } catch (cause) {
    throw new ObslabError('job-file-invalid', `${name} is no JavaScript that can be read.`, { cause })
  }
}

function lineStarts(code: string): number[] {
  const starts = [0]
  for (let at = code.indexOf('\n'); at >= 0; at = code.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function specifiersOf({ body }: Program): string[] {
  return body.flatMap(statement => {
    const isImport =
      statement.type === 'ImportDeclaration' ||
      statement.type === 'ExportNamedDeclaration' ||
      statement.type === 'ExportAllDeclaration'
    return isImport && statement.source ? [String(statement.source.value)] : []
  })
}
