import type { AbortedTransaction } from './source.js'
import { WireReader, WireWriter } from './wire.js'

/** One request of Kafka's protocol in one version, and how its response is read. */
export interface RawRequest<T> {
  apiKey: number
  apiVersion: number
  apiName: string
  body: Buffer
  /** Throws a `broker-refused` error when the response contradicts itself. */
  decode(response: Buffer): T
}

/** A broker as the cluster's metadata names it. */
export interface MetadataBroker {
  nodeId: number
  host: string
  port: number
}

/** A partition and the node that leads it, -1 while it has none. */
export interface MetadataPartition {
  partition: number
  leader: number
}

/** A topic of the cluster's metadata; with an error code other than 0 it has no partitions. */
export interface MetadataTopic {
  topic: string
  errorCode: number
  internal: boolean
  partitions: MetadataPartition[]
}

/** Who leads what. */
export interface Metadata {
  brokers: MetadataBroker[]
  topics: MetadataTopic[]
}

/** Asks for the brokers and the named topics (null: all that may be described). Creates none. */
export function metadataRequest(topics: readonly string[] | null): RawRequest<Metadata> {
  const request = new WireWriter()
  request.array(topics, topic => request.string(topic)).boolean(false)
  return { apiKey: 3, apiVersion: 4, apiName: 'Metadata', body: request.finish(), decode: decodeMetadata }
}

function decodeMetadata(response: Buffer): Metadata {
  const reader = new WireReader(response, 'Metadata v4')
  reader.int32()
  const brokers = reader.array(() => {
    const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() }
    reader.nullableString()
    return broker
  })
  reader.nullableString()
  reader.int32()
  const topics = reader.array(() => ({
    errorCode: reader.int16(),
    topic: reader.string(),
    internal: reader.boolean(),
    partitions: reader.array(() => {
      reader.int16()
      const partition = { partition: reader.int32(), leader: reader.int32() }
      reader.array(() => reader.int32())
      reader.array(() => reader.int32())
      return partition
    }),
  }))
  reader.end()
  return { brokers, topics }
}

/** What an offset is asked for by: the log's start, its end, or the first record at or after a time. */
export type OffsetQuestion = 'start' | 'stable' | 'end' | { time: number }

/** One partition's answer; -1 when no record is that late. */
export interface OffsetAnswer {
  topic: string
  partition: number
  errorCode: number
  offset: number
}

/** Partitions of a topic. */
export interface TopicPartitions {
  topic: string
  partitions: readonly number[]
}

/** Asks a leader for one offset of each partition. `stable` and times see committed records only. */
export function listOffsetsRequest(
  question: OffsetQuestion,
  topics: readonly TopicPartitions[],
): RawRequest<OffsetAnswer[]> {
  const timestamp = typeof question === 'object' ? question.time : question === 'start' ? -2 : -1
  const request = new WireWriter().int32(-1).int8(question === 'end' ? 0 : 1)
  request.array(topics, ({ topic, partitions }) =>
    request.string(topic).array(partitions, partition => request.int32(partition).int64(timestamp)),
  )
  return { apiKey: 2, apiVersion: 2, apiName: 'ListOffsets', body: request.finish(), decode: decodeOffsets }
}

function decodeOffsets(response: Buffer): OffsetAnswer[] {
  const reader = new WireReader(response, 'ListOffsets v2')
  reader.int32()
  const topics = reader.array(() => {
    const topic = reader.string()
    return reader.array(() => {
      const answer = { topic, partition: reader.int32(), errorCode: reader.int16() }
      reader.int64()
      return { ...answer, offset: reader.int64() }
    })
  })
  reader.end()
  return topics.flat()
}

/** The settings of one topic that were asked for. A setting the broker does not know is left out. */
export interface TopicSettings {
  topic: string
  errorCode: number
  settings: ReadonlyMap<string, string | null>
}

