import type { Message, Producer } from 'kafkajs'
import { clientFailure, kafkaClient } from './kafka-client.js'
import type { KafkaConfig } from './kafka-config.js'

/** A record to be written. A null value is a tombstone. */
export interface NewRecord {
  key: Buffer | null
  value: Buffer | null
  headers?: Readonly<Record<string, string>>
}

/**
 * Writes records to one topic, which must exist. A key goes to the partition that Kafka's Java clients put it in. Every
 * in-sync replica has a record before it counts as written (acks=all), and what is sent again after a broken connection
 * is kept once (idempotence).
 */
export class RecordProducer {
  readonly #producer: Producer
  readonly #attempt: { name: string; topic: string; permission: string }

  private constructor(producer: Producer, name: string, topic: string) {
    this.#producer = producer
    this.#attempt = { name, topic, permission: 'WRITE' }
  }

  /** Connects. */
  static async open(config: KafkaConfig, topic: string): Promise<RecordProducer> {
    const { default: kafkajs } = await import('kafkajs')
    const producer = (await kafkaClient(config)).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
    const opened = new RecordProducer(producer, config.name, topic)
    await opened.#guard(() => producer.connect())
    return opened
  }

  /** Writes records in their order. Rejects when not all of them are known to be written. */
  async send(records: readonly NewRecord[]): Promise<void> {
    const messages: Message[] = records.map(({ key, value, headers }) => ({
      key,
      value,
      ...(headers && { headers }),
    }))
    await this.#guard(() => this.#producer.send({ topic: this.#attempt.topic, messages, acks: -1 }))
  }

  /** Disconnects. */
  async close(): Promise<void> {
    await this.#producer.disconnect()
  }

  async #guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (error) {
      throw clientFailure(error, this.#attempt)
    }
  }
}
