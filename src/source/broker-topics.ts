import { join } from 'node:path'
import { ObslabError } from '../errors.js'
import { PartitionLog } from '../log/partition-log.js'
import { partitionFolder } from '../log/segment.js'
import { type BrokerFolder, readBrokerFolder, readTopicId } from './broker-folder.js'
import { onDisk } from './disk.js'
import type { PartitionOffsets } from './source.js'
import {
  invalidRecording,
  type PartitionFolder,
  type StoredPartition,
  type StoredTopic,
} from './stored-topic.js'
import { internalTopics } from './topic-name.js'

/** The topics of a broker's data folder `path`, whose partition folders are `found`. */
export async function brokerTopics(
  path: string,
  found: readonly PartitionFolder[],
): Promise<Map<string, StoredTopic>> {
  const broker = await readBrokerFolder(path)
  if (found.length === 0 && broker.clusterId === undefined) {
    throw invalidRecording(path, 'neither a recording.json nor folders of partitions, such as obs-0')
  }
  const tiered = found.some(({ topic }) => topic === '__remote_log_metadata')
  const topics = new Map<string, StoredTopic>()
  for (const topic of new Set(found.map(({ topic }) => topic))) {
    if (internalTopics.has(topic)) continue
    const numbers = found.filter(folder => folder.topic === topic).map(({ partition }) => partition)
    await checkTopicId(path, topic, numbers)
    const compacted = numbers.some(number => broker.cleaned.has(partitionFolder(topic, number)))
    const logs = numbers.map(
      number => [number, brokerPartition(path, broker, topic, number, tiered)] as const,
    )
    topics.set(topic, { cleanupPolicy: compacted ? 'compact' : 'delete', partitions: new Map(logs) })
  }
  return topics
}

async function checkTopicId(path: string, topic: string, partitions: readonly number[]): Promise<void> {
  const ids = new Set<string>()
  for (const partition of partitions) {
    const id = await readTopicId(join(path, partitionFolder(topic, partition)))
    if (id !== undefined) ids.add(id)
  }
  if (ids.size <= 1) return
  throw invalidRecording(
    path,
    `partitions of ${topic} from ${ids.size} topics (${[...ids].join(', ')}): it was made anew`,
  )
}

function brokerPartition(
  path: string,
  broker: BrokerFolder,
  topic: string,
  partition: number,
  tiered: boolean,
): StoredPartition {
  const name = partitionFolder(topic, partition)
  const log = new PartitionLog(join(path, name), broker.highWatermarks.get(name))
  const logStart = broker.logStarts.get(name) ?? 0
  const offsets = async (): Promise<PartitionOffsets> => {
    const index = await onDisk('read', log.folder, () => log.index())
    if (tiered && broker.logStarts.has(name) && logStart < index.startOffset) {
      throw new ObslabError(
        'batch-unsupported',
        `Expected all segments of ${name} in ${path}, found those below offset ${index.startOffset} in tiered ` +
          'storage, which obslab does not read. Record the topic from the running cluster.',
        { position: { topic, partition } },
      )
    }
    const start = Math.max(logStart, index.startOffset)
    const end = Math.max(start, index.endOffset)
    const stable = Math.max(start, Math.min(end, index.firstOpenOffset))
    return { partition, start, stable, end }
  }
  return { log, offsets, aborted: [] }
}