/** Asks any broker for the named settings of topics. */
export function describeConfigsRequest(
  topics: readonly string[],
  settings: readonly string[],
): RawRequest<TopicSettings[]> {
  const request = new WireWriter()
  request
    .array(topics, topic =>
      request
        .int8(2)
        .string(topic)
        .array(settings, setting => request.string(setting)),
    )
    .boolean(false)
  return {
    apiKey: 32,
    apiVersion: 1,
    apiName: 'DescribeConfigs',
    body: request.finish(),
    decode: decodeConfigs,
  }
}

function decodeConfigs(response: Buffer): TopicSettings[] {
  const reader = new WireReader(response, 'DescribeConfigs v1')
  reader.int32()
  const topics = reader.array(() => {
    const errorCode = reader.int16()
    reader.nullableString()
    reader.int8()
    const topic = reader.string()
    const settings = reader.array((): [string, string | null] => {
      const setting: [string, string | null] = [reader.string(), reader.nullableString()]
      reader.boolean()
      reader.int8()
      reader.boolean()
      reader.array(() => [reader.string(), reader.nullableString(), reader.int8()])
      return setting
    })
    return { topic, errorCode, settings: new Map(settings) }
  })
  reader.end()
  return topics
}

/** Where one partition is read next. */
export interface FetchPosition {
  topic: string
  partition: number
  offset: number
}

/** What {@link fetchRequest} asks for. */
export interface FetchOptions {
  /** In the order the broker is to fill the response: an early partition may use up what a later one wanted. */
  positions: readonly FetchPosition[]
  /** How long the broker waits for the first byte, in milliseconds. */
  maxWait: number
  /** Bytes of the whole response; a first batch beyond it comes whole nevertheless. */
  maxBytes: number
  /** Bytes of one partition. */
  maxPartitionBytes: number
}

/** One partition of a fetch response. */
export interface FetchedPartition {
  topic: string
  partition: number
  errorCode: number
  stable: number
  aborted: AbortedTransaction[]
  /** Record batches, the last one perhaps cut. A view: it keeps the whole response in memory. */
  records: Buffer
}

/** A fetch response. A throttled one has no partitions. */
export interface Fetched {
  throttle: number
  errorCode: number
  partitions: FetchedPartition[]
}

/** Fetches committed records as raw batches, outside of any fetch session. */
export function fetchRequest(options: FetchOptions): RawRequest<Fetched> {
  const request = new WireWriter()
    .int32(-1)
    .int32(options.maxWait)
    .int32(1)
    .int32(options.maxBytes)
    .int8(1)
    .int32(0)
    .int32(-1)
  request
    .array(options.positions, ({ topic, partition, offset }) =>
      request.string(topic).array([partition], () => {
        request.int32(partition).int32(-1).int64(offset).int64(-1).int32(options.maxPartitionBytes)
      }),
    )
    .array([], () => {})
    .string('')
  return { apiKey: 1, apiVersion: 11, apiName: 'Fetch', body: request.finish(), decode: decodeFetch }
}

function decodeFetch(response: Buffer): Fetched {
  const reader = new WireReader(response, 'Fetch v11')
  const throttle = reader.int32()
  const errorCode = reader.int16()
  reader.int32()
  const topics = reader.array(() => {
    const topic = reader.string()
    return reader.array(() => decodeFetchedPartition(reader, topic))
  })
  reader.end()
  return { throttle, errorCode, partitions: topics.flat() }
}

function decodeFetchedPartition(reader: WireReader, topic: string): FetchedPartition {
  const partition = reader.int32()
  const errorCode = reader.int16()
  reader.int64()
  const stable = reader.int64()
  reader.int64()
  const aborted = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }))
  reader.int32()
  return {
    topic,
    partition,
    errorCode,
    stable,
    aborted: aborted.sort((a, b) => a.firstOffset - b.firstOffset),
    records: reader.bytes(),
  }
}
