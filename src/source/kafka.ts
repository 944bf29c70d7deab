import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { loadCodecs } from '../log/codec.js'
import { KafkaCluster, type OffsetsByPartition, partitionKey } from './kafka-cluster.js'
import type { KafkaConfig } from './kafka-config.js'
import { isPassing, protocolError, protocolFailure } from './kafka-failure.js'
import { outOfRange, readPartitions } from './kafka-reader.js'
import { describeLogDirsRequest, type ReplicaSize } from './log-dirs.js'
import { describeConfigsRequest, type MetadataTopic, type TopicPartitions } from './protocol.js'
import type { SchemaRegistry } from './schema-registry.js'
import type { BatchChunk, FollowRequest, OffsetRange, ReadRequest, Source, TopicOffsets } from './source.js'
import { internalTopics, unknownTopic } from './topic-name.js'

/** Milliseconds a broker waits for records that are promised, at the end of a range. */
const readWait = 100
/** Milliseconds a broker waits for new records. */
const followWait = 500

/** What {@link openKafka} takes besides the address. */
export interface OpenKafkaOptions {
  /** Whose time timeouts and pauses read. Default: the machine's. */
  clock?: Clock
}

/**
 * Opens a Kafka cluster as a source of committed records. It joins no group and commits nothing. Rejects within about
 * five seconds when no broker answers (`broker-unreachable`, naming the addresses) or one refuses
 * (`broker-refused`: credentials, TLS, protocol).
 *
 * A topic whose settings may not be described counts as `cleanup.policy` `delete`. A read survives changes of leaders
 * and restarts of brokers of up to a minute. Connections keep the process alive only while something is under way.
 */
export async function openKafka(config: KafkaConfig, options: OpenKafkaOptions = {}): Promise<Source> {
  await loadCodecs()
  return new KafkaSource(await KafkaCluster.open(config, options.clock ?? systemClock), config.registry)
}

class KafkaSource implements Source {
  readonly name: string
  readonly growing = true
  readonly registry: SchemaRegistry | undefined
  readonly #cluster: KafkaCluster

  constructor(cluster: KafkaCluster, registry: SchemaRegistry | undefined) {
    this.name = cluster.name
    this.registry = registry
    this.#cluster = cluster
  }

  async topics(names?: readonly string[]): Promise<readonly TopicOffsets[]> {
    const found = await this.#describe(names)
    const topics = found.map(partitionsOf)
    const [[start, stable, end], policies] = await Promise.all([
      this.#cluster.offsets(['start', 'stable', 'end'], topics),
      this.#cleanupPolicies(topics.map(({ topic }) => topic)),
    ])
    return topics.map(({ topic, partitions }) => ({
      topic,
      cleanupPolicy: policies.get(topic) ?? 'delete',
      partitions: partitions.map(partition => {
        const key = partitionKey(topic, partition)
        return { partition, start: start!.get(key)!, stable: stable!.get(key)!, end: end!.get(key)! }
      }),
    }))
  }

  async offsetsAt(topic: string, time: number): Promise<ReadonlyMap<number, number>> {
    const [found] = await this.#describe([topic])
    const asked = partitionsOf(found!)
    const [at, stable] = await this.#cluster.offsets([{ time }, 'stable'], [asked])
    const offset = (partition: number): number => {
      const key = partitionKey(topic, partition)
      return at!.get(key) === -1 ? stable!.get(key)! : at!.get(key)!
    }
    return new Map(asked.partitions.map(partition => [partition, offset(partition)]))
  }

