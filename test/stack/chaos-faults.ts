import { waitUntilCaptured } from './captured.js'
import type { ChaosLife } from './chaos-life.js'
import { type ConnectorOptions, type StackAddresses, waitForTask } from './connector.js'
import type { MysqlService } from './mysql.js'
import type { Service } from './service.js'
import type { Stack } from './stack.js'

/** What happens to the services around the jobs. */
export type Fault =
  | 'broker killed'
  | 'broker stopped'
  | 'source database killed'
  | 'source database stopped'
  | 'sink database killed'
  | 'sink database stopped'
  | 'Connect killed'

/** Brings services down and up again, one at a time, while everything else goes on. */
export class Faults {
  readonly counts: Partial<Record<Fault, number>> = {}
  /** Times that Debezium's task had failed for good and was started again by hand. */
  taskRestarts = 0
  readonly #stack: Stack
  readonly #sink: MysqlService | null
  readonly #life: ChaosLife
  readonly #connector: string
  #underWay: Promise<void> = Promise.resolve()

  constructor(stack: Stack, sink: MysqlService | null, life: ChaosLife, connector: string) {
    this.#stack = stack
    this.#sink = sink
    this.#life = life
    this.#connector = connector
  }

  /** Begins a fault once the one before is over. It is over when the service answers again. */
  async begin(fault: Fault): Promise<void> {
    await this.#underWay
    this.counts[fault] = (this.counts[fault] ?? 0) + 1
    this.#underWay = this.#happens(fault)
    this.#underWay.catch(() => undefined)
  }

  /** Resolves when every service answers and Debezium's task runs. */
  async over(): Promise<void> {
    await this.#underWay
    await this.#taskRuns()
  }

  /**
   * Resolves once Debezium has captured all that was committed. Where it does not within half a minute, its task is started
   * again: after the end of its database one may be running and read no more.
   */
  async captured(connector: ConnectorOptions): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await waitUntilCaptured(this.#stack.addresses, connector, 30_000)
      } catch (error) {
        if (attempt > 3) throw error
        await this.#restartTask('all')
        await this.#taskRuns()
      }
    }
  }

  async #happens(fault: Fault): Promise<void> {
    const { kafka, connect, mysql } = this.#stack
    switch (fault) {
      case 'broker killed':
      case 'broker stopped':
        return await restart(kafka, fault === 'broker killed')
      case 'source database killed':
      case 'source database stopped':
        return await this.#life.outsideDdl(() => restart(mysql, fault === 'source database killed'))
      case 'sink database killed':
      case 'sink database stopped':
        if (this.#sink !== null) await restart(this.#sink, fault === 'sink database killed')
        return
      case 'Connect killed':
        await restart(connect, true)
        await this.#taskRuns()
    }
  }

  async #taskRuns(): Promise<void> {
    const addresses: StackAddresses = this.#stack.addresses
    for (let attempt = 1; ; attempt++) {
      try {
        return await waitForTask(addresses, this.#connector)
      } catch (error) {
        if (attempt > 5) throw error
        await this.#restartTask('failed')
      }
    }
  }

  async #restartTask(which: 'failed' | 'all'): Promise<void> {
    this.taskRestarts++
    const path = `/connectors/${this.#connector}/restart?includeTasks=true&onlyFailed=${which === 'failed'}`
    await fetch(`${this.#stack.addresses.connect}${path}`, { method: 'POST' })
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
}

async function restart(service: Service, isKilled: boolean): Promise<void> {
  await (isKilled ? service.kill() : service.stop())
  await service.start()
}
