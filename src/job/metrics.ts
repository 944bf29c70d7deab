import type { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type Clock, systemClock } from '../clock.js'
import { loadPackage } from '../optional-package.js'
import type { CommitEvent, JobObserver, JobStage, ReadEvent } from './job-observer.js'
import { PartitionLag } from './partition-lag.js'
import type { InputOffset } from './sink.js'

/** What {@link jobMetrics} takes. */
export interface JobMetricsOptions {
  /** Default: the machine's. */
  clock?: Clock
  /** Metrics of the Node process as well: memory, CPU, garbage collection, the event loop. Default: true. */
  process?: boolean
}

/** A metric: its name with its labels, and its help sentence. */
export interface MetricDescription {
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  labels: readonly string[]
  help: string
}

/** What the metrics of a job are about. */
export type MetricName =
  | 'records'
  | 'changes'
  | 'redelivered'
  | 'quarantined'
  | 'rows'
  | 'deadLetters'
  | 'lagRecords'
  | 'lagSeconds'
  | 'hops'
  | 'stateEntries'
  | 'stateBytes'
  | 'commits'
  | 'stage'

/** Every metric of a job, without those of the Node process. Labels are names and positions, never values of rows. */
export const metricDescriptions: Readonly<Record<MetricName, MetricDescription>> = {
  records: counter('obslab_records_total', 'Records read from the inputs.'),
  changes: counter('obslab_changes_total', 'Changes read, those delivered before included.', 'topic'),
  redelivered: counter('obslab_redelivered_total', 'Changes that were delivered before and left out.'),
  quarantined: counter('obslab_quarantined_total', 'Records that could not be decoded.'),
  rows: counter('obslab_rows_total', 'Records written to the output and acknowledged.', 'kind'),
  deadLetters: counter('obslab_dead_letters_total', 'Dead letters written and acknowledged.'),
  lagRecords: gauge(
    'obslab_lag_records',
    'Records of a partition that the output does not follow from yet; during a backfill, that are not read yet.',
    'topic',
    'partition',
  ),
  lagSeconds: gauge(
    'obslab_lag_seconds',
    'How long the output is behind at most: since it last had everything, or since the newest record that it follows from was written to Kafka, whichever is later; 0 when it has everything.',
    'topic',
    'partition',
  ),
  hops: histogram(
    'obslab_hop_seconds',
    'How long the newest of the changes read together took from one place to the next, while following: ' +
      "database_debezium from the database's commit (MySQL and MariaDB tell whole seconds) to Debezium, debezium_kafka to " +
      'its record, kafka_job until the job read it, job_sink until the output acknowledged it. Clocks of several machines ' +
      'are compared; less than 0 counts as 0.',
    'hop',
  ),
  stateEntries: gauge('obslab_state_entries', 'Entries that an operator remembers.', 'operator'),
  stateBytes: gauge('obslab_state_bytes', 'Bytes of the state on disk.'),
  commits: histogram('obslab_commit_seconds', 'How long the output and the state took to commit.', 'part'),
  stage: gauge(
    'obslab_stage',
    'The stage that the job is at has 1, the others 0: starting, backfilling, emitting, following, retrying, stopped.',
    'stage',
  ),
}

/** The stages of a job, as {@link JobStage} names them. */
const stages: readonly JobStage[] = [
  'starting',
  'backfilling',
  'emitting',
  'following',
  'retrying',
  'stopped',
]

/** Upper bounds of the histograms, in seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Metrics of one job for Prometheus: hand it to `runJob` as an observer. */
export interface JobMetrics extends JobObserver {
  /** The content type of {@link JobMetrics.text}. */
  readonly contentType: string
  /** All metrics in Prometheus's text format, as of now. */
  text(): Promise<string>
}

/**
 * Metrics of a job in a registry of their own. Without the package prom-client it is a `package-missing` error.
 */
export async function jobMetrics(options: JobMetricsOptions = {}): Promise<JobMetrics> {
  const prometheus = await loadPackage('prom-client', "A job's metrics", () => import('prom-client'))
  const { clock = systemClock, process = true } = options
  const registry = new prometheus.Registry()
  if (process) prometheus.collectDefaultMetrics({ register: registry })
  return new PrometheusMetrics(prometheus, registry, clock)
}

type Prometheus = typeof import('prom-client')