  async *read({ ranges, signal, bytesAtOnce }: ReadRequest): AsyncIterable<BatchChunk> {
    const wanted = ranges.filter(({ from, to }) => from < to)
    if (wanted.length === 0) return
    const either =
      signal === undefined ? this.#cluster.closing : AbortSignal.any([signal, this.#cluster.closing])
    try {
      either.throwIfAborted()
      await this.#checkRanges(wanted)
      yield* readPartitions(this.#cluster, { ranges: wanted, signal: either, maxWait: readWait, bytesAtOnce })
    } catch (error) {
      throw either.aborted ? cancelled(this.name, either.reason) : error
    }
  }

  async *follow({ positions, signal }: FollowRequest): AsyncIterable<BatchChunk> {
    const ranges = positions.map(position => ({ ...position, to: Number.POSITIVE_INFINITY }))
    const either = AbortSignal.any([signal, this.#cluster.closing])
    if (either.aborted) return
    try {
      await this.#checkPartitions(ranges)
      yield* readPartitions(this.#cluster, { ranges, signal: either, maxWait: followWait })
    } catch (error) {
      if (!either.aborted) throw error
    }
  }

  async bytes(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const asked = (await this.#describe(names)).map(partitionsOf)
    const replicas = await this.#cluster.everyNode(describeLogDirsRequest(asked))
    const largest = new Map<string, ReplicaSize>()
    for (const replica of replicas.flat()) {
      const key = partitionKey(replica.topic, replica.partition)
      if (replica.bytes >= (largest.get(key)?.bytes ?? 0)) largest.set(key, replica)
    }
    const sizes = new Map<string, number>()
    for (const { topic, partitions } of asked) {
      const found = partitions.map(partition => largest.get(partitionKey(topic, partition))?.bytes)
      if (found.every(bytes => bytes !== undefined))
        sizes.set(
          topic,
          found.reduce((sum, bytes) => sum + bytes, 0),
        )
    }
    return sizes
  }

  async close(): Promise<void> {
    this.#cluster.close()
  }

  async #describe(names?: readonly string[]): Promise<readonly MetadataTopic[]> {
    const sorted = names === undefined ? null : [...new Set(names)].sort()
    const topics = await this.#cluster.retry(async () => {
      const answered = await this.#cluster.metadata(sorted)
      const electing = answered.find(({ errorCode }) => isElecting(errorCode))
      if (electing === undefined) return answered
      throw new ObslabError('broker-unreachable', `Topic ${electing.topic} has no leaders yet. Try again.`)
    }, sorted ?? [])
    for (const { topic, errorCode } of sorted === null ? [] : topics) {
      if (isUnknown(errorCode)) throw await this.#unknownTopic(topic)
      if (errorCode !== 0) throw protocolFailure(errorCode, 'Metadata', topic)
    }
    return topics
      .filter(({ errorCode }) => errorCode === 0)
      .filter(found => sorted !== null || isOwn(found))
      .sort((a, b) => (a.topic < b.topic ? -1 : 1))
  }

  async #unknownTopic(topic: string): Promise<ObslabError> {
    const all = await this.#cluster.metadata(null)
    return unknownTopic(
      topic,
      all.filter(isOwn).map(found => found.topic),
    )
  }

  async #cleanupPolicies(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (topics.length === 0) return new Map()
    const setting = 'cleanup.policy'
    const answers = await this.#cluster.retry(
      () => this.#cluster.any(describeConfigsRequest(topics, [setting])),
      topics,
    )
    return new Map(
      answers
        .filter(({ errorCode }) => errorCode === 0)
        .map(({ topic, settings }) => [topic, formatPolicy(settings.get(setting) ?? 'delete')]),
    )
  }

  async #checkRanges(ranges: readonly OffsetRange[]): Promise<void> {
    const asked = await this.#checkPartitions(ranges)
    const [start, stable] = await this.#cluster.offsets(['start', 'stable'], asked)
    for (const range of ranges) checkRange(range, start!, stable!)
  }

  async #checkPartitions(ranges: readonly OffsetRange[]): Promise<readonly TopicPartitions[]> {
    const asked = groupByTopic(ranges)
    const known = await this.#describe(asked.map(({ topic }) => topic))
    for (const { topic, partition } of ranges) {
      const found = known.find(described => described.topic === topic)
      if (found?.partitions.some(described => described.partition === partition)) continue
      throw new ObslabError(
        'offset-out-of-range',
        `Topic ${topic} has no partition ${partition}: it has ${found?.partitions.length ?? 0}, counted from 0.`,
        { position: { topic, partition } },
      )
    }
    return asked
  }
}

function checkRange(
  { topic, partition, from, to }: OffsetRange,
  starts: OffsetsByPartition,
  stables: OffsetsByPartition,
): void {
  const key = partitionKey(topic, partition)
  const start = starts.get(key)!
  const stable = stables.get(key)!
  if (from < start) throw outOfRange({ topic, partition, offset: from }, start, stable)
  if (to > stable) throw outOfRange({ topic, partition, offset: to - 1 }, start, stable)
}

function partitionsOf({ topic, partitions }: MetadataTopic): TopicPartitions {
  return { topic, partitions: partitions.map(({ partition }) => partition).sort((a, b) => a - b) }
}

function groupByTopic(ranges: readonly OffsetRange[]): TopicPartitions[] {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of ranges)
    topics.set(topic, (topics.get(topic) ?? new Set()).add(partition))
  return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}

function isOwn({ topic, internal }: MetadataTopic): boolean {
  return !internal && !internalTopics.has(topic)
}

function isUnknown(errorCode: number): boolean {
  return errorCode === protocolError.unknownTopicOrPartition || errorCode === protocolError.invalidTopic
}

function isElecting(errorCode: number): boolean {
  return errorCode !== protocolError.unknownTopicOrPartition && isPassing(errorCode)
}

function formatPolicy(policy: string): string {
  const words = policy.split(',').map(word => word.trim())
  if (words.includes('compact')) return words.includes('delete') ? 'compact,delete' : 'compact'
  return 'delete'
}

function cancelled(name: string, reason: unknown): ObslabError {
  if (reason instanceof ObslabError && reason.code === 'cancelled') return reason
  return new ObslabError('cancelled', `Reading ${name} was cancelled.`, { cause: reason })
}
