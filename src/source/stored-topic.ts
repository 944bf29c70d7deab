import { readdir } from 'node:fs/promises'
import { ObslabError } from '../errors.js'
import type { PartitionLog } from '../log/partition-log.js'
import { parsePartitionFolder } from '../log/segment.js'
import { errnoOf, onDisk } from './disk.js'
import type { AbortedTransaction, PartitionOffsets } from './source.js'

/** One partition of a folder: its log, and its offsets, which a broker's folder tells only after an index pass. */
export interface StoredPartition {
  log: PartitionLog
  offsets: () => Promise<PartitionOffsets>
  /** Aborted transactions of which the log holds no marker. */
  aborted: readonly AbortedTransaction[]
}

/** One topic of a folder. */
export interface StoredTopic {
  cleanupPolicy: string
  /** By ascending number. */
  partitions: ReadonlyMap<number, StoredPartition>
}

/** The folder of a partition, by what its name says. */
export interface PartitionFolder {
  topic: string
  partition: number
}

/** The partition folders in `path`, by topic and ascending number. */
export async function partitionFolders(path: string): Promise<PartitionFolder[]> {
  const entries = await onDisk('read', path, () => readdir(path, { withFileTypes: true })).catch(error => {
    if (error instanceof ObslabError && errnoOf(error.cause) === 'ENOENT')
      throw invalidRecording(path, 'no such folder')
    throw error
  })
  return entries
    .filter(entry => entry.isDirectory())
    .map(entry => parsePartitionFolder(entry.name))
    .filter(found => found !== undefined)
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

/** The `recording-invalid` error of a folder that is not a recording, or not a whole one. */
export function invalidRecording(path: string, found: string): ObslabError {
  return new ObslabError(
    'recording-invalid',
    `Expected a recording in ${path}, found ${found}. Give the folder that obslab record wrote, or a broker's data ` +
      'folder, copied whole.',
  )
}
