import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const pom = path.join(import.meta.dirname, 'pom.xml')

/** Where the programs of the stack lie after {@link installSoftware}. */
export interface Software {
  /** Folder of the jars that the broker and Connect share. */
  libs: string
  /** Connect's `plugin.path`: a folder holding Debezium's MySQL and MariaDB connectors. */
  plugins: string
  /** Folder of MySQL 8.0.15: `bin/mysqld`, `share/`. */
  mysql: string
  /** Folder of class-data-sharing archives, written by the first clean stop of each service. */
  archives: string
}

/**
 * Why the stack cannot run on this machine, as one sentence saying what to install; null when it can. It needs
 * Linux on x86-64, Java 17 or newer, Maven, and the shared libraries libaio and libnuma.
 */
export function whyUnavailable(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `The stack needs Linux on x64 (its MySQL is built for that); this is ${process.platform} on ${process.arch}.`
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' })
  const version = /version "(\d+)/.exec(java.stderr ?? '')?.[1]
  if (version === undefined || Number(version) < 17)
    return `The stack needs Java 17 or newer, found ${version ?? 'none'}: apt-get install openjdk-17-jre-headless.`
  if (spawnSync('mvn', ['-v']).status !== 0)
    return 'The stack needs Maven to fetch Kafka, Debezium and MySQL, found none: apt-get install maven.'
  const missing = ['libaio', 'libnuma'].filter(library => !hasLibrary(library))
  if (missing.length > 0)
    return `The stack's MySQL needs ${missing.join(' and ')}: apt-get install ${missing.map(name => `${name}1`).join(' ')}.`
  return null
}

function hasLibrary(name: string): boolean {
  const cache = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' })
  return cache.status !== 0 || cache.stdout.includes(`${name}.so.1 `)
}

/**
 * Fetches what test/stack/pom.xml names through Maven (which keeps it in ~/.m2) and unpacks it into
 * `folder/software/<hash of the pom>`. Does nothing when that is there already. Two processes may call it at once.
 */
export async function installSoftware(folder: string): Promise<Software> {
  const unavailable = whyUnavailable()
  if (unavailable !== null) throw new Error(unavailable)
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12)
  const home = path.join(folder, 'software', hash)
  if (!existsSync(home)) await installInto(home)
  return {
    libs: path.join(home, 'libs'),
    plugins: path.join(home, 'plugins'),
    mysql: path.join(home, 'mysql'),
    archives: path.join(home, 'archives'),
  }
}

async function installInto(home: string): Promise<void> {
  const partial = `${home}.${randomUUID()}`
  await mkdir(path.join(partial, 'mysql'), { recursive: true })
  await mkdir(path.join(partial, 'archives'))
  try {
    await run('mvn', ['-q', '-B', '-f', pom, 'package', `-Dsoftware=${partial}`]).catch(fetchFailed)
    const server = path.join(partial, 'mysql-server')
    const archive = path.join(server, 'mysql-Linux-amd64.tar.gz')
    await run('tar', ['xzf', archive, '-C', path.join(partial, 'mysql')])
    await rm(server, { recursive: true })
    await rename(partial, home)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (!existsSync(home)) throw error
  }
}

function fetchFailed(error: { stdout?: string }): never {
  const reason = /\[ERROR\] (.*)/.exec(error.stdout ?? '')?.[1] ?? String(error)
  throw new Error(`Maven could not fetch the stack: ${reason} Check the network and ~/.m2/settings.xml.`)
}
