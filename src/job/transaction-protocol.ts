import type { RawRequest, TopicPartitions } from '../source/protocol.js'
import { WireReader, WireWriter } from '../source/wire.js'
import { type Answer, answered, checkCode, KafkaError } from './kafka-error.js'

/** Who writes: what a broker gave an idempotent producer. */
export interface ProducerIdentity {
  /** Null for a producer without transactions. */
  transactionalId: string | null
  id: number
  /** Raised each time the transactional id is taken: a producer of a lower one is fenced off. */
  epoch: number
}

/** An offset of a group, with what was noted beside it. */
export interface GroupOffset {
  topic: string
  partition: number
  offset: number
  metadata: string
}

/** Record batches for one partition. */
export interface PartitionBatch {
  topic: string
  partition: number
  batch: Uint8Array
}

/** Takes a transactional id over: fences its earlier producers off, and has what they left open aborted. Without one it asks for a plain idempotent producer. */
export function initProducerIdRequest(
  transactionalId: string | null,
  transactionTimeout: number,
): RawRequest<Answer<ProducerIdentity>> {
  const apiName = 'InitProducerId'
  const body = new WireWriter().nullableString(transactionalId).int32(transactionTimeout).finish()
  const decode = (response: Buffer): ProducerIdentity => {
    const reader = new WireReader(response, `${apiName} v1`)
    reader.int32()
    checkCode(reader.int16(), apiName)
    const identity = { transactionalId, id: reader.int64(), epoch: reader.int16() }
    reader.end()
    return identity
  }
  return { apiKey: 22, apiVersion: 1, apiName, body, decode: answered(decode) }
}

/** Tells the coordinator which partitions the transaction writes to. */
export function addPartitionsRequest(
  producer: ProducerIdentity,
  topics: readonly TopicPartitions[],
): RawRequest<Answer<void>> {
  const apiName = 'AddPartitionsToTxn'
  const request = started(producer)
  request.array(topics, ({ topic, partitions }) =>
    request.string(topic).array(partitions, partition => request.int32(partition)),
  )
  const decode = (response: Buffer): void => {
    const reader = new WireReader(response, `${apiName} v1`)
    reader.int32()
    checkPartitions(reader, apiName)
  }
  return { apiKey: 24, apiVersion: 1, apiName, body: request.finish(), decode: answered(decode) }
}

/** Tells the coordinator that the transaction commits offsets of a group. */
export function addOffsetsRequest(producer: ProducerIdentity, group: string): RawRequest<Answer<void>> {
  const body = started(producer).string(group).finish()
  return { apiKey: 25, apiVersion: 1, apiName: 'AddOffsetsToTxn', body, decode: plain('AddOffsetsToTxn v1') }
}

/** Ends a transaction. */
export function endTransactionRequest(
  producer: ProducerIdentity,
  end: 'commit' | 'abort',
): RawRequest<Answer<void>> {
  const body = started(producer)
    .boolean(end === 'commit')
    .finish()
  return { apiKey: 26, apiVersion: 1, apiName: 'EndTxn', body, decode: plain('EndTxn v1') }
}

/** Commits offsets of a group within the transaction, without being a member of it. */
export function transactionOffsetsRequest(
  producer: ProducerIdentity,
  group: string,
  offsets: readonly GroupOffset[],
): RawRequest<Answer<void>> {
  const apiName = 'TxnOffsetCommit'
  const request = new WireWriter().nullableString(producer.transactionalId).string(group)
  request.int64(producer.id).int16(producer.epoch)
  writeOffsets(request, offsets)
  const decode = (response: Buffer): void => {
    const reader = new WireReader(response, `${apiName} v1`)
    reader.int32()
    checkPartitions(reader, apiName)
  }
  return { apiKey: 28, apiVersion: 1, apiName, body: request.finish(), decode: answered(decode) }
}

/** Writes batches to partitions that one broker leads, and waits for all in-sync replicas. */
export function produceRequest(
  producer: ProducerIdentity,
  batches: readonly PartitionBatch[],
): RawRequest<Answer<void>> {
  const apiName = 'Produce'
  const request = new WireWriter().nullableString(producer.transactionalId).int16(-1).int32(produceTimeout)
  request.array(batches, ({ topic, partition, batch }) =>
    request.string(topic).array([partition], () => request.int32(partition).bytes(batch)),
  )
  return { apiKey: 0, apiVersion: 7, apiName, body: request.finish(), decode: answered(decodeProduced) }
}

/** Milliseconds in which the replicas must have taken what is written. */
const produceTimeout = 15_000

function decodeProduced(response: Buffer): void {
  const reader = new WireReader(response, 'Produce v7')
  const codes = reader.array(() => {
    reader.string()
    return reader.array(() => {
      reader.int32()
      const code = reader.int16()
      reader.int64()
      reader.int64()
      reader.int64()
      return code
    })
  })
  reader.int32()
  reader.end()
  checkAll(codes.flat(), 'Produce')
}

/** Offsets as commits carry them: by topic, with their metadata. */
export function writeOffsets(request: WireWriter, offsets: readonly GroupOffset[]): void {
  const topics = [...new Set(offsets.map(({ topic }) => topic))]
  request.array(topics, topic =>
    request.string(topic).array(
      offsets.filter(offset => offset.topic === topic),
      ({ partition, offset, metadata }) => request.int32(partition).int64(offset).string(metadata),
    ),
  )
}

/** The answers by topic and partition, of which none may be an error. */
export function checkPartitions(reader: WireReader, apiName: string): void {
  const codes = reader.array(() => {
    reader.string()
    return reader.array(() => {
      reader.int32()
      return reader.int16()
    })
  })
  reader.end()
  checkAll(codes.flat(), apiName)
}

/** A request that failed for one partition was not attempted for the others: the error that says why comes first. */
function checkAll(codes: readonly number[], apiName: string): void {
  const failed = codes.filter(code => code !== 0).map(code => new KafkaError(code, apiName))
  const telling = failed.find(({ type }) => type !== 'OPERATION_NOT_ATTEMPTED') ?? failed[0]
  if (telling !== undefined) throw telling
}

function started({ transactionalId, id, epoch }: ProducerIdentity): WireWriter {
  return new WireWriter().nullableString(transactionalId).int64(id).int16(epoch)
}

function plain(what: string): (response: Buffer) => Answer<void> {
  return answered(response => {
    const reader = new WireReader(response, what)
    reader.int32()
    checkCode(reader.int16(), what)
    reader.end()
  })
}
