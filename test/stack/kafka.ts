import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { javaCommand, keepArchive } from './java.js'
import { ensurePortFree } from './ports.js'
import { type Command, Service } from './service.js'
import type { Software } from './software.js'

const run = promisify(execFile)

/** A single Kafka broker that is its own KRaft controller. */
export class KafkaService extends Service {
  readonly name = 'kafka'
  readonly controllerPort: number
  private readonly software: Software

  constructor(software: Software, folder: string, port: number, controllerPort: number) {
    super(folder, port)
    this.software = software
    this.controllerPort = controllerPort
  }

  /** `127.0.0.1:<port>`. */
  get bootstrap(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Kafka's `log.dirs`: a folder that reads as a recording once the broker has stopped. */
  get data(): string {
    return path.join(this.folder, 'data')
  }

  protected async prepare(): Promise<Command> {
    await ensurePortFree('controller', this.controllerPort)
    const properties = path.join(this.folder, 'kafka.properties')
    await writeFile(properties, this.properties())
    if (!existsSync(path.join(this.data, 'meta.properties'))) {
      const format = ['kafka.tools.StorageTool', 'format', '-t', 'obslabAAAAAAAAAAAAAAAA', '-c', properties]
      const { program, args } = await javaCommand(this.software, this.folder, 'storage-tool', format)
      await run(program, args)
      await keepArchive(this.software, this.folder, 'storage-tool')
    }
    return javaCommand(this.software, this.folder, this.name, ['kafka.Kafka', properties])
  }

  protected override async stopped(): Promise<void> {
    await keepArchive(this.software, this.folder, this.name)
  }

  protected async ready(): Promise<boolean> {
    const kafka = new Kafka({
      brokers: [this.bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      connectionTimeout: 1000,
    })
    const admin = kafka.admin()
    try {
      await admin.connect()
      return (await admin.describeCluster()).brokers.length === 1
    } finally {
      await admin.disconnect()
    }
  }

  /** Only what a single node needs; everything else is Kafka's default, as users have it. */
  private properties(): string {
    const own = `127.0.0.1:${this.port}`
    return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${this.controllerPort}
listeners=PLAINTEXT://${own},CONTROLLER://127.0.0.1:${this.controllerPort}
advertised.listeners=PLAINTEXT://${own}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${this.data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
`
  }
}
