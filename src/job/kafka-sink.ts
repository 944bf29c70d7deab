import type { Kafka, Message, Producer, Transaction } from 'kafkajs'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { openKafka } from '../source/kafka.js'
import { type KafkaConfig, parseKafkaConfig } from '../source/kafka-config.js'
import type { KafkaOptions } from '../source/kafka-options.js'
import { batchesOf } from './batches.js'
import { isConcurrent, sinkFailure } from './kafka-sink-failure.js'
import { jobNames } from './names.js'
import { readOutput } from './output-topic.js'
import type { InputOffset, OutputRecord, Sink, SinkBatch, SinkRequest } from './sink.js'

/** Bytes of one produce request: kafkajs makes one batch of it for each partition, and brokers take 1 MiB a batch. */
const requestBytes = 512 * 1024
/** Milliseconds a broker waits before it aborts the transaction of a producer that is gone. */
const transactionTimeout = 60_000
/** Milliseconds in which a transaction that was committed must have settled before the next gives up. */
const settleBudget = 30_000

/**
 * A sink that writes the pipeline's output topic: upserts and tombstones, keyed as the rows are, partitioned as Kafka's
 * Java clients do. A missing topic is created, compacted. It is a URL, a `client.properties` file or options, as
 * `connect` takes them.
 *
 * Each batch is one transaction with the offsets that it brings the inputs to, committed for the group `obslab.<job>`:
 * a reader of committed records sees all of it or nothing. The group has no members; it is there so that ordinary tools
 * show the job's lag, and is left alone when the inputs are read from another address. A job that starts anew reads its
 * inputs from their beginning, whatever the group says.
 *
 * Opening fences off an earlier instance of the job, whose next batch then fails (`job-fenced`). Two instances therefore
 * take the output from each other: run one. Naming the live holder instead comes later.
 */
export function kafkaSink(where?: string | KafkaOptions, clock: Clock = systemClock): Sink {
  return new KafkaSink(parseKafkaConfig(where), clock)
}

class KafkaSink implements Sink {
  readonly name: string
  readonly #config: KafkaConfig
  readonly #clock: Clock
  #job = ''
  #topic = ''
  #producer: Producer | null = null
  /** A broker takes no offsets of topics that it does not have. */
  #commits = false

  constructor(config: KafkaConfig, clock: Clock) {
    this.name = config.name
    this.#config = config
    this.#clock = clock
  }

  async open({ job, output, partitions, source, log }: SinkRequest): Promise<ReadonlyMap<string, string>> {
    this.#job = job
    this.#topic = output
    this.#commits = source === this.name
    // It tells what is wrong with addresses and credentials better than kafkajs does, so it goes first.
    const cluster = await openKafka(this.#config)
    try {
      const kafka = await client(this.#config)
      await this.#guard(() => createTopic(kafka, output, partitions))
      await this.#guard(() => this.#fence(kafka))
      return await readOutput(cluster, output, log)
    } finally {
      await cluster.close()
    }
  }

  async write({ records, offsets }: SinkBatch): Promise<void> {
    const producer = this.#producer
    if (producer === null) throw new Error('write before open')
    const committed = this.#commits ? offsets : []
    if (records.length + committed.length === 0) return
    await this.#guard(async () => {
      const transaction = await producer.transaction()
      for (const part of batchesOf(records, requestBytes)) await this.#send(transaction, part)
      if (committed.length > 0) await this.#sendOffsets(transaction, committed)
      await transaction.commit()
    })
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    await producer?.disconnect()
  }

  /** Beginning a transaction, and not the connection, is what raises the epoch and settles what was left open. */
  async #fence(kafka: Kafka): Promise<void> {
    const { default: kafkajs } = await import('kafkajs')
    this.#producer = kafka.producer({
      transactionalId: jobNames(this.#job).transactionalId,
      transactionTimeout,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      // The coordinator refuses a transaction for some milliseconds after the last; kafkajs would wait 300 at least.
      retry: { initialRetryTime: 20, maxRetryTime: 2000, retries: 12 },
    })
    await this.#producer.connect()
    const transaction = await this.#producer.transaction()
    await transaction.abort()
  }

  async #send(transaction: Transaction, records: readonly OutputRecord[]): Promise<void> {
    const messages: Message[] = records.map(({ key, row }) => ({ key, value: row }))
    await transaction.send({ topic: this.#topic, messages, acks: -1 })
  }

  async #sendOffsets(transaction: Transaction, offsets: readonly InputOffset[]): Promise<void> {
    const topics = [...new Set(offsets.map(({ topic }) => topic))].map(topic => ({
      topic,
      partitions: offsets
        .filter(offset => offset.topic === topic)
        .map(({ partition, next }) => ({ partition, offset: String(next) })),
    }))
    const deadline = this.#clock.now() + settleBudget
    for (let pause = 5; ; pause = Math.min(2 * pause, 500)) {
      try {
        return await transaction.sendOffsets({ consumerGroupId: jobNames(this.#job).group, topics })
      } catch (error) {
        if (!isConcurrent(error) || this.#clock.now() > deadline) throw error
        await this.#clock.sleep(pause)
      }
    }
  }

  async #guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (cause) {
      if (cause instanceof ObslabError) throw cause
      throw sinkFailure(cause, { name: this.name, topic: this.#topic, job: this.#job })
    }
  }
}

/** kafkajs's own log is off: it tells of answers that are part of taking over; what fails in the end is thrown. */
async function client(config: KafkaConfig): Promise<Kafka> {
  const { default: kafkajs } = await import('kafkajs')
  return new kafkajs.Kafka({ ...(await config.clientOptions()), logLevel: kafkajs.logLevel.NOTHING })
}

async function createTopic(kafka: Kafka, topic: string, partitions: number): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    if ((await admin.listTopics()).includes(topic)) return
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    const replicationFactor = -1
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
    })
  } finally {
    await admin.disconnect()
  }
}
