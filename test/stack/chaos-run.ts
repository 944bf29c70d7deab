import { cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { createConnection } from 'mysql2/promise'
import { connect } from '../../src/lab.js'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import { Random } from '../../src/stack/random.js'
import { simulate } from '../../src/stack/simulate.js'
import { type Fault, Faults } from './chaos-faults.js'
import { ChaosJob, type UnexpectedEnd } from './chaos-jobs.js'
import { ChaosLife } from './chaos-life.js'
import { ChangeLog } from './chaos-log.js'
import { differences, tableOutput, tableText, topicOutput } from './chaos-output.js'
import { flatObsParts, vitalsParts } from './chaos-parts.js'
import { type PartsOf, type Reachability, reachability } from './chaos-reachable.js'
import { type SeenRows, TableReader, TopicReader } from './chaos-readers.js'
import { playRound, type Round } from './chaos-round.js'
import { type ConnectorOptions, registerConnector, waitForSnapshot } from './connector.js'
import { flatObsBySql } from './flat-obs-sql.js'
import type { Ended, JobProgram } from './job-process.js'
import { MysqlService, mysqlUsers } from './mysql.js'
import { freePorts } from './ports.js'
import { installSoftware } from './software.js'
import { isolatedStack, type Stack, stackFolder } from './stack.js'
import { vitalsBySql } from './vitals-sql.js'

/** How chaos is made. */
export interface ChaosOptions {
  rounds: number
  seed: number
  /** Row changes a second of the simulated life. */
  rate: number
  patients: number
  /** Where the rows go. */
  sinks: readonly ('kafka' | 'mysql')[]
  /** Whether jobs keep no state folder. */
  stateless: boolean
  /** Whether services are restarted too. */
  faults: boolean
  /** The folder of the build that jobs run on; it is copied, so that another build meanwhile changes nothing. */
  dist: string
  /** Aborted, no further round begins; what was played is compared. */
  signal?: AbortSignal
  /** Told of each round, and of what is waited for. */
  report: (line: string) => void
}

/** One output under chaos, compared at the end. */
export interface ChaosOutput {
  name: string
  /** Rows at the end. */
  rows: number
  /** What differs from SQL on the final database. */
  differences: string[]
  /** Committed records that the reader saw, or SELECTs of the whole table. */
  reads: number
  reachability: Reachability
}

/** What came of it. */
export interface ChaosResult {
  rounds: number
  seed: number
  rate: number
  seconds: number
  /** Rows that the life changed. */
  changes: number
  /** Changes that Debezium sent again. */
  redelivered: number
  kills: Record<string, number>
  lostStates: number
  faults: Partial<Record<Fault, number>>
  taskRestarts: number
  /** Starts that found no broker to begin with, and said so. */
  refusedStarts: number
  /** Jobs that ended by themselves. */
  unexpected: UnexpectedEnd[]
  /** How the jobs ended that were asked to drain, and the runs to the end after that. */
  drained: { job: string; code: number | null }[]
  lastRuns: { job: string; code: number | null; summary: string }[]
  outputs: ChaosOutput[]
  /** What the reader of committed records saw otherwise than the topic holds it at the end. */
  readerMismatches: string[]
  /** Empty when all is well. */
  failures: string[]
}

const database = 'chaos'
const target = 'chaos_out'
const connector: ConnectorOptions = {
  prefix: database,
  database,
  serverId: 184_700,
  // Debezium waits ten seconds before it goes on after a failure by default.
  config: { 'poll.interval.ms': '20', 'retriable.restart.connector.wait.ms': '500' },
}

const pipelines = { vitals, flat_obs: flatObs } as unknown as Record<'vitals' | 'flat_obs', Pipeline<object>>

/** Plays all of it on a stack of its own, and compares. */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const stack = await isolatedStack('chaos')
  const sink = options.sinks.includes('mysql') ? await sinkDatabase(stack) : null
  try {
    await Promise.all([stack.up(), sink?.start()])
    return await new ChaosRun(options, stack, sink).run()
  } finally {
    await sink?.stop()
    await stack.remove()
  }
}

