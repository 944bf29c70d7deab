import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { simulate } from '../../src/stack/simulate.js'
import type { Percentiles } from '../bench/live-results.js'
import { waitUntilCaptured } from './captured.js'
import { type ConnectorOptions, registerConnector, waitForSnapshot } from './connector.js'
import { JobProcess } from './job-process.js'
import { type Edit, EditLoad } from './latency-load.js'
import { mysqlUsers } from './mysql.js'
import { freePorts } from './ports.js'
import { total } from './soak-samples.js'
import { isolatedStack, type Stack } from './stack.js'

/** How latency is measured. */
export interface LatencyOptions {
  rates: readonly number[]
  /** How long each rate is kept up, after ten seconds of warming up. */
  seconds: number
  /** Debezium's `poll.interval.ms`. */
  pollMs: number
  patients: number
  /** Whether the job keeps its state on disk. */
  stateless: boolean
  cli: string
  report: (line: string) => void
}

/** Milliseconds at one rate. */
export interface RateLatency {
  rate: number
  reached: number
  changes: number
  /** Changes whose row was not seen within a minute after the last. */
  lost: number
  total: Percentiles
  debezium: Percentiles
  own: Percentiles
}

const database = 'latency'
const obs = `${database}.${database}.obs`

/** Measures on a stack of its own, and a job of vitals. */
export async function latency(options: LatencyOptions): Promise<RateLatency[]> {
  const { pollMs, patients, report, rates, seconds } = options
  const stack = await isolatedStack('latency')
  let job: JobProcess | null = null
  let load: EditLoad | null = null
  let seen: VitalsReader | null = null
  try {
    await stack.up()
    await capture(stack, pollMs, patients)
    const { connect: port } = await freePorts()
    job = await startJob(stack, options, '--port', String(port))
    load = await EditLoad.open(stack.mysql.url(''), database)
    seen = await VitalsReader.begin(stack.kafka.bootstrap)
    report(`${load.size} signs to edit`)
    const measured: RateLatency[] = []
    for (const rate of rates) {
      await load.run(rate, 10_000, () => undefined)
      const before = await commitTimes(port)
      measured.push(await measure(stack, load, seen, { rate, seconds }))
      report(`commits: ${JSON.stringify(meansOf(before, await commitTimes(port)))}`)
      report(JSON.stringify(measured.at(-1)))
    }
    return measured
  } finally {
    await job?.stop('SIGKILL')
    await load?.close()
    await seen?.close()
    await stack.remove()
  }
}

/** The population in the database, its snapshot in topics whose records have the broker's time. */
export async function capture(stack: Stack, pollMs: number, patients: number): Promise<ConnectorOptions> {
  const url = `${stack.mysql.url('')}${database}`
  const about = { url, password: mysqlUsers.openmrs.password, seed: 5, patients }
  await simulate({ ...about, phases: ['schema', 'population'] })
  const connector: ConnectorOptions = {
    prefix: database,
    database,
    serverId: 184_710,
    config: {
      'poll.interval.ms': String(pollMs),
      'topic.creation.obs.message.timestamp.type': 'LogAppendTime',
    },
  }
  await registerConnector(stack.addresses, connector)
  await waitForSnapshot(stack.addresses, database)
  await waitUntilCaptured(stack.addresses, connector)
  return connector
}

/** Starts a job of vitals and waits until its output is up to date. */
export async function startJob(
  stack: Stack,
  { cli, stateless }: Pick<LatencyOptions, 'cli' | 'stateless'>,
  ...more: string[]
): Promise<JobProcess> {
  const state = path.join(stack.folder, 'job')
  await mkdir(state, { recursive: true })
  const kept = stateless ? [] : ['--state', path.join(state, 'state')]
  const args = ['--source', `kafka://${stack.kafka.bootstrap}`, '--prefix', database, ...kept, ...more]
  const program = { cli, environment: { OBSLAB_MYSQL_PASSWORD: mysqlUsers.openmrs.password } }
  const job = new JobProcess(program, 'test/stack/jobs/vitals.ts', ...args)
  await job.until('the output is up to date')
  return job
}

type CommitTimes = Record<'sink' | 'state', { count: number; seconds: number }>

/** What a job's metrics say of its commits so far. */
async function commitTimes(port: number): Promise<CommitTimes> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const of = (part: string): CommitTimes['sink'] => ({
    count: total(metrics, `obslab_commit_seconds_count{part="${part}"}`),
    seconds: total(metrics, `obslab_commit_seconds_sum{part="${part}"}`),
  })
  return { sink: of('sink'), state: of('state') }
}

