import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { createTopic } from '../source/kafka-admin.js'
import type { KafkaCluster } from '../source/kafka-cluster.js'
import type { KafkaConfig } from '../source/kafka-config.js'
import { describeConfigsRequest } from '../source/protocol.js'
import { RecordReader } from '../source/record.js'
import type { Source, TopicOffsets } from '../source/source.js'
import type { Log } from './log.js'

/** A topic that a job writes, as it is declared. */
export interface DeclaredTopic {
  topic: string
  partitions: number
  /** `cleanup.policy` is `compact` unless it says otherwise. */
  settings: Readonly<Record<string, string>>
}

/** A topic that a job writes, as it is. */
export interface OutputTopic {
  topic: string
  partitions: number
  /** The end of partition 0. */
  end: number
  /** The largest record batch that it takes, in bytes. */
  maxMessageBytes: number
}

const sizeSetting = 'max.message.bytes'
/** Milliseconds in which the open transactions of a topic must have ended before only what is below them is read. */
const stableBudget = 10_000
/** Kafka's default, for a topic whose settings may not be described. */
const defaultMaxMessageBytes = 1_048_588

/** Creates a topic where it is missing. One that is there stays as it is; where its settings are not those declared, the log says so. */
export async function ensureTopic(
  source: Source,
  { cluster, config, log }: { cluster: KafkaCluster; config: KafkaConfig; log: Log },
  { topic, partitions, settings }: DeclaredTopic,
): Promise<OutputTopic> {
  const declared: Record<string, string> = { 'cleanup.policy': 'compact', ...settings }
  const present = await exists(source, topic)
  if (!present) await createTopic(config, { name: topic, partitions, config: declared }).catch(unlessThere)
  const names = [...new Set([...Object.keys(declared), sizeSetting])]
  const [described] = await cluster.retry(() => cluster.any(describeConfigsRequest([topic], names)), [topic])
  const found = described?.errorCode === 0 ? described.settings : new Map<string, string | null>()
  if (present) warnOfOthers(topic, declared, found, log)
  const [offsets] = await source.topics([topic])
  return {
    topic,
    partitions: offsets!.partitions.length,
    end: offsets!.partitions[0]!.end,
    maxMessageBytes: Number(found.get(sizeSetting) ?? defaultMaxMessageBytes),
  }
}

async function exists(source: Source, topic: string): Promise<boolean> {
  try {
    return (await source.topics([topic])).length > 0
  } catch (error) {
    if (error instanceof ObslabError && error.code === 'topic-unknown') return false
    throw error
  }
}

function warnOfOthers(
  topic: string,
  declared: Readonly<Record<string, string>>,
  found: ReadonlyMap<string, string | null>,
  log: Log,
): void {
  const others = Object.entries(declared)
    .filter(([name, value]) => found.has(name) && found.get(name) !== value)
    .map(([name, value]) => `${name} is ${found.get(name)}, declared is ${value}`)
  if (others.length > 0)
    log.warn('a topic of the job has other settings than are declared', { topic, settings: others })
}

function unlessThere(error: unknown): void {
  if (!(error instanceof ObslabError) || error.code !== 'topic-exists') throw error
}

/**
 * What a job's topic holds after compaction, of committed records: encoded key to encoded row. What was committed just
 * now is in it: a broker marks it as readable some milliseconds later, which is waited for.
 */
export async function readOutput(
  source: Source,
  name: string,
  clock: Clock = systemClock,
): Promise<Map<string, string>> {
  const topic = await stableTopic(source, name, clock)
  const ranges = topic.partitions.map(({ partition, start, stable }) => ({
    topic: name,
    partition,
    from: start,
    to: stable,
  }))
  const readers = new Map(
    ranges.map(range => [range.partition, new RecordReader(name, range.partition, range)]),
  )
  const held = new Map<string, string>()
  for await (const chunk of source.read({ ranges })) {
    for (const { key, value, partition, offset } of readers.get(chunk.partition)?.read(chunk) ?? []) {
      if (key === null) throw withoutKey(name, partition, offset)
      if (value === null) held.delete(textOf(key))
      else held.set(textOf(key), textOf(value))
    }
  }
  return held
}

async function stableTopic(source: Source, name: string, clock: Clock): Promise<TopicOffsets> {
  const deadline = clock.now() + stableBudget
  for (;;) {
    const [topic] = await source.topics([name])
    const open = topic!.partitions.some(({ stable, end }) => stable < end)
    if (!open || clock.now() > deadline) return topic!
    await clock.sleep(10)
  }
}

function withoutKey(topic: string, partition: number, offset: number): ObslabError {
  return new ObslabError(
    'output-foreign',
    'Expected the output topic to hold rows of this job, found a record without a key. Name another topic in .to(…).',
    { position: { topic, partition, offset } },
  )
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}
