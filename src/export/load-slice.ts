import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BuildFailure, Plugin } from 'esbuild'
import { ObslabError } from '../errors.js'
import { loadPackage } from '../optional-package.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import type { PipelineSlice } from './pipeline-slice.js'

/** What {@link loadSlice} takes. */
export interface LoadOptions {
  slice: PipelineSlice
  /** The file that the slice was written to, the files that it imports beside it. */
  file: string
  /** The folder from which the packages that it imports are found: the notebook's. */
  packagesFrom: string
}

/**
 * Loads a slice from where it was written, with the obslab that runs, and gives the pipeline it exports. One that cannot be
 * loaded is an `export-refused` error that names the place in the notebook.
 */
export async function loadSlice({ slice, file, packagesFrom }: LoadOptions): Promise<Pipeline<object>> {
  const code = await bundled({ slice, file, packagesFrom })
  const folder = await mkdtemp(join(tmpdir(), 'obslab-export-'))
  try {
    const built = join(folder, `${basename(file, '.ts')}.mjs`)
    await writeFile(built, code)
    const module = (await import(pathToFileURL(built).href)) as Record<string, unknown>
    const pipeline = module[slice.exportName]
    if (isPipeline(pipeline)) return pipeline
  } catch (cause) {
    if (cause instanceof ObslabError) throw cause
    const [first] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
    throw refused(`${slice.exportName} cannot be loaded on its own: ${first}.`, cause)
  } finally {
    await rm(folder, { recursive: true })
  }
  throw refused(`Expected ${slice.exportName} to be a pipeline, as .to(…) gives it, found something else.`)
}

async function bundled({ slice, file, packagesFrom }: LoadOptions): Promise<string> {
  const { build } = await loadPackage('esbuild', 'exporting a pipeline', () => import('esbuild'))
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: `node${process.versions.node}`,
      logLevel: 'silent',
      plugins: [packagesOf(packagesFrom)],
    })
    return outputFiles[0]!.text
  } catch (cause) {
    const [first] = (cause as Partial<BuildFailure>).errors ?? []
    if (first === undefined) throw cause
    const isSlice = first.location !== null && file.endsWith(first.location.file.replace(/^.*\//, '/'))
    const origin = isSlice ? slice.origins[first.location!.line - 1] : null
    const at = origin?.place ?? first.location?.file ?? slice.exportName
    throw refused(`${at} cannot be loaded: ${first.text}.`, cause)
  }
}

/** Packages are imported from where the notebook finds them; obslab is the one that runs. */
function packagesOf(folder: string): Plugin {
  return {
    name: 'packages of the notebook',
    setup(build) {
      const seen = Symbol('seen')
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, pluginData }) => {
        if (kind === 'entry-point' || pluginData === seen) return undefined
        const own = ownEntries.get(path)
        if (own !== undefined) return { path: own, external: true }
        const found = await build.resolve(path, { kind, resolveDir: folder, pluginData: seen })
        if (found.errors.length > 0 || found.external) return found
        return { path: pathToFileURL(found.path).href, external: true }
      })
    },
  }
}

const ownEntries: ReadonlyMap<string, string> = new Map([
  ['obslab', entry('index.js')],
  ['obslab/job', entry('job.js')],
])

/** An entry of this obslab, which runs as it was built, or from its sources beside which it was built. */
function entry(file: string): string {
  const beside = new URL(`../${file}`, import.meta.url)
  return existsSync(fileURLToPath(beside)) ? beside.href : new URL(`../../dist/${file}`, import.meta.url).href
}

function isPipeline(value: unknown): value is Pipeline<object> {
  if (typeof value !== 'object' || value === null || !('plan' in value)) return false
  const { plan } = value
  return typeof plan === 'object' && plan !== null && 'name' in plan && 'output' in plan && 'root' in plan
}

function refused(message: string, cause?: unknown): ObslabError {
  return new ObslabError('export-refused', message, { cause })
}
