import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type PackedFile, tarball } from './tarball.js'

/** obslab as a job installs it, while it is in no registry. */
export interface PackedObslab {
  /** `obslab-0.1.0.tgz`. */
  file: string
  version: string
  content: Buffer
  /** As a lock file has it, `sha512-…`. */
  integrity: string
  /** Its package.json. */
  manifest: ObslabManifest
}

/** What of obslab's package.json a job's lock file repeats. */
export interface ObslabManifest {
  name: string
  version: string
  license: string
  engines: Readonly<Record<string, string>>
  bin: Readonly<Record<string, string>>
  dependencies: Readonly<Record<string, string>>
  peerDependencies: Readonly<Record<string, string>>
  peerDependenciesMeta: Readonly<Record<string, unknown>>
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What package.json says that does not concern who installs it. */
const leftOut: ReadonlySet<string> = new Set(['scripts', 'devDependencies', 'overrides', 'files'])

/**
 * Packs the obslab that runs, as `npm pack` would, without the recording and the notebook's parts, which a job needs not.
 * The same obslab gives the same bytes.
 */
export async function packedObslab(): Promise<PackedObslab> {
  const given = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as ObslabManifest
  const manifest = Object.fromEntries(
    Object.entries(given).filter(([name]) => !leftOut.has(name)),
  ) as unknown as ObslabManifest
  const content = tarball([
    { path: 'package/package.json', content: jsonBytes(manifest), executable: false },
    { path: 'package/LICENSE', content: await readFile(join(root, 'LICENSE')), executable: false },
    ...(await builtFiles(new Set(Object.values(manifest.bin)))),
  ])
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`
  return {
    file: `${manifest.name}-${manifest.version}.tgz`,
    version: manifest.version,
    content,
    integrity,
    manifest,
  }
}

async function builtFiles(programs: ReadonlySet<string>): Promise<PackedFile[]> {
  const names = await readdir(join(root, 'dist'), { recursive: true })
  const built = names
    .map(name => `dist/${name.replaceAll('\\', '/')}`)
    .filter(path => /\.(js|ts|json)$/.test(path))
  return await Promise.all(
    built.sort().map(async path => ({
      path: `package/${path}`,
      content: await readFile(join(root, path)),
      executable: programs.has(path),
    })),
  )
}

function jsonBytes(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}
