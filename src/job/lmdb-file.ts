import { existsSync } from 'node:fs'
import { chmod, mkdir, open as openFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database, RootDatabase, TransactionFlags } from 'lmdb'
import { ObslabError } from '../errors.js'
import { loadPackage } from '../optional-package.js'
import { type Cell, isPlainObject } from '../pipeline/cell.js'
import { CellWriter, readCell } from './cell-bytes.js'

/** The layout of what is in the file. Another one is not read. */
const format = 1

/** One memory of an operator on disk. */
export type LmdbMemory = Database<Buffer, Uint8Array>

/** An operator as the file has it. */
export interface KeptOperator {
  /** Null where nobody told. */
  readonly fingerprint: string | null
  /** Names of its memories, `2:aggregate/rows`. */
  readonly memories: readonly string[]
}

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
/** Abortable, committed when the call returns, and flushed to disk afterwards: see {@link LmdbFile.flush}. */
const transactionFlags = 0x10003 as TransactionFlags

/** The LMDB file of a state folder: its memories, and what it says about itself. */
export class LmdbFile {
  readonly path: string
  readonly #folder: string
  readonly #root: RootDatabase<Buffer, Uint8Array>
  readonly #readOnly: boolean
  readonly #about: LmdbMemory
  readonly #memories = new Map<string, LmdbMemory>()
  readonly #writer = new CellWriter()
  #flushing: Promise<void> | null = null
  #isFlushDue = false
  #closed: Promise<void> | null = null

  private constructor(folder: string, root: RootDatabase<Buffer, Uint8Array>, readOnly: boolean) {
    this.#folder = folder
    this.path = fileOf(folder)
    this.#root = root
    this.#readOnly = readOnly
    this.#about = root.openDB({ name: 'about', ...binary })
  }

  /** Whether a folder has one. */
  static isIn(folder: string): boolean {
    return existsSync(fileOf(folder))
  }

  /** Opens the file of a folder, both made when they are missing, readable by their owner alone. */
  static async open(folder: string): Promise<LmdbFile> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    const file = await LmdbFile.#opened(folder, false)
    await chmod(fileOf(folder), 0o600)
    await chmod(`${fileOf(folder)}-lock`, 0o600)
    return file
  }

  /** Opens the file of a folder to read it, while another process may write to it. */
  static async read(folder: string): Promise<LmdbFile> {
    return await LmdbFile.#opened(folder, true)
  }

  static async #opened(folder: string, readOnly: boolean): Promise<LmdbFile> {
    const { open } = await loadPackage('lmdb', 'A state folder', () => import('lmdb'))
    await requireLmdb(folder)
    let file: LmdbFile
    try {
      const root = open<Buffer, Uint8Array>({ path: fileOf(folder), maxDbs: 4096, readOnly, ...binary })
      file = new LmdbFile(folder, root, readOnly)
    } catch (cause) {
      throw unreadable(folder, cause instanceof Error ? cause.message : String(cause), cause)
    }
    try {
      file.#requireFormat()
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async bytes(): Promise<number> {
    return (await stat(this.path)).size
  }

  /** One transaction: all that `write` does is on disk, or nothing when it throws. */
  transact<T>(write: () => T): T {
    return this.#root.transactionSync(write, transactionFlags)
  }

  /** What the file says about itself by a name. */
  about(name: string): Cell | undefined {
    const bytes = this.#about.get(keyOf(name))
    return bytes === undefined ? undefined : readCell(bytes)
  }

  /** Names of what the file says about itself that begin with `prefix`. */
  namesOf(prefix: string): string[] {
    const names = Array.from(this.#about.getKeys(), key => Buffer.from(key).toString())
    return names.filter(name => name.startsWith(prefix))
  }

  /** To be called within {@link transact}. False when it says that already. */
  setAbout(name: string, cell: Cell): boolean {
    const key = keyOf(name)
    const bytes = this.#writer.write(cell)
    if (this.#about.get(key)?.equals(bytes)) return false
    this.#about.put(key, bytes)
    return true
  }

  /** To be called within {@link transact}. */
  removeAbout(name: string): void {
    this.#about.remove(keyOf(name))
  }

  /** A memory by its name, made when it is missing. Not to be called within {@link transact}. */
  memory(name: string): LmdbMemory {
    let memory = this.#memories.get(name)
    if (memory === undefined) {
      memory = this.#root.openDB({ name: `memory:${name}`, ...binary })
      this.#memories.set(name, memory)
    }
    return memory
  }

  /** Entries of a memory. */
  entriesOf(name: string): number {
    const { entryCount } = this.memory(name).getStats() as { entryCount: number }
    return entryCount
  }

  operators(): Map<string, KeptOperator> {
    const kept = this.about('operators')
    if (!isPlainObject(kept)) return new Map()
    return new Map(Object.entries(kept as unknown as Record<string, KeptOperator>))
  }

  /**
   * Has what was committed written to the disk itself, soon. A process that is killed loses nothing without it; a machine
   * that fails loses the commits since, all of each.
   */
  flush(): void {
    this.#isFlushDue = true
    this.#flushing ??= this.#flush()
  }

  /** A copy of the file as of now, in a folder. */
  async copyTo(folder: string): Promise<void> {
    await this.#root.backup(fileOf(folder), true)
    await chmod(fileOf(folder), 0o600)
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    this.#closed ??= this.#close()
    await this.#closed
  }

  /** What is not flushed is waited for without end where nothing flushes it. */
  async #close(): Promise<void> {
    if (!this.#readOnly) this.flush()
    await this.#flushing
    await this.#root.close()
  }

  async #flush(): Promise<void> {
    while (this.#isFlushDue) {
      this.#isFlushDue = false
      const root = this.#root as unknown as { sync(done: (error?: unknown) => void): void }
      await new Promise<void>(done => root.sync(() => done()))
    }
    this.#flushing = null
  }

  #requireFormat(): void {
    const found = this.about('format')
    if (found === undefined || found === format) return
    const which = typeof found === 'number' && found > format ? 'a newer' : 'an older'
    throw new ObslabError(
      'state-refused',
      `The state in ${this.#folder} was written by ${which} version of obslab (format ${String(found)}, expected ${format}). ` +
        'Run the job with that version, or remove the folder: the job then computes its state anew from its inputs.',
    )
  }

  /** Says which format it has. To be called within {@link transact}. */
  markFormat(): void {
    this.setAbout('format', format)
  }
}

function fileOf(folder: string): string {
  return join(folder, 'state.mdb')
}

function keyOf(name: string): Buffer {
  return Buffer.from(name)
}

/** LMDB ends the process over a file that is none of its own. */
async function requireLmdb(folder: string): Promise<void> {
  if (!LmdbFile.isIn(folder)) return
  const handle = await openFile(fileOf(folder))
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0)
    if (bytesRead > 0 && !buffer.includes(magic)) throw unreadable(folder, 'it is no LMDB file')
  } finally {
    await handle.close()
  }
}

/** What tells an LMDB file, in its first page. */
const magic = Buffer.from([0xde, 0xc0, 0xef, 0xbe])

function unreadable(folder: string, reason: string, cause?: unknown): ObslabError {
  return new ObslabError(
    'state-refused',
    `The state in ${folder} cannot be opened: ${reason}. Restore a backup, or remove the folder: the job then computes ` +
      'its state anew from its inputs.',
    { cause },
  )
}
