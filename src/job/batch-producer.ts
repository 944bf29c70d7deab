import { writeBatch } from '../log/batch-writer.js'
import type { KafkaCluster } from '../source/kafka-cluster.js'
import type { TopicPartitions } from '../source/protocol.js'
import { batchesOf } from './batches.js'
import { type Coordinators, untilSettled } from './coordinators.js'
import { KafkaError, taken } from './kafka-error.js'
import { partitionOf } from './partitioner.js'
import type { OutputRecord } from './sink.js'
import {
  addOffsetsRequest,
  addPartitionsRequest,
  endTransactionRequest,
  type GroupOffset,
  initProducerIdRequest,
  type PartitionBatch,
  type ProducerIdentity,
  produceRequest,
  transactionOffsetsRequest,
} from './transaction-protocol.js'

/** Milliseconds a broker waits before it aborts the transaction of a producer that is gone. */
const transactionTimeout = 60_000
/** Milliseconds in which an earlier producer's transaction must have settled. */
const fenceBudget = 90_000
/** Milliseconds in which leaders and coordinators must answer before a write counts as failed. */
const writeBudget = 10_000
/** Milliseconds spent on undoing what failed; the broker does it later otherwise. */
const abortBudget = 1_000
const greatestSequence = 2 ** 31 - 1

/** A topic that is written, and by how many partitions its keys are spread. */
export interface WrittenTopic {
  topic: string
  partitions: number
  /** Bytes of one batch, its records as `batchesOf` counts them. */
  batchBytes: number
}

/** Records for a topic. */
export interface TopicRecords extends WrittenTopic {
  records: readonly OutputRecord[]
}

/** A batch, how many records it has, and which of its partition's it is, from 0. */
export interface NumberedBatch extends PartitionBatch {
  count: number
  round: number
}

/** What a transaction commits besides its records. */
export interface GroupCommit {
  group: string
  offsets: readonly GroupOffset[]
}

/**
 * Writes keyed records, idempotently, and in transactions where it has a transactional id. It sends its own requests over
 * a source's connections: one for all partitions of a leader, and each before the last is answered where the broker takes
 * them in that order anyway, so that a transaction waits three times. They share a connection, for a broker that checks two
 * requests of a transaction at once refuses one of them. What is sent again after a broken connection is kept once: each
 * batch carries its sequence number. After a failure it must not be used again.
 */
export class BatchProducer {
  readonly #cluster: KafkaCluster
  readonly #coordinators: Coordinators
  readonly #identity: ProducerIdentity
  readonly #sequences = new Map<string, number>()

  private constructor(cluster: KafkaCluster, coordinators: Coordinators, identity: ProducerIdentity) {
    this.#cluster = cluster
    this.#coordinators = coordinators
    this.#identity = identity
  }

  /** Fences earlier producers of the transactional id off, and resolves when what they left open is settled. */
  static async open(
    cluster: KafkaCluster,
    coordinators: Coordinators,
    transactionalId: string | null,
  ): Promise<BatchProducer> {
    const request = initProducerIdRequest(transactionalId, transactionTimeout)
    const identity =
      transactionalId === null
        ? await untilSettled(cluster, writeBudget, async () => taken(await cluster.any(request)))
        : await coordinators.settle('transaction', transactionalId, request, fenceBudget)
    return new BatchProducer(cluster, coordinators, identity)
  }

