import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ConnectService } from './connect.js'
import type { StackAddresses } from './connector.js'
import { KafkaService } from './kafka.js'
import { MysqlService } from './mysql.js'
import { freePorts, portsFromEnvironment, type StackPorts } from './ports.js'
import type { Service } from './service.js'
import { installSoftware, type Software } from './software.js'

/** `OBSLAB_STACK_DIR`, or `.stack` in the repository's root. */
export const stackFolder: string = path.resolve(
  process.env.OBSLAB_STACK_DIR ?? path.join(import.meta.dirname, '../../.stack'),
)

/** A broker, a Connect worker and a MySQL that belong together, in one folder. */
export class Stack {
  readonly folder: string
  readonly ports: StackPorts
  readonly kafka: KafkaService
  readonly connect: ConnectService
  readonly mysql: MysqlService

  constructor(software: Software, folder: string, ports: StackPorts) {
    this.folder = folder
    this.ports = ports
    this.kafka = new KafkaService(software, path.join(folder, 'kafka'), ports.kafka, ports.controller)
    const connect = path.join(folder, 'connect')
    this.connect = new ConnectService(software, connect, ports.connect, this.kafka.bootstrap)
    this.mysql = new MysqlService(software, path.join(folder, 'mysql'), ports.mysql)
  }

  /** Where its services answer. */
  get addresses(): StackAddresses {
    const mysql = this.mysql.url('').replace(/\/$/, '')
    return { kafka: this.kafka.bootstrap, connect: this.connect.url, mysql }
  }

  /** In the order they stop: each before the one it needs. */
  get services(): readonly Service[] {
    return [this.connect, this.kafka, this.mysql]
  }

  /** Starts all three at once; Connect waits for the broker by itself. Where one fails, the others are stopped. */
  async up(): Promise<void> {
    await mkdir(this.folder, { recursive: true })
    await writeFile(portsFile(this.folder), `${JSON.stringify(this.ports, null, 2)}\n`)
    const started = await Promise.allSettled(this.services.map(service => service.start()))
    const failed = started.find(result => result.status === 'rejected')
    if (failed === undefined) return
    await this.down()
    throw failed.reason
  }

  /** Stops all three; their data stays. */
  async down(): Promise<void> {
    for (const service of this.services) await service.stop()
  }

  /** Stops all three and removes the folder. */
  async remove(): Promise<void> {
    await this.down()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/**
 * The stack of `npm run stack`, in {@link stackFolder}. It keeps the ports it was last started with while it runs;
 * otherwise they come from the environment.
 */
export async function sharedStack(): Promise<Stack> {
  const software = await installSoftware(stackFolder)
  const folder = path.join(stackFolder, 'shared')
  if (existsSync(portsFile(folder))) {
    const last = JSON.parse(readFileSync(portsFile(folder), 'utf8')) as StackPorts
    const stack = new Stack(software, folder, last)
    if (stack.services.some(service => service.pid !== null)) return stack
  }
  return new Stack(software, folder, portsFromEnvironment())
}

/** A stack of its own, empty, on ports of its own; `name` names its folder. Killed when this process exits. */
export async function isolatedStack(name: string): Promise<Stack> {
  const software = await installSoftware(stackFolder)
  const folder = path.join(stackFolder, `${name}-${process.pid}`)
  await rm(folder, { recursive: true, force: true })
  const stack = new Stack(software, folder, await freePorts())
  process.once('exit', () => {
    for (const service of stack.services) service.abandon()
  })
  return stack
}

function portsFile(folder: string): string {
  return path.join(folder, 'ports.json')
}
