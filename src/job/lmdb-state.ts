import { mkdir } from 'node:fs/promises'
import { ObslabError } from '../errors.js'
import type { Cell } from '../pipeline/cell.js'
import type { StateStore } from '../pipeline/operator-state.js'
import { CellWriter } from './cell-bytes.js'
import type { JobState, OperatorReport, StateProgress } from './job-state.js'
import { type KeptOperator, LmdbFile } from './lmdb-file.js'
import { LmdbStore } from './lmdb-store.js'

/** What {@link openJobState} takes besides the folder and the fingerprints. */
export interface JobStateOptions {
  /** The pipeline's name: a folder with the state of another one is refused. Default: nobody tells. */
  pipeline?: string
}

/** How the state of a job is, read from outside. */
export interface JobStateView {
  /** Null when nobody told. */
  pipeline: string | null
  /** How often it was opened to write. */
  generation: number
  /** As of the last commit; null before one. */
  kept: StateProgress | null
  operators: readonly { operator: string; entries: number; fingerprint: string }[]
  /** Bytes on disk. */
  bytes: number
}

/**
 * Opens the state of a job in a folder, made when it is missing, readable by its owner alone: an LMDB file, `state.mdb`.
 * What the operators remember is in memory too; a commit writes what changed since the last. From here on whoever had it
 * open before can commit no more. `fingerprints` say what the operators compute, by the names of `stepsOf`.
 *
 * A state that another version of obslab wrote, one of another pipeline or one that cannot be read is a `state-refused`
 * error.
 */
