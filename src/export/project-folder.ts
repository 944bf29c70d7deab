import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ObslabError } from '../errors.js'

/** The list of what an export wrote, by which the next one tells it from what others put beside it. */
const listName = '.obslab-export.json'

/**
 * The folder of an exported job while it is made: its files are written beside it and take its place together, when all
 * are there. What an export before wrote goes, what somebody else put there stays.
 */
export class ProjectFolder {
  /** Where it will be, an absolute path. */
  readonly out: string
  /** Where its files are written meanwhile. */
  readonly draft: string
  /** What the export before wrote, by paths; empty where there was none. */
  readonly before: readonly string[]
  readonly #written = new Set<string>()

  private constructor(out: string, draft: string, before: readonly string[]) {
    this.out = out
    this.draft = draft
    this.before = before
  }

  /** Begins it. A folder that holds something and no export is an `export-refused` error: it is somebody's. */
  static async begin(path: string): Promise<ProjectFolder> {
    const out = resolve(path)
    const before = await filesBefore(out)
    await mkdir(dirname(out), { recursive: true })
    const draft = await mkdtemp(join(dirname(out), `.${basename(out)}-`))
    // A project is for who may read folders made here; mkdtemp makes one for its owner alone.
    await chmod(draft, 0o777 & ~process.umask())
    return new ProjectFolder(out, draft, before)
  }

  /** The files written so far, by their paths, in order. */
  get files(): readonly string[] {
    return [...this.#written].sort()
  }

  /** Writes a file of the draft. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const file = join(this.draft, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
    this.#written.add(path)
  }

  /** A file of the export before; null where there is none. */
  async earlier(path: string): Promise<string | null> {
    return this.before.includes(path) ? await textOf(join(this.out, path)) : null
  }

  /** Puts the files where they belong, and gives those whose bytes are others than before. */
  async finish(): Promise<string[]> {
    await this.write(listName, `${JSON.stringify({ format: 1, files: this.files }, null, 2)}\n`)
    const changed: string[] = []
    if ((await stat(this.out).catch(() => null)) === null) {
      await rename(this.draft, this.out)
      return [...this.files]
    }
    for (const path of this.files) {
      if (await isSame(join(this.out, path), join(this.draft, path))) continue
      changed.push(path)
      await mkdir(dirname(join(this.out, path)), { recursive: true })
    }
    // Nothing but renames from here on, each of which is whole.
    for (const path of changed) await rename(join(this.draft, path), join(this.out, path))
    const gone = this.before.filter(path => !this.#written.has(path))
    for (const path of gone) await rm(join(this.out, path), { force: true })
    await this.discard()
    return [...changed, ...gone]
  }

  /** Takes the draft away. What was there before is as it was. */
  async discard(): Promise<void> {
    await rm(this.draft, { recursive: true, force: true })
  }
}

async function filesBefore(out: string): Promise<readonly string[]> {
  const found = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw refused(`Expected a folder at ${out}, or nothing, but it cannot be read: ${error.code}.`)
  })
  if (found.length === 0) return []
  const list = await textOf(join(out, listName))
  const files = list === null ? null : listed(list)
  if (files !== null) return [...files, listName]
  throw refused(
    `Expected ${out} to be empty or a job exported before, but it holds something else (${found.slice(0, 3).join(', ')}). ` +
      'Name another folder.',
  )
}

function listed(text: string): string[] | null {
  try {
    const { files } = JSON.parse(text) as { files?: unknown }
    const isList = Array.isArray(files) && files.every(file => typeof file === 'string' && isInside(file))
    return isList ? files : null
  } catch {
    return null
  }
}

/** A list that was tampered with must not make an export remove files elsewhere. */
function isInside(path: string): boolean {
  return !path.startsWith('/') && !path.split(/[\\/]/).includes('..')
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([readFile(one).catch(() => null), readFile(other)])
  return a?.equals(b) ?? false
}

async function textOf(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch(() => null)
}

function refused(message: string): ObslabError {
  return new ObslabError('export-refused', message)
}
