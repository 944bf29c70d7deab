import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Finding } from '../finding.js'
import type { PackageFile } from './package-file.js'
import type { PackedObslab } from './packed-obslab.js'

interface LockFile {
  name: string
  version: string
  lockfileVersion: number
  requires: boolean
  packages: Record<string, unknown>
}

/** The tree of packages that every job installs, as it was resolved and tested with this obslab. */
const template = new URL('../../job-template/package-lock.json', import.meta.url)

/**
 * The package-lock.json of a job: the tree that comes with obslab, with the job's name and obslab's own entry. It names no
 * registry, so that `npm ci` asks the one that is configured. It needs no network and is the same every time.
 */
export async function lockFile(
  job: PackageFile,
  { file, integrity, manifest }: PackedObslab,
): Promise<string> {
  const lock = JSON.parse(await readFile(template, 'utf8')) as LockFile
  const { name, version, dependencies, devDependencies, engines } = job
  const { name: _, ...obslab } = manifest
  const entry = {
    version: obslab.version,
    resolved: `file:${file}`,
    integrity,
    license: obslab.license,
    dependencies: obslab.dependencies,
    bin: obslab.bin,
    engines: obslab.engines,
    peerDependencies: obslab.peerDependencies,
    peerDependenciesMeta: obslab.peerDependenciesMeta,
  }
  const { '': ___, ...installed } = lock.packages
  const packages = {
    '': { name, version, dependencies, devDependencies, engines },
    ...Object.fromEntries(
      Object.entries({ ...installed, 'node_modules/obslab': entry }).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  }
  return `${JSON.stringify({ name, version, lockfileVersion: 3, requires: true, packages }, null, 2)}\n`
}

/**
 * Adds packages that the pipeline's own code imports to the lock file in a job's folder, which needs npm and its registry.
 * Where that fails the lock file is left as it is and a finding says so.
 */
export async function resolveMore(folder: string, names: readonly string[]): Promise<Finding[]> {
  const file = join(folder, 'package-lock.json')
  const before = await readFile(file, 'utf8')
  try {
    const args = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']
    await promisify(execFile)('npm', [...args, '--omit-lockfile-registry-resolved'], { cwd: folder })
    return []
  } catch {
    await writeFile(file, before)
    const sentence =
      `package-lock.json lacks ${names.join(', ')}, which the pipeline imports: npm could not resolve it. ` +
      'Run npm install in the folder of the job.'
    return [{ code: 'lock-incomplete', severity: 'warning', sentence }]
  }
}
