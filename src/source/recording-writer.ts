import { type FileHandle, mkdir, mkdtemp, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ObslabError } from '../errors.js'
import { partitionFolder, segmentFileName } from '../log/segment.js'
import { diskError, errnoOf, onDisk } from './disk.js'
import { writeRecordedSchemas } from './recorded-schemas.js'
import { type RecordingFile, writeRecordingFile } from './recording-file.js'
import type { RegisteredSchema } from './schema-registry.js'
import type { AbortedTransaction, PartitionOffsets } from './source.js'

// What Kafka rolls a segment at. Offsets in a segment must stay within 2^31 of its name for Kafka's indexes.
const segmentBytes = 1024 ** 3

interface OpenPartition {
  folder: string
  cleanupPolicy: string
  topic: string
  offsets: PartitionOffsets
  aborted: readonly AbortedTransaction[]
  file: FileHandle | undefined
  fileBytes: number
  bytes: number
}

/**
 * Writes a recording: into a folder beside the one asked for, which takes its name when `finish` is called, so that
 * nothing half-written is ever found under it. The folders are private (0700): a recording holds patient data.
 */
export class RecordingWriter {
  readonly folder: string
  readonly #temporary: string
  readonly #partitions = new Map<string, OpenPartition>()

  private constructor(folder: string, temporary: string) {
    this.folder = folder
    this.#temporary = temporary
  }

  /** Begins a recording. A folder that already holds something is a `recording-exists` error. */
  static async begin(folder: string): Promise<RecordingWriter> {
    const path = resolve(folder)
    await checkFree(path)
    const temporary = await onDisk('write beside', path, async () => {
      await mkdir(dirname(path), { recursive: true })
      return mkdtemp(`${path}.partial-`)
    })
    return new RecordingWriter(path, temporary)
  }

  /** Adds a partition, empty so far. `cleanupPolicy` is the topic's. */
  async addPartition(topic: string, cleanupPolicy: string, offsets: PartitionOffsets): Promise<void> {
    const name = partitionFolder(topic, offsets.partition)
    const folder = join(this.#temporary, name)
    await onDisk('make', folder, () => mkdir(folder, { mode: 0o700 }))
    this.#partitions.set(name, {
      folder,
      topic,
      cleanupPolicy,
      offsets,
      aborted: [],
      file: undefined,
      fileBytes: 0,
      bytes: 0,
    })
  }

  /** Appends whole batches to a partition, the first of which begins at `baseOffset`. */
  async append(topic: string, partition: number, baseOffset: number, batches: Uint8Array): Promise<void> {
    const open = this.#partitions.get(partitionFolder(topic, partition))!
    await onDisk('write to', open.folder, async () => {
      if (open.fileBytes + batches.length > segmentBytes) {
        await open.file?.close()
        open.file = undefined
      }
      open.file ??= await openSegment(
        open,
        open.bytes === 0 ? Math.min(baseOffset, open.offsets.start) : baseOffset,
      )
      await open.file.appendFile(batches)
      open.fileBytes += batches.length
      open.bytes += batches.length
    })
  }

  /** Tells of aborted transactions with records below the stable offset whose markers lie past it. */
  setAborted(topic: string, partition: number, aborted: readonly AbortedTransaction[]): void {
    this.#partitions.get(partitionFolder(topic, partition))!.aborted = aborted
  }

  /** Writes the schemas of Avro records, by their numbers, into `schemas.json`. */
  async writeSchemas(schemas: ReadonlyMap<number, RegisteredSchema>): Promise<void> {
    await writeRecordedSchemas(this.#temporary, schemas)
  }

  /** Writes `recording.json` and gives the folder its name. */
  async finish(about: Omit<RecordingFile, 'format' | 'topics'>): Promise<RecordingFile> {
    const topics: RecordingFile['topics'] = {}
    for (const open of this.#partitions.values()) {
      await onDisk('write to', open.folder, async () => {
        // A partition without batches still gets its first segment, as Kafka has it.
        open.file ??= await openSegment(open, open.offsets.start)
        await open.file.sync()
        await open.file.close()
      })
      open.file = undefined
      const { partition, start, stable, end } = open.offsets
      topics[open.topic] ??= { cleanupPolicy: open.cleanupPolicy, partitions: {} }
      const aborted = open.aborted.length === 0 ? {} : { aborted: open.aborted }
      topics[open.topic]!.partitions[partition] = { start, stable, end, bytes: open.bytes, ...aborted }
    }
    const content: RecordingFile = { format: 1, ...about, topics }
    await writeRecordingFile(this.#temporary, content)
    await checkFree(this.folder)
    await onDisk('write', this.folder, async () => {
      await rmdir(this.folder).catch(ignoreMissing)
      await rename(this.#temporary, this.folder)
    })
    return content
  }

  /** Removes what was written. Nothing is left under the name asked for. */
  async discard(): Promise<void> {
    for (const open of this.#partitions.values()) await open.file?.close().catch(() => undefined)
    await rm(this.#temporary, { recursive: true, force: true })
  }
}

async function openSegment(partition: OpenPartition, baseOffset: number): Promise<FileHandle> {
  partition.fileBytes = 0
  return open(join(partition.folder, segmentFileName(baseOffset)), 'wx', 0o600)
}

async function checkFree(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory() && (await readdir(path)).length === 0) return
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw diskError('read', path, error)
  }
  throw new ObslabError(
    'recording-exists',
    `Expected ${path} to be empty or not to exist, found something in it. Give another folder, or remove it first.`,
  )
}

function ignoreMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error
}