export async function openJobState(
  folder: string,
  fingerprints: ReadonlyMap<string, string>,
  { pipeline }: JobStateOptions = {},
): Promise<JobState> {
  const file = await LmdbFile.open(folder)
  try {
    const generation = file.transact(() => {
      requirePipeline(file, folder, pipeline)
      file.markFormat()
      if (pipeline !== undefined) file.setAbout('pipeline', pipeline)
      const next = generationOf(file) + 1
      file.setAbout('generation', next)
      return next
    })
    file.flush()
    return new LmdbState(folder, file, generation, fingerprints, await file.bytes())
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Reads how the state of a job is, while the job may be running. Null when the folder holds none. */
export async function readJobState(folder: string): Promise<JobStateView | null> {
  if (!LmdbFile.isIn(folder)) return null
  const file = await LmdbFile.read(folder)
  try {
    return {
      pipeline: (file.about('pipeline') ?? null) as string | null,
      generation: generationOf(file),
      kept: progressOf(file),
      operators: Array.from(file.operators(), ([operator, { fingerprint, memories }]) => ({
        operator,
        entries: entriesIn(file, memories),
        fingerprint: fingerprint ?? '',
      })).sort((a, b) => Number.parseInt(a.operator, 10) - Number.parseInt(b.operator, 10)),
      bytes: await file.bytes(),
    }
  } finally {
    await file.close()
  }
}

/**
 * Copies the state of a job as of its last commit, while the job may be running, into the folder `to`: a `file-exists`
 * error when there is one. The copy is readable by its owner alone. A job goes on from it where that commit was.
 */
export async function backupState(folder: string, to: string): Promise<void> {
  if (!LmdbFile.isIn(folder)) {
    throw new ObslabError(
      'state-refused',
      `Expected the state of a job in ${folder}, found none: name the folder given as --state.`,
    )
  }
  const file = await LmdbFile.read(folder)
  try {
    await makeFolder(to)
    await file.copyTo(to)
  } finally {
    await file.close()
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw new ObslabError('file-exists', `${folder} is there already: name a folder that is not.`)
  }
}

class LmdbState implements JobState {
  readonly folder: string
  readonly #file: LmdbFile
  readonly #generation: number
  readonly #fingerprints: ReadonlyMap<string, string>
  #operators: readonly OperatorReport[]
  #kept: StateProgress | null
  #store: LmdbStore
  /** What the offsets are on disk if nobody else wrote. */
  #offsets: Buffer | null
  #bytes: number
  #isBroken = false

  constructor(
    folder: string,
    file: LmdbFile,
    generation: number,
    fingerprints: ReadonlyMap<string, string>,
    bytes: number,
  ) {
    this.folder = folder
    this.#file = file
    this.#generation = generation
    this.#fingerprints = fingerprints
    this.#bytes = bytes
    this.#kept = progressOf(file)
    this.#offsets = offsetsBytes(file)
    this.#operators = reports(file, fingerprints)
    const found = new Map(this.#operators.map(report => [report.operator, report.found]))
    this.#store = new LmdbStore(
      file,
      operator => this.#kept !== null && (found.get(operator) ?? 'kept') === 'kept',
    )
  }

  get store(): StateStore {
    return this.#store
  }

  get kept(): StateProgress | null {
    return this.#kept
  }

  get operators(): readonly OperatorReport[] {
    return this.#operators
  }

  get bytes(): number {
    return this.#bytes
  }

  async commit(progress: StateProgress): Promise<void> {
    if (this.#isBroken) throw new Error('a commit after one that failed: open the state anew')
    this.#isBroken = true
    this.#file.transact(() => {
      this.#requireOwn()
      this.#store.write()
      const { phase, offsets, readers } = progress
      this.#file.setAbout('phase', phase as unknown as Cell)
      this.#file.setAbout('offsets', offsets as unknown as Cell)
      for (const [topic, reader] of Object.entries(readers)) this.#file.setAbout(`reader:${topic}`, reader)
      this.#file.setAbout('operators', this.#memories())
    })
    this.#isBroken = false
    this.#kept = progress
    this.#offsets = offsetsBytes(this.#file)
    this.#file.flush()
    this.#bytes = await this.#file.bytes()
  }

  async discard(): Promise<void> {
    const memories = [...this.#file.operators().values()].flatMap(({ memories }) => memories)
    const disks = memories.map(name => this.#file.memory(name))
    this.#file.transact(() => {
      this.#requireOwn()
      for (const disk of disks) disk.clearSync()
      for (const name of ['phase', 'offsets', 'operators', ...this.#file.namesOf('reader:')])
        this.#file.removeAbout(name)
    })
    this.#kept = null
    this.#offsets = null
    this.#operators = reports(this.#file, this.#fingerprints)
    this.#store = new LmdbStore(this.#file, () => false)
    this.#file.flush()
    this.#bytes = await this.#file.bytes()
  }

  async close(): Promise<void> {
    this.#isBroken = true
    await this.#file.close()
  }

  /** To be called within a transaction: nobody can come between then. */
  #requireOwn(): void {
    const offsets = offsetsBytes(this.#file)
    const isSame = offsets === null ? this.#offsets === null : this.#offsets?.equals(offsets) === true
    if (generationOf(this.#file) === this.#generation && isSame) return
    throw new ObslabError(
      'job-fenced',
      `Another instance of the job has opened the state in ${this.folder} since this one did. Nothing was written: run one ` +
        'instance of a job.',
    )
  }

  #memories(): Cell {
    const memories = new Map<string, string[]>([...this.#fingerprints.keys()].map(name => [name, []]))
    for (const name of this.#store.names) {
      const operator = name.slice(0, name.lastIndexOf('/'))
      memories.set(operator, [...(memories.get(operator) ?? []), name])
    }
    const kept = Array.from(memories, ([operator, names]): [string, KeptOperator] => [
      operator,
      { fingerprint: this.#fingerprints.get(operator) ?? null, memories: names },
    ])
    return Object.fromEntries(kept) as unknown as Cell
  }
}

function reports(file: LmdbFile, fingerprints: ReadonlyMap<string, string>): OperatorReport[] {
  const known = file.operators()
  const here = Array.from(fingerprints, ([operator, fingerprint]): OperatorReport => {
    const one = known.get(operator)
    if (one === undefined) return { operator, found: 'new', entries: 0 }
    const found = one.fingerprint === fingerprint ? 'kept' : 'changed'
    return { operator, found, entries: entriesIn(file, one.memories) }
  })
  const gone = [...known].filter(([operator]) => !fingerprints.has(operator))
  return [
    ...here,
    ...gone.map(([operator, { memories }]): OperatorReport => {
      return { operator, found: 'gone', entries: entriesIn(file, memories) }
    }),
  ]
}

function entriesIn(file: LmdbFile, memories: readonly string[]): number {
  return memories.reduce((sum, name) => sum + file.entriesOf(name), 0)
}

function generationOf(file: LmdbFile): number {
  return (file.about('generation') ?? 0) as number
}

function progressOf(file: LmdbFile): StateProgress | null {
  const offsets = file.about('offsets')
  if (offsets === undefined) return null
  const readers = file
    .namesOf('reader:')
    .map((name): [string, Cell] => [name.slice('reader:'.length), file.about(name)!])
  return {
    phase: file.about('phase') as unknown as StateProgress['phase'],
    offsets: offsets as unknown as StateProgress['offsets'],
    readers: Object.fromEntries(readers),
  }
}

function offsetsBytes(file: LmdbFile): Buffer | null {
  const offsets = file.about('offsets')
  return offsets === undefined ? null : Buffer.from(new CellWriter().write(offsets))
}

function requirePipeline(file: LmdbFile, folder: string, pipeline: string | undefined): void {
  const found = file.about('pipeline')
  if (pipeline === undefined || found === undefined || found === pipeline) return
  throw new ObslabError(
    'state-refused',
    `Expected the state of ${pipeline} in ${folder}, found that of ${String(found)}: name another folder.`,
  )
}