async function sinkDatabase(stack: Stack): Promise<MysqlService> {
  const { mysql } = await freePorts()
  const folder = path.join(stack.folder, 'sink')
  const service = new MysqlService(await installSoftware(stackFolder), folder, mysql)
  process.once('exit', () => service.abandon())
  return service
}

class ChaosRun {
  readonly #options: ChaosOptions
  readonly #stack: Stack
  readonly #sink: MysqlService | null
  readonly #jobs: ChaosJob[] = []
  readonly #begun = performance.now()

  constructor(options: ChaosOptions, stack: Stack, sink: MysqlService | null) {
    this.#options = options
    this.#stack = stack
    this.#sink = sink
  }

  async run(): Promise<ChaosResult> {
    const { rounds, seed, rate, patients, report } = this.#options
    const life = await this.#beginLife(seed, patients)
    await this.#makeJobs()
    const faults = new Faults(this.#stack, this.#sink, life, database)
    const topics = this.#options.sinks.includes('kafka') ? Object.keys(pipelines) : []
    for (const job of this.#jobs) job.start()
    await this.#topicsExist(topics)
    const topicReader =
      topics.length === 0 ? null : await TopicReader.begin(this.#stack.kafka.bootstrap, topics)
    const tableReader =
      this.#sink === null
        ? null
        : new TableReader(this.#sink.url(''), target, Object.keys(pipelines), tableText)
    const random = new Random(seed)
    let lostStates = 0
    let played = 0
    try {
      for (let number = 1; number <= rounds && !this.#options.signal?.aborted; number++) {
        const round = await playRound(random, this.#jobs, this.#options.faults ? faults : null)
        if (round.losesState) lostStates++
        played = number
        if (life.failure !== null) throw life.failure
        report(this.#line(number, round, life))
      }
      await faults.over()
      await life.stop()
      report(`the life is over after ${life.rows} changes; waiting until all is captured`)
      await faults.captured(connector)
      await this.#committedToTheEnd(topics)
      const drained = await Promise.all(this.#jobs.map(job => ended(job, job.drain())))
      report('drained; running each to the end once more')
      const lastRuns: Awaited<ReturnType<typeof ended>>[] = []
      for (const job of this.#jobs) lastRuns.push(await ended(job, job.runToEnd()))
      const seconds = Math.round((performance.now() - this.#begun) / 1000)
      report('comparing')
      const compared = await this.#compare(topicReader, tableReader)
      const result = {
        rounds: played,
        seed,
        rate,
        seconds,
        changes: life.rows,
        kills: Object.fromEntries(this.#jobs.map(({ name, kills }) => [name, kills])),
        lostStates,
        faults: faults.counts,
        taskRestarts: faults.taskRestarts,
        refusedStarts: this.#jobs.reduce((sum, job) => sum + job.refusedStarts, 0),
        unexpected: this.#jobs.flatMap(({ unexpected }) => unexpected),
        drained: drained.map(({ job, code }) => ({ job, code })),
        lastRuns,
        ...compared,
      }
      return { ...result, failures: failuresOf(result) }
    } finally {
      for (const job of this.#jobs) await job.kill()
      await topicReader?.close()
      await tableReader?.close()
    }
  }

  async #beginLife(seed: number, patients: number): Promise<ChaosLife> {
    const { rate, rounds } = this.#options
    const mysql = this.#stack.mysql.url('').replace(/\/$/, '')
    const about = { url: `${mysql}/${database}`, password: mysqlUsers.openmrs.password, seed, patients }
    await simulate({ ...about, phases: ['schema', 'population'] })
    await registerConnector(this.#stack.addresses, connector)
    await waitForSnapshot(this.#stack.addresses, database)
    // A round takes some four seconds, and jobs and services start before and end after them.
    const changes = rate * (rounds * 4 + 40)
    return await ChaosLife.begin({ mysql, database, seed, patients, rate, changes })
  }

  async #makeJobs(): Promise<void> {
    const { sinks, stateless, dist } = this.#options
    const folder = path.join(this.#stack.folder, 'jobs')
    await mkdir(folder, { recursive: true })
    await cp(dist, path.join(folder, 'dist'), { recursive: true })
    await cp('package.json', path.join(folder, 'package.json'))
    const environment = { OBSLAB_MYSQL_PASSWORD: mysqlUsers.openmrs.password }
    const program: JobProgram = { cli: path.join(folder, 'dist/cli.js'), environment }
    if (this.#sink !== null) await createDatabase(this.#sink)
    for (const sink of sinks) {
      for (const pipeline of ['vitals', 'flat_obs'] as const) {
        const state = stateless ? null : path.join(folder, `state-${pipeline}-${sink}`)
        const source = `kafka://${this.#stack.kafka.bootstrap}`
        const to = sink === 'kafka' ? source : this.#sink!.url(target)
        const args = ['--source', source, '--prefix', database, '--to', to]
        this.#jobs.push(new ChaosJob({ pipeline, sink, state, program, args }))
      }
    }
  }

  #line(number: number, { job, others, fault, losesState, wait, followed }: Round, life: ChaosLife): string {
    const with_ = others.length === 0 ? '' : ` with ${others.join(', ')}`
    const lost = losesState ? ', its state lost' : ''
    const during = fault === null ? '' : `; ${fault}`
    const after = followed ? ', following by then' : ''
    return `round ${number}: ${job}${with_}${lost}, again after ${wait} ms${after}${during}; ${life.rows} changes`
  }

  async #topicsExist(topics: readonly string[]): Promise<void> {
    const admin = await this.#admin()
    try {
      for (;;) {
        const there = await admin.listTopics()
        if (topics.every(topic => there.includes(topic))) return
        if (this.#jobs.some(({ unexpected }) => unexpected.length > 2))
          throw new Error(`A job does not start: ${JSON.stringify(this.#jobs.map(one => one.unexpected[0]))}`)
        await new Promise(resolve => setTimeout(resolve, 200))
      }
    } finally {
      await admin.disconnect()
    }
  }

  /** The groups that ordinary tools read the lag from say that everything is in the output topics. */
  async #committedToTheEnd(topics: readonly string[]): Promise<void> {
    const admin = await this.#admin()
    try {
      const deadline = Date.now() + 120_000
      for (const job of topics) {
        for (;;) {
          const behind = await lagOf(admin, job)
          if (behind === 0) break
          if (Date.now() > deadline)
            throw new Error(`${job} is ${behind} records behind two minutes after the life.`)
          await new Promise(resolve => setTimeout(resolve, 200))
        }
      }
    } finally {
      await admin.disconnect()
    }
  }

  async #admin(): Promise<ReturnType<Kafka['admin']>> {
    const admin = new Kafka({ brokers: [this.#stack.kafka.bootstrap], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    return admin
  }

  async #compare(
    topicReader: TopicReader | null,
    tableReader: TableReader | null,
  ): Promise<Pick<ChaosResult, 'outputs' | 'readerMismatches' | 'redelivered'>> {
    const lab = await connect(`kafka://${this.#stack.kafka.bootstrap}`)
    const outputs: ChaosOutput[] = []
    const readerMismatches: string[] = []
    let redelivered = 0
    try {
      for (const [name, pipeline] of Object.entries(pipelines)) {
        const log = await ChangeLog.read(lab.source, pipeline, database)
        redelivered += log.redelivered
        const partsOf = name === 'vitals' ? vitalsParts(log) : flatObsParts(log)
        const sql = name === 'vitals' ? vitalsBySql : flatObsBySql
        const wanted = await sql(this.#stack.mysql.url('').replace(/\/$/, ''), database)
        const compared = (about: string, rows: ReadonlyMap<string, string>, reads: number, seen: SeenRows) =>
          comparison(about, name, { rows, reads, seen, wanted, log, partsOf })
        if (topicReader !== null) {
          const { rows, all, places } = await topicOutput(lab.source, name)
          readerMismatches.push(...(await topicReader.mismatches(places)))
          const seen = topicReader.seen.get(name)!
          for (const { key, row } of all) seen.see(key, row)
          outputs.push(compared(`${name} to kafka`, rows, places.size, seen))
        }
        if (tableReader !== null) {
          const rows = await tableOutput(this.#sink!.url(''), target, name, tableText)
          outputs.push(compared(`${name} to mysql`, rows, tableReader.reads, tableReader.seen.get(name)!))
        }
      }
    } finally {
      await lab.close()
    }
    return { outputs, readerMismatches, redelivered }
  }
}

function comparison(
  name: string,
  table: string,
  about: {
    rows: ReadonlyMap<string, string>
    reads: number
    seen: SeenRows
    wanted: readonly object[]
    log: ChangeLog
    partsOf: PartsOf
  },
): ChaosOutput {
  const { rows, reads, seen, wanted, log, partsOf } = about
  return {
    name,
    rows: rows.size,
    reads,
    differences: differences(rows, wanted, table),
    reachability: reachability(log, [seen], partsOf),
  }
}

async function createDatabase(sink: MysqlService): Promise<void> {
  const { hostname: host, port } = new URL(sink.url())
  const connection = await createConnection({ host, port: Number(port), ...mysqlUsers.openmrs })
  await connection.query(`CREATE DATABASE ${target} DEFAULT CHARACTER SET utf8mb4`)
  await connection.end()
}

async function lagOf(admin: ReturnType<Kafka['admin']>, job: string): Promise<number> {
  let behind = 0
  const topics = job === 'vitals' ? ['obs'] : ['obs', 'encounter', 'visit', 'person', 'orders']
  for (const topic of topics.map(table => `${database}.${database}.${table}`)) {
    const [committed] = await admin.fetchOffsets({ groupId: `obslab.${job}`, topics: [topic] })
    const at = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      behind += Math.max(0, Number(high) - Math.max(0, at.get(partition) ?? 0))
  }
  return behind
}

async function ended(
  { name }: ChaosJob,
  ending: Promise<Ended>,
): Promise<{ job: string; code: number | null; summary: string }> {
  const { code, out, lines } = await ending
  return { job: name, code, summary: out.trim() || JSON.stringify(lines.at(-1) ?? null) }
}

function failuresOf(result: Omit<ChaosResult, 'failures'>): string[] {
  const { unexpected, drained, lastRuns, outputs, readerMismatches } = result
  return [
    ...unexpected.map(({ job, code, lines }) => `${job} ended by itself with ${code}: ${lines.at(-1)}`),
    ...drained
      .filter(({ code }) => code !== 0)
      .map(({ job, code }) => `${job} drained with exit code ${code}`),
    ...lastRuns
      .filter(({ code }) => code !== 0)
      .map(({ job, code, summary }) => `${job} ran to the end with exit code ${code}: ${summary}`),
    ...outputs.flatMap(({ name, differences }) => differences.map(one => `${name}: ${one}`)),
    ...outputs.flatMap(({ name, reachability: { never } }) =>
      never
        .slice(0, 5)
        .map(({ key, row }) => `${name}: a reader saw what the pipeline never gives: ${key} ${row}`),
    ),
    ...outputs.flatMap(({ name, reachability: { undecided } }) =>
      undecided.slice(0, 5).map(key => `${name}: too many combinations to decide on ${key}`),
    ),
    ...readerMismatches.slice(0, 10),
  ]
}
