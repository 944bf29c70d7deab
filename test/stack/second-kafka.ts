import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { javaCommand } from './java.js'
import type { KafkaService } from './kafka.js'
import { freePorts } from './ports.js'
import { type Command, Service } from './service.js'
import type { Software } from './software.js'

const run = promisify(execFile)

/** A second broker, node 2, in the cluster of a {@link KafkaService}. */
export class SecondKafka extends Service {
  readonly name = 'kafka'
  readonly #software: Software
  readonly #first: KafkaService

  private constructor(software: Software, folder: string, port: number, first: KafkaService) {
    super(folder, port)
    this.#software = software
    this.#first = first
  }

  /** One that is not started, on a port of its own. Killed when this process exits. */
  static async create(software: Software, folder: string, first: KafkaService): Promise<SecondKafka> {
    const { kafka } = await freePorts()
    const broker = new SecondKafka(software, folder, kafka, first)
    process.once('exit', () => broker.abandon())
    return broker
  }

  protected async prepare(): Promise<Command> {
    const properties = path.join(this.folder, 'kafka.properties')
    const data = path.join(this.folder, 'data')
    await writeFile(
      properties,
      `process.roles=broker
node.id=2
controller.quorum.voters=1@127.0.0.1:${this.#first.controllerPort}
listeners=PLAINTEXT://127.0.0.1:${this.port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${data}
`,
    )
    if (!existsSync(path.join(data, 'meta.properties'))) {
      const format = ['kafka.tools.StorageTool', 'format', '-t', 'obslabAAAAAAAAAAAAAAAA', '-c', properties]
      const { program, args } = await javaCommand(this.#software, this.folder, 'storage-tool', format)
      await run(program, args)
    }
    return javaCommand(this.#software, this.folder, this.name, ['kafka.Kafka', properties])
  }

  protected async ready(): Promise<boolean> {
    const brokers = [`127.0.0.1:${this.port}`]
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin()
    try {
      await admin.connect()
      return (await admin.describeCluster()).brokers.length === 2
    } finally {
      await admin.disconnect()
    }
  }
}
