import { rm } from 'node:fs/promises'
import path from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { openKafka } from '../../src/source/kafka.js'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'
import type { Source } from '../../src/source/source.js'
import { type ContractTopic, contractTopics } from '../source/contract-topics.js'
import { type WrittenContract, writeContract } from './contract-writer.js'
import { waitUntilCompacted } from './kafka-topics.js'
import { SecuredKafka } from './secured-kafka.js'
import { installSoftware } from './software.js'
import { stackFolder } from './stack.js'

/** The topics that a {@link ContractBroker} holds. */
export const recordedTopics: ContractTopic[] = contractTopics('dbserver1.contract.')

/** A broker of its own that holds the topics of the source contract, its log cleaner having run. */
export class ContractBroker {
  readonly folder: string
  readonly #broker: SecuredKafka
  readonly #written: WrittenContract

  private constructor(folder: string, broker: SecuredKafka, written: WrittenContract) {
    this.folder = folder
    this.#broker = broker
    this.#written = written
  }

  static async start(): Promise<ContractBroker> {
    const folder = path.join(stackFolder, `contract-${process.pid}`)
    await rm(folder, { recursive: true, force: true })
    const broker = await SecuredKafka.create(await installSoftware(stackFolder), folder)
    await broker.start()
    const source = await openKafka(parseKafkaConfig(`kafka://${broker.bootstrap}`, {}))
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
    const written = await writeContract(kafka, source, recordedTopics)
    await waitUntilCompacted(source, 'dbserver1.contract.compacted')
    await source.close()
    return new ContractBroker(folder, broker, written)
  }

  open(): Promise<Source> {
    return openKafka(parseKafkaConfig(`kafka://${this.#broker.bootstrap}`, {}))
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.#written.close()
    await this.#broker.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