  /** Records as the batches to write, in their order by key. Each call must be written before the next. */
  batches(topics: readonly TopicRecords[]): NumberedBatch[] {
    return topics.flatMap(topic => this.#batches(topic))
  }

  /** Writes batches. Without transactions they can be read one by one; with them, all or none. */
  async write(batches: readonly NumberedBatch[], commit: GroupCommit | null = null): Promise<void> {
    const { transactionalId } = this.#identity
    if (transactionalId === null) return await this.#produce(batches)
    if (batches.length === 0 && commit === null) return
    await this.#transact(transactionalId, batches, commit)
  }

  async #transact(id: string, batches: readonly NumberedBatch[], commit: GroupCommit | null): Promise<void> {
    const settle = (request: Parameters<Coordinators['settle']>[2]) =>
      this.#coordinators.settle('transaction', id, request, writeBudget)
    try {
      const partitions = partitionsOf(batches)
      const added = [
        ...(partitions.length > 0 ? [settle(addPartitionsRequest(this.#identity, partitions))] : []),
        ...(commit === null ? [] : [settle(addOffsetsRequest(this.#identity, commit.group))]),
      ]
      await allDone(added)
      await allDone([this.#produce(batches), this.#commitOffsets(commit)])
    } catch (error) {
      const abort = endTransactionRequest(this.#identity, 'abort')
      await this.#coordinators.settle('transaction', id, abort, abortBudget).catch(() => {})
      throw error
    }
    await settle(endTransactionRequest(this.#identity, 'commit'))
  }

  async #commitOffsets(commit: GroupCommit | null): Promise<void> {
    if (commit === null) return
    const { group, offsets } = commit
    const request = transactionOffsetsRequest(this.#identity, group, offsets)
    await this.#coordinators.settle('group', group, request, writeBudget)
  }

  /** Partition by partition in order, the partitions side by side: the n-th batch of each goes in the n-th round. */
  async #produce(batches: readonly NumberedBatch[]): Promise<void> {
    const last = batches.reduce((round, batch) => Math.max(round, batch.round), -1)
    for (let round = 0; round <= last; round++)
      await this.#produceRound(batches.filter(batch => batch.round === round))
  }

  async #produceRound(batches: readonly PartitionBatch[]): Promise<void> {
    let left = batches
    const topics = [...new Set(batches.map(({ topic }) => topic))]
    let metadata = this.#leaders(left).has(undefined)
    await untilSettled(this.#cluster, writeBudget, async () => {
      if (metadata) await this.#cluster.metadata(topics)
      metadata = true
      const byLeader = [...this.#leaders(left)]
      const sent = await Promise.allSettled(
        byLeader.map(async ([leader, led]) => {
          if (leader === undefined) throw new KafkaError(leaderNotAvailable, 'Produce')
          taken(await this.#cluster.node(leader, produceRequest(this.#identity, led)))
        }),
      )
      left = byLeader.flatMap(([, led], at) => (sent[at]!.status === 'rejected' ? led : []))
      for (const result of sent) if (result.status === 'rejected') throw result.reason
    })
  }

  #leaders(batches: readonly PartitionBatch[]): Map<number | undefined, PartitionBatch[]> {
    const byLeader = new Map<number | undefined, PartitionBatch[]>()
    for (const batch of batches) {
      const leader = this.#cluster.leader(batch.topic, batch.partition)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch])
    }
    return byLeader
  }

  #batches({ topic, partitions, batchBytes, records }: TopicRecords): NumberedBatch[] {
    const byPartition = new Map<number, OutputRecord[]>()
    for (const record of records) {
      const partition = partitionOf(Buffer.from(record.key), partitions)
      const before = byPartition.get(partition)
      if (before === undefined) byPartition.set(partition, [record])
      else before.push(record)
    }
    return [...byPartition].flatMap(([partition, own]) =>
      [...batchesOf(own, batchBytes)].map((part, round) => ({
        topic,
        partition,
        round,
        count: part.length,
        batch: this.#batch(topic, partition, part),
      })),
    )
  }

  #batch(topic: string, partition: number, records: readonly OutputRecord[]): Uint8Array {
    const timestamp = this.#cluster.clock.now()
    const place = `${topic}:${partition}`
    const baseSequence = this.#sequences.get(place) ?? 0
    const next = baseSequence + records.length
    // The sequence goes on at 0 after its greatest value.
    this.#sequences.set(place, next > greatestSequence ? next - greatestSequence - 1 : next)
    return writeBatch({
      records: records.map(({ key, row }, offset) => ({
        offset,
        timestamp,
        key: Buffer.from(key),
        value: row === null ? null : Buffer.from(row),
        headers: [],
      })),
      producerId: this.#identity.id,
      producerEpoch: this.#identity.epoch,
      baseSequence,
      partitionLeaderEpoch: -1,
      transactional: this.#identity.transactionalId !== null,
    })
  }
}

const leaderNotAvailable = 5

/** Waits for all before it fails, so that nothing is still under way when what failed is undone. */
async function allDone(promises: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises))
    if (result.status === 'rejected') throw result.reason
}

function partitionsOf(batches: readonly PartitionBatch[]): TopicPartitions[] {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of batches)
    topics.set(topic, (topics.get(topic) ?? new Set()).add(partition))
  return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}
