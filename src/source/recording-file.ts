import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ObslabError } from '../errors.js'
import { diskError, errnoOf, onDisk } from './disk.js'
import type { AbortedTransaction } from './source.js'

/** The name of the file that describes a recording, beside the folders of its partitions. */
export const recordingFileName = 'recording.json'

/** What `recording.json` says of one partition. */
export interface RecordedPartition {
  /** The first offset that was in the partition; the first batch may begin below it. */
  start: number
  /** The last stable offset: the recording holds what is below it. */
  stable: number
  /** The high watermark at the time. */
  end: number
  /** The length of its segments together, by which a truncated copy is recognised. */
  bytes: number
  /**
   * Aborted transactions with records below `stable` whose abort markers lie past it, because another transaction
   * was open: the recording has no other trace of their end. Left out when there are none.
   */
  aborted?: readonly AbortedTransaction[]
}

/** What `recording.json` says of one topic; partitions by their number. */
export interface RecordedTopic {
  cleanupPolicy: string
  partitions: Record<string, RecordedPartition>
}

/** The content of `recording.json`. */
export interface RecordingFile {
  format: 1
  /** What it was recorded from, without credentials. */
  source: string
  /** When, ISO 8601. */
  recordedAt: string
  /** Whether the values of sensitive columns were replaced. A recording that is not masked holds patient data. */
  masked: boolean
  topics: Record<string, RecordedTopic>
}

const offset = z.int().nonnegative()

const partition = z
  .strictObject({
    start: offset,
    stable: offset,
    end: offset,
    bytes: offset,
    aborted: z
      .array(z.strictObject({ producerId: offset, firstOffset: offset }))
      .readonly()
      .optional(),
  })
  .refine(
    ({ start, stable, end }) => start <= stable && stable <= end,
    'start <= stable <= end does not hold',
  )

const topicName = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, 'is not a topic name')

const recordingFile: z.ZodType<RecordingFile> = z.strictObject({
  format: z.literal(1),
  source: z.string(),
  recordedAt: z.iso.datetime({ offset: true }),
  masked: z.boolean(),
  topics: z.record(
    topicName,
    z.strictObject({
      cleanupPolicy: z.string(),
      partitions: z.record(z.string().regex(/^(0|[1-9]\d{0,9})$/, 'is not a partition number'), partition),
    }),
  ),
})

/**
 * Reads the `recording.json` of a folder; undefined when there is none. One that cannot be understood is a
 * `recording-invalid` error that says where.
 */
export async function readRecordingFile(folder: string): Promise<RecordingFile | undefined> {
  const path = join(folder, recordingFileName)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw diskError('read', path, error)
  }
  return parseRecordingFile(path, text)
}

/** Writes the `recording.json` of a folder. */
export function writeRecordingFile(folder: string, content: RecordingFile): Promise<void> {
  const path = join(folder, recordingFileName)
  return onDisk('write', path, () =>
    writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 }),
  )
}

function parseRecordingFile(path: string, text: string): RecordingFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw invalid(path, 'text that is not JSON')
  }
  if (typeof json === 'object' && json !== null && 'format' in json && json.format !== 1) {
    throw invalid(path, `format ${JSON.stringify(json.format)}, which a later obslab wrote: update obslab`)
  }
  const parsed = recordingFile.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  throw invalid(path, `a mistake${where}: ${issue?.message ?? 'unknown'}`)
}

function invalid(path: string, found: string): ObslabError {
  return new ObslabError(
    'recording-invalid',
    `Expected ${path} to describe a recording, found ${found}. Record the topics again, or restore the file.`,
  )
}
