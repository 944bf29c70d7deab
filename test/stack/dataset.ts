import { rm } from 'node:fs/promises'
import { openKafka } from '../../src/source/kafka.js'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'
import { recordTopics } from '../../src/source/recorder.js'
import { live, type SimulateOptions, type Simulation, simulate } from '../../src/stack/simulate.js'
import { signalSnapshot, waitUntilCaptured } from './captured.js'
import { registerConnector, waitForSnapshot, waitForTask } from './connector.js'
import { type FinalTable, finalTables } from './final-rows.js'
import { mysqlUsers } from './mysql.js'
import { installSoftware, whyUnavailable } from './software.js'
import { isolatedStack, type Stack, stackFolder } from './stack.js'

/** How one recording of `datasets/` is made. */
export interface DatasetPlan {
  /** Its folder in `datasets/`. */
  name: string
  seed: number
  patients: number
  /** Rows that its life changes. */
  changes: number
  /** Row changes a second. */
  rate: number
  schemas: boolean
  /**
   * Whether Connect is killed by -9 half-way, so that a block of records is written twice, and asked for an
   * incremental snapshot of small tables later on.
   */
  eventful: boolean
}

/** What was played, and what MySQL held at the end. */
export interface DatasetRun {
  population: Simulation
  life: Simulation
  tables: FinalTable[]
}

/**
 * Makes one recording in `folder`, which must not exist: a stack of its own, the population, the connector and its
 * snapshot, the life, the wait until all of it is captured, the recording of every topic of the connector.
 */
export async function makeDataset(plan: DatasetPlan, folder: string): Promise<DatasetRun> {
  const unavailable = whyUnavailable()
  if (unavailable !== null) throw new Error(unavailable)
  await installSoftware(stackFolder)
  const stack = await isolatedStack(`dataset-${plan.name}`)
  try {
    await stack.up()
    const options: SimulateOptions = {
      url: stack.mysql.url(),
      password: mysqlUsers.openmrs.password,
      seed: plan.seed,
      patients: plan.patients,
      changes: plan.changes,
      rate: plan.rate,
    }
    const population = await simulate({ ...options, phases: ['schema', 'population'] })
    await registerConnector(stack.addresses, { schemas: plan.schemas })
    await waitForSnapshot(stack.addresses, 'dbserver1')
    const life = plan.eventful ? await eventfulLife(stack, options) : await live(options)
    await waitUntilCaptured(stack.addresses)
    const tables = await finalTables(stack.addresses.mysql, 'openmrs')
    await record(stack, folder)
    return { population, life, tables }
  } finally {
    await stack.remove()
  }
}

/** Plays the life; half-way Connect is killed while it goes on, and started again; later comes the signal. */
async function eventfulLife(stack: Stack, options: SimulateOptions): Promise<Simulation> {
  let restarted: Promise<void> | undefined
  let signalled: Promise<void> | undefined
  const restart = async (): Promise<void> => {
    await stack.connect.kill()
    await stack.connect.start()
    await waitForTask(stack.addresses, 'dbserver1')
  }
  const life = await live({
    ...options,
    onProgress: ({ rows, total }) => {
      if (rows > total! * 0.5) restarted ??= restart()
      if (rows > total! * 0.85) signalled ??= signalSnapshot(stack.addresses, ['location', 'person'])
    },
  })
  await Promise.all([restarted, signalled])
  return life
}

async function record(stack: Stack, folder: string): Promise<void> {
  const source = await openKafka(parseKafkaConfig(`kafka://${stack.kafka.bootstrap}`))
  try {
    const all = (await source.topics()).map(({ topic }) => topic)
    const topics = all.filter(topic => /^(__debezium-heartbeat\.)?dbserver1(\.|$)/.test(topic))
    await rm(folder, { recursive: true, force: true })
    await recordTopics(source, folder, { topics, codec: 'zstd' })
  } finally {
    await source.close()
  }
}