/** Commits and their mean milliseconds between two looks. */
function meansOf(before: CommitTimes, after: CommitTimes): Record<string, { count: number; ms: number }> {
  const parts = ['sink', 'state'] as const
  return Object.fromEntries(
    parts.map(part => {
      const count = after[part].count - before[part].count
      const ms = ((after[part].seconds - before[part].seconds) / count) * 1000
      return [part, { count, ms: Math.round(ms * 10) / 10 }]
    }),
  )
}

async function measure(
  stack: Stack,
  load: EditLoad,
  seen: VitalsReader,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<RateLatency> {
  const from = await endsOf(stack.kafka.bootstrap)
  const edits: Edit[] = []
  const begun = performance.now()
  await load.run(rate, seconds * 1000, edit => {
    edits.push(edit)
    seen.expect(edit)
  })
  const reached = edits.length / ((performance.now() - begun) / 1000)
  await seen.caughtUp(60_000)
  const appended = await appendTimes(stack.kafka.bootstrap, from)
  const visible = edits.flatMap(({ value, sent }) => {
    const [at, append] = [seen.at.get(value), appended.get(value)]
    return at === undefined || append === undefined ? [] : [{ sent, append, at }]
  })
  return {
    rate,
    reached: Math.round(reached * 10) / 10,
    changes: edits.length,
    lost: edits.length - visible.length,
    total: percentiles(visible.map(({ sent, at }) => at - sent)),
    debezium: percentiles(visible.map(({ sent, append }) => append - sent)),
    own: percentiles(visible.map(({ append, at }) => at - append)),
  }
}

/** The 50th, 95th and 99th percentile, and the largest. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? NaN }
}

/** A plain kafkajs consumer of the committed rows of vitals that notes when it sees the value of an edit. */
class VitalsReader {
  /** When the value of an edit was seen, by the value. */
  readonly at = new Map<number, number>()
  readonly #waiting = new Map<string, Set<Edit>>()
  readonly #close: () => Promise<void>

  private constructor(close: () => Promise<void>) {
    this.#close = close
  }

  static async begin(bootstrap: string): Promise<VitalsReader> {
    const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
    const consumer = kafka.consumer({ groupId: `latency-${process.pid}`, maxWaitTimeInMs: 500 })
    const reader = new VitalsReader(() => consumer.disconnect())
    await consumer.connect()
    await consumer.subscribe({ topics: ['vitals'] })
    const joined = new Promise<void>(resolve => consumer.on('consumer.group_join', () => resolve()))
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message: { key, value } }) => {
        if (value !== null) reader.#take(`${key}`, `${value}`)
      },
    })
    await joined
    return reader
  }

  expect(edit: Edit): void {
    const waiting = this.#waiting.get(edit.key)
    if (waiting === undefined) this.#waiting.set(edit.key, new Set([edit]))
    else waiting.add(edit)
  }

  /** Resolves when every edit was seen, or after `ms`. */
  async caughtUp(ms: number): Promise<void> {
    const deadline = Date.now() + ms
    while ([...this.#waiting.values()].some(({ size }) => size > 0) && Date.now() < deadline)
      await new Promise(resolve => setTimeout(resolve, 20))
    this.#waiting.clear()
  }

  async close(): Promise<void> {
    await this.#close()
  }

  #take(key: string, text: string): void {
    const now = Date.now()
    const waiting = this.#waiting.get(key)
    if (waiting === undefined || waiting.size === 0) return
    const row = JSON.parse(text) as Record<string, number>
    for (const edit of waiting) {
      if (row[edit.column] !== edit.value) continue
      this.at.set(edit.value, now)
      waiting.delete(edit)
    }
  }
}

async function endsOf(bootstrap: string): Promise<Map<number, string>> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(obs)
  await admin.disconnect()
  return new Map(ends.map(({ partition, high }) => [partition, high]))
}

/** When the broker appended the record of each edit, by its value: those from some offsets to the ends of now. */
async function appendTimes(
  bootstrap: string,
  from: ReadonlyMap<number, string>,
): Promise<Map<number, number>> {
  const ends = await endsOf(bootstrap)
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({
    groupId: `latency-input-${process.pid}-${Date.now()}`,
    maxWaitTimeInMs: 100,
  })
  const times = new Map<number, number>()
  const left = new Map([...ends].filter(([partition, end]) => Number(end) > Number(from.get(partition))))
  await consumer.connect()
  await consumer.subscribe({ topics: [obs] })
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachMessage: async ({ partition, message: { offset, value, timestamp } }) => {
          const after = value === null ? null : JSON.parse(`${value}`).after
          if (after !== null) times.set(after.value_numeric as number, Number(timestamp))
          if (Number(offset) + 1 >= Number(left.get(partition) ?? 0)) left.delete(partition)
          if (left.size === 0) resolve()
        },
      })
      .catch(reject)
    for (const [partition, offset] of from) consumer.seek({ topic: obs, partition, offset })
  })
  await consumer.disconnect()
  return times
}
