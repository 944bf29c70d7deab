import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ObslabError } from '../errors.js'
import { jobPackages, nodeVersions } from './job-packages.js'
import type { PackedObslab } from './packed-obslab.js'

/** The package.json of a job. */
export interface PackageFile {
  readonly name: string
  readonly version: string
  readonly private: true
  readonly description: string
  readonly type: 'module'
  readonly engines: Readonly<Record<string, string>>
  /** Where `obslab run <folder>` finds the pipeline. */
  readonly obslab: { readonly pipeline: string; readonly export: string }
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly overrides: Readonly<Record<string, string>>
}

/** What a {@link PackageFile} is made of. */
export interface PackageFileParts {
  /** What npm calls the job, `flat-obs`. */
  name: string
  pipeline: string
  exportName: string
  obslab: PackedObslab
  /** Packages that the pipeline's own code imports, with their versions. */
  packages: Readonly<Record<string, string>>
}

/** The package.json of a job: private, every version exact, nothing that it does not need. */
export function packageFile({ name, pipeline, exportName, obslab, packages }: PackageFileParts): PackageFile {
  return {
    name,
    version: '1.0.0',
    private: true,
    description: `Keeps ${pipeline} up to date, by obslab`,
    type: 'module',
    engines: { node: `>=${nodeVersions.least}` },
    obslab: { pipeline: `src/${exportName}.ts`, export: exportName },
    scripts: {
      build: 'node build.js',
      start: 'node --enable-source-maps dist/main.js',
      test: 'vitest run',
      typecheck: 'tsc',
    },
    dependencies: sorted({ ...jobPackages.runtime, ...packages, obslab: `file:${obslab.file}` }),
    devDependencies: sorted(jobPackages.development),
    overrides: jobPackages.overrides,
  }
}

/**
 * The versions of packages that are installed where a notebook finds them. One that is not installed there is an
 * `export-refused` error.
 */
export async function installedVersions(
  names: readonly string[],
  folder: string,
): Promise<Record<string, string>> {
  const versions = names.map(async name => [name, await installedVersion(name, folder)] as const)
  return Object.fromEntries(await Promise.all(versions))
}

async function installedVersion(name: string, folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const text = await readFile(join(at, 'node_modules', name, 'package.json'), 'utf8').catch(() => null)
    if (text !== null) return (JSON.parse(text) as { version: string }).version
    if (dirname(at) === at) break
  }
  throw new ObslabError(
    'export-refused',
    `The pipeline imports the package ${name}, which is not installed where its notebook is: npm install ${name}`,
  )
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
