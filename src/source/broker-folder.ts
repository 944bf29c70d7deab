import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ObslabError } from '../errors.js'
import { diskError, errnoOf } from './disk.js'

/** What a broker keeps beside its partitions, by folder name (`<topic>-<partition>`). */
export interface BrokerFolder {
  /** From `meta.properties`; undefined when the folder has none. */
  clusterId: string | undefined
  nodeId: string | undefined
  /** High watermarks (`replication-offset-checkpoint`): what lies above was not yet readable. */
  highWatermarks: ReadonlyMap<string, number>
  /** Where partitions begin (`log-start-offset-checkpoint`) when that is not where their first segment does. */
  logStarts: ReadonlyMap<string, number>
  /** Partitions that the log cleaner has been through (`cleaner-offset-checkpoint`): their topics are compacted. */
  cleaned: ReadonlySet<string>
}

/** Reads what a broker keeps beside its partitions. Files that are missing count as empty. */
export async function readBrokerFolder(folder: string): Promise<BrokerFolder> {
  const [properties, highWatermarks, logStarts, cleaned] = await Promise.all([
    readProperties(join(folder, 'meta.properties')),
    readCheckpoint(join(folder, 'replication-offset-checkpoint')),
    readCheckpoint(join(folder, 'log-start-offset-checkpoint')),
    readCheckpoint(join(folder, 'cleaner-offset-checkpoint')),
  ])
  return {
    clusterId: properties.get('cluster.id'),
    nodeId: properties.get('node.id') ?? properties.get('broker.id'),
    highWatermarks,
    logStarts,
    cleaned: new Set(cleaned.keys()),
  }
}

/** The topic id in a partition's `partition.metadata`; undefined when the folder has none. */
export async function readTopicId(partitionFolder: string): Promise<string | undefined> {
  const text = await readIfThere(join(partitionFolder, 'partition.metadata'))
  return /^topic_id:\s*(\S+)\s*$/m.exec(text)?.[1]
}

async function readProperties(path: string): Promise<Map<string, string>> {
  const properties = new Map<string, string>()
  for (const line of (await readIfThere(path)).split(/\r?\n/)) {
    const match = /^\s*([^#!=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line)
    if (match !== null) properties.set(match[1]!, match[2]!)
  }
  return properties
}

/** Kafka's checkpoint format: a version, a count, then a line of topic, partition and offset each. */
async function readCheckpoint(path: string): Promise<Map<string, number>> {
  const offsets = new Map<string, number>()
  const text = await readIfThere(path)
  if (text.trim() === '') return offsets
  const [version, count, ...lines] = text.trimEnd().split(/\r?\n/)
  if (version?.trim() !== '0') throw invalid(path, `version ${version} instead of 0`)
  for (const line of lines) {
    const match = /^(\S+) (\d+) (\d+)$/.exec(line.trim())
    if (match === null)
      throw invalid(path, `the line ${JSON.stringify(line)} instead of topic, partition and offset`)
    offsets.set(`${match[1]}-${match[2]}`, Number(match[3]))
  }
  if (Number(count) !== lines.length)
    throw invalid(path, `${lines.length} lines instead of the ${count} it states`)
  return offsets
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return ''
    throw diskError('read', path, error)
  }
}

function invalid(path: string, found: string): ObslabError {
  return new ObslabError(
    'recording-invalid',
    `Expected ${path} as a Kafka broker writes it, found ${found}. Copy the folder again from a stopped broker.`,
  )
}