class PrometheusMetrics implements JobMetrics {
  readonly contentType: string
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #lag = new PartitionLag()
  readonly #counters: ReadonlyMap<MetricDescription, Counter>
  readonly #gauges: ReadonlyMap<MetricDescription, Gauge>
  readonly #histograms: ReadonlyMap<MetricDescription, Histogram>
  #stage: JobStage = 'starting'
  /** When changes were read that are not in the output yet. */
  #read: number[] = []

  constructor({ Counter, Gauge, Histogram }: Prometheus, registry: Registry, clock: Clock) {
    this.#registry = registry
    this.#clock = clock
    this.contentType = registry.contentType
    const all: readonly MetricDescription[] = Object.values(metricDescriptions)
    const made = <M>(
      type: MetricDescription['type'],
      make: (options: object) => M,
    ): Map<MetricDescription, M> =>
      new Map(
        all
          .filter(one => one.type === type)
          .map(one => [
            one,
            make({ name: one.name, help: one.help, labelNames: one.labels, registers: [registry] }),
          ]),
      )
    this.#counters = made('counter', options => new Counter(options as never))
    this.#gauges = made('gauge', options => new Gauge(options as never))
    this.#histograms = made('histogram', options => new Histogram({ ...options, buckets } as never))
    this.stage('starting')
    for (const kind of ['upsert', 'tombstone']) this.#count('rows', 0, { kind })
  }

  async text(): Promise<string> {
    for (const { topic, partition, records, seconds } of this.#lag.lags(this.#clock.now())) {
      if (records !== null) this.#set('lagRecords', records, { topic, partition })
      if (seconds !== null) this.#set('lagSeconds', seconds, { topic, partition })
    }
    return await this.#registry.metrics()
  }

  stage(stage: JobStage): void {
    this.#stage = stage
    this.#read = []
    this.#lag.follows(stage === 'following')
    for (const one of stages) this.#set('stage', one === stage ? 1 : 0, { stage: one })
  }

  read(event: ReadEvent): void {
    const { topic, records, changes, redelivered, quarantined, times } = event
    this.#count('records', records)
    this.#count('changes', changes, { topic })
    this.#count('redelivered', redelivered)
    this.#count('quarantined', quarantined)
    this.#lag.read(event)
    if (this.#stage !== 'following' || changes === 0) return
    const now = this.#clock.now()
    this.#read.push(now)
    if (times === null) return
    const { database, debezium, kafka } = times
    if (database !== null && debezium !== null)
      this.#took('hops', debezium - database, { hop: 'database_debezium' })
    if (debezium !== null) this.#took('hops', kafka - debezium, { hop: 'debezium_kafka' })
    this.#took('hops', now - kafka, { hop: 'kafka_job' })
  }

  committed({ upserts, tombstones, deadLetters, offsets, sinkMs, stateMs, at }: CommitEvent): void {
    this.#count('rows', upserts, { kind: 'upsert' })
    this.#count('rows', tombstones, { kind: 'tombstone' })
    this.#count('deadLetters', deadLetters)
    this.#took('commits', sinkMs, { part: 'sink' })
    // The state is not kept with every batch.
    if (stateMs > 0) this.#took('commits', stateMs, { part: 'state' })
    for (const read of this.#read) this.#took('hops', at - read, { hop: 'job_sink' })
    this.#read = []
    this.#lag.committed(offsets, at)
  }

  ends(ends: readonly InputOffset[]): void {
    this.#lag.ends(ends, this.#clock.now())
  }

  state(operators: readonly { operator: string; entries: number }[], bytes: number): void {
    for (const { operator, entries } of operators) this.#set('stateEntries', entries, { operator })
    this.#set('stateBytes', bytes)
  }

  #count(metric: MetricName, value: number, labels: Labels = {}): void {
    this.#counters.get(metricDescriptions[metric])?.inc(labels, value)
  }

  #set(metric: MetricName, value: number, labels: Labels = {}): void {
    this.#gauges.get(metricDescriptions[metric])?.set(labels, value)
  }

  /** `ms` milliseconds of a histogram in seconds. */
  #took(metric: MetricName, ms: number, labels: Labels): void {
    this.#histograms.get(metricDescriptions[metric])?.observe(labels, Math.max(0, ms) / 1000)
  }
}

type Labels = Readonly<Record<string, string | number>>

function counter(name: string, help: string, ...labels: string[]): MetricDescription {
  return { name, type: 'counter', help, labels }
}

function gauge(name: string, help: string, ...labels: string[]): MetricDescription {
  return { name, type: 'gauge', help, labels }
}

function histogram(name: string, help: string, ...labels: string[]): MetricDescription {
  return { name, type: 'histogram', help, labels }
}
