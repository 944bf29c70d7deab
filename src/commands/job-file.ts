import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildFailure, BuildOptions, Plugin } from 'esbuild'
import { ObslabError } from '../errors.js'
import { loadPackage } from '../optional-package.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import { locateJob } from './job-folder.js'
import { type NotebookModule, notebookModule } from './notebook-file.js'

/**
 * Loads a TypeScript or JavaScript file, with what it imports, and gives the pipeline it exports: the only one, or the
 * one that is named `name` or exported under it. Of a notebook the declarations are taken, see {@link notebookModule}; of
 * the folder of an exported job, the pipeline that its package.json names. TypeScript's types are stripped and not checked,
 * and its packages are found from its own folder, except `obslab`, which is the one that runs.
 *
 * What cannot be loaded is a `job-file-invalid` error that tells file and line; so is a file without such a pipeline,
 * which names those that there are. TypeScript needs the package esbuild.
 */
export async function loadPipeline(place: string, given?: string): Promise<Pipeline<object>> {
  const { file, name } = await locateJob(place, given)
  const notebook = extname(file) === '.ipynb' ? await notebookModule(resolve(file)) : null
  const found = pipelinesOf(await loadModule(resolve(file), notebook))
  const names = [...found.keys()].join(', ')
  const reason = name === undefined ? undefined : notebook?.skipped.get(name)
  if (reason !== undefined) {
    throw invalid(
      `Expected ${name} of ${shown(resolve(file))} to follow from declarations alone, but ${reason}. Declare what it needs ` +
        'as a constant, or by param().',
    )
  }
  if (name === undefined) {
    const [only, second] = new Set(found.values())
    if (only !== undefined && second === undefined) return only
    throw invalid(
      only === undefined
        ? `Expected ${file} to export a pipeline, found none.${skippedText(notebook)} Export what .to(…) gives: export const vitals = pipeline('vitals')…`
        : `Expected the name of one pipeline of ${file}, for it exports several: ${names}. Name it after the file.`,
    )
  }
  const named = found.get(name) ?? [...found.values()].find(({ plan }) => plan.name === name)
  if (named !== undefined) return named
  throw invalid(`Expected ${file} to export the pipeline ${name}, found ${names === '' ? 'none' : names}.`)
}

/** The pipelines among a module's exports. They may have been made by another copy of obslab. */
function pipelinesOf(module: Readonly<Record<string, unknown>>): Map<string, Pipeline<object>> {
  return new Map(
    Object.entries(module).filter((entry): entry is [string, Pipeline<object>] => isPipeline(entry[1])),
  )
}

function isPipeline(value: unknown): value is Pipeline<object> {
  if (typeof value !== 'object' || value === null || !('plan' in value)) return false
  const { plan } = value
  return typeof plan === 'object' && plan !== null && 'name' in plan && 'output' in plan && 'root' in plan
}

async function loadModule(file: string, notebook: NotebookModule | null): Promise<Record<string, unknown>> {
  if (/^\.[cm]?js$/.test(extname(file))) return await run(file, pathToFileURL(file))
  const code = await bundle(file, notebook)
  // Outside the user's folder, which may be read-only. Node reads the source map in it when it is loaded.
  const folder = await mkdtemp(join(tmpdir(), 'obslab-run-'))
  try {
    const built = join(folder, `${basename(file, extname(file))}.mjs`)
    await writeFile(built, code)
    process.setSourceMapsEnabled(true)
    return await run(file, pathToFileURL(built))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function run(file: string, url: URL): Promise<Record<string, unknown>> {
  try {
    return (await import(url.href)) as Record<string, unknown>
  } catch (cause) {
    if (cause instanceof ObslabError) throw cause
    const { message, stack = '' } = cause instanceof Error ? cause : new Error(String(cause))
    const name = basename(file).replaceAll('.', '\\.')
    const line = new RegExp(`${name}(:\\d+(?::\\d+)?)`).exec(stack)?.[1] ?? ''
    throw invalid(`${shown(file)}${line} cannot be loaded: ${message.split('\n')[0]}`, cause)
  }
}

async function bundle(file: string, notebook: NotebookModule | null): Promise<string> {
  const { build } = await loadPackage('esbuild', 'obslab run, for TypeScript,', () => import('esbuild'))
  const options = {
    ...(notebook === null
      ? { entryPoints: [file] }
      : { stdin: { contents: notebook.code, resolveDir: dirname(file), sourcefile: basename(file) } }),
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    sourcemap: 'inline',
    sourceRoot: pathToFileURL(`${dirname(file)}/`).href,
    outdir: dirname(file),
    logLevel: 'silent',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(file).href) },
    plugins: [packagesInPlace],
  } satisfies BuildOptions
  try {
    const { outputFiles } = await build(options)
    return outputFiles[0]!.text
  } catch (cause) {
    throw invalid(told(file, cause), cause)
  }
}

/** Packages stay what they are and are imported from where the user's file finds them; obslab is the one that runs. */
const packagesInPlace: Plugin = {
  name: 'packages in place',
  setup(build) {
    const seen = Symbol('seen')
    build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (kind === 'entry-point' || pluginData === seen) return undefined
      const own = ownEntries.get(path)
      if (own !== undefined) return { path: own, external: true }
      const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: seen })
      if (found.errors.length > 0 || found.external) return found
      return { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

const ownEntries: ReadonlyMap<string, string> = new Map([
  ['obslab', new URL('../index.js', import.meta.url).href],
  ['obslab/job', new URL('../job.js', import.meta.url).href],
])

/** esbuild's first error, with file and line; the line itself is the user's code and is left out. */
function told(file: string, cause: unknown): string {
  const first = (cause as Partial<BuildFailure>).errors?.[0]
  if (first === undefined) return `${shown(file)} cannot be loaded: ${String(cause).split('\n')[0]}`
  const { location, text } = first
  const at = location === null ? shown(file) : `${location.file}:${location.line}:${location.column + 1}`
  return `${at} cannot be loaded: ${text}`
}

/** The names of a notebook that were left out, with why. */
function skippedText(notebook: NotebookModule | null): string {
  if (notebook === null || notebook.skipped.size === 0) return ''
  return ` Left out: ${Array.from(notebook.skipped, ([name, reason]) => `${name} (${reason})`).join('; ')}.`
}

function shown(file: string): string {
  return relative('', file) || file
}

function invalid(message: string, cause?: unknown): ObslabError {
  return new ObslabError('job-file-invalid', message, { cause })
}
