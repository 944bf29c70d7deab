import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Admin, type Kafka, type Message, type Producer, type Transaction } from 'kafkajs'
import { codecNames } from '../../src/log/codec.js'
import type { Source } from '../../src/source/source.js'
import { type ContractRecord, type ContractTopic, expectedPartitions } from '../source/contract-topics.js'
import { registerCodecs } from './kafka-topics.js'

/** Milliseconds after which the broker rolls a segment of a compacted topic, for only closed ones are cleaned. */
const segmentTime = 100

/** What {@link writeContract} leaves running: the transactions that the contract leaves open. */
export interface WrittenContract {
  close(): Promise<void>
}

/** Does to the real broker behind `source` what the topics of the source contract describe, step by step. */
export async function writeContract(
  kafka: Kafka,
  source: Source,
  topics: readonly ContractTopic[],
): Promise<WrittenContract> {
  await registerCodecs()
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: topics.map(creation) })
  await admin.disconnect()
  const writers = topics.map(topic => new TopicWriter(kafka, source, topic))
  await Promise.all(writers.map(writer => writer.write()))
  return {
    close: async () => {
      for (const writer of writers) await writer.close()
    },
  }
}

function creation({
  name,
  partitions,
  compacted,
}: ContractTopic): Parameters<Admin['createTopics']>[0]['topics'][0] {
  const cleaned = {
    'cleanup.policy': 'compact',
    'segment.ms': String(segmentTime),
    'min.cleanable.dirty.ratio': '0.01',
    'max.compaction.lag.ms': '100',
  }
  // The records' times are long ago: with a retention the broker would delete them in the middle of a test.
  const configs = { 'retention.ms': '-1', ...(compacted && cleaned) }
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
  return { topic: name, numPartitions: partitions, configEntries }
}

class TopicWriter {
  readonly #kafka: Kafka
  readonly #source: Source
  readonly #topic: ContractTopic
  readonly #producers = new Map<string, Producer>()
  readonly #open = new Map<string, Transaction>()

  constructor(kafka: Kafka, source: Source, topic: ContractTopic) {
    this.#kafka = kafka
    this.#source = source
    this.#topic = topic
  }

  async write(): Promise<void> {
    const { steps, compacted } = this.#topic
    for (const [done, step] of steps.entries()) {
      if ('send' in step) await this.#send(step.send, step.partition, step.transaction)
      else if ('commit' in step) await this.#take(step.commit).commit()
      else await this.#take(step.abort).abort()
      if (compacted) await sleep(segmentTime * 2)
      await this.#untilInLog(done + 1)
    }
  }

  async close(): Promise<void> {
    for (const transaction of this.#open.values()) await transaction.abort()
    for (const producer of this.#producers.values()) await producer.disconnect()
  }

  async #send(records: readonly ContractRecord[], partition: number, name?: string): Promise<void> {
    const producer = await this.#producer(name)
    if (name !== undefined && !this.#open.has(name)) this.#open.set(name, await producer.transaction())
    const sender = name === undefined ? producer : this.#open.get(name)!
    const messages = records.map(record => ({ ...message(record), partition }))
    await sender.send({
      topic: this.#topic.name,
      compression: codecNames.indexOf(this.#topic.codec),
      messages,
    })
  }

  async #producer(name?: string): Promise<Producer> {
    const known = this.#producers.get(name ?? '')
    if (known !== undefined) return known
    const transactional = { transactionalId: `${this.#topic.name} ${name}`, transactionTimeout: 900_000 }
    const producer = this.#kafka.producer({
      ...(name !== undefined && { ...transactional, idempotent: true, maxInFlightRequests: 1 }),
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    this.#producers.set(name ?? '', producer)
    return producer
  }

  #take(name: string): Transaction {
    const transaction = this.#open.get(name)!
    this.#open.delete(name)
    return transaction
  }

  /** A commit is answered before its markers are written: waits until the log is as long as the steps make it. */
  async #untilInLog(steps: number): Promise<void> {
    const { name } = this.#topic
    const expected = expectedPartitions({ ...this.#topic, steps: this.#topic.steps.slice(0, steps) })
    const deadline = Date.now() + 30_000
    for (;;) {
      const [found] = await this.#source.topics([name])
      const inLog = expected.every(({ stable, end }, partition) => {
        const offsets = found?.partitions[partition]
        return offsets?.stable === stable && offsets.end === end
      })
      if (inLog) return
      if (Date.now() > deadline)
        throw new Error(`Step ${steps} of ${name} did not reach its log within 30 s.`)
      await sleep(20)
    }
  }
}

function message({ key, value, timestamp, headers = [] }: ContractRecord): Message {
  const byName: Record<string, string[]> = {}
  for (const [name, text] of headers) byName[name] = [...(byName[name] ?? []), text]
  return { key, value, timestamp: String(timestamp), headers: byName }
}
