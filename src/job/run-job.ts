import { z } from 'zod'
import type { ChangeChunk } from '../change/change-stream.js'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { parseOptions } from '../options.js'
import { Engine } from '../pipeline/engine.js'
import type { ParamValue, ParamValues } from '../pipeline/param.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import type { Plan } from '../pipeline/plan.js'
import { type BoundPlan, bindPlan, type TopicNames } from '../pipeline/plan-changes.js'
import type { Source, TopicOffsets } from '../source/source.js'
import { applyChunk, takeRecords } from './apply-chunk.js'
import { batchesOf } from './batches.js'
import { difference } from './difference.js'
import { jsonLog, type Log } from './log.js'
import type { InputOffset, OutputRecord, Sink } from './sink.js'

/** What {@link runJob} takes besides the pipeline. */
export interface RunJobOptions extends TopicNames {
  /** Where the inputs are read. It stays open. */
  source: Source
  /** Where the rows go. It is opened here, and closed at the end. */
  sink: Sink
  /** Aborted, the job drains and the promise resolves: see `shutdownSignal`. */
  signal?: AbortSignal
  /** Default: JSON lines on standard error. */
  log?: Log
  /** Default: the machine's. */
  clock?: Clock
  /** `end` stops at the end that the inputs have at the start. Left out, the job follows them. */
  until?: 'end'
  /**
   * Runs even though a topic has lost its first records to retention, so that rows may be wrong or missing. Default:
   * false, that is an `input-incomplete` error.
   */
  acceptIncomplete?: boolean
  /**
   * Values of the pipeline's params in place of their defaults, by name: `{ min: 5 }`. An unknown name or a value of
   * another type than the default is an `option-invalid` error.
   */
  params?: ParamValues
}

/** What a job did. */
export interface JobSummary {
  job: string
  /** Changes read, those included that were delivered before or could not be decoded. */
  changes: number
  redelivered: number
  quarantined: number
  /** Records written: rows that are new or changed. */
  upserts: number
  /** Records written: rows that are gone. */
  tombstones: number
  /** Rows that the output held already when the job started. */
  unchanged: number
  /** Rows of the output at the end. */
  rows: number
}

const optionsSchema = z.strictObject({
  source: z.custom<Source>(value => typeof value === 'object' && value !== null),
  sink: z.custom<Sink>(value => typeof value === 'object' && value !== null),
  signal: z.instanceof(AbortSignal).optional(),
  log: z.custom<Log>(value => typeof value === 'object' && value !== null).optional(),
  clock: z.custom<Clock>(value => typeof value === 'object' && value !== null).default(systemClock),
  until: z.literal('end').optional(),
  topics: z.record(z.string(), z.string()).optional(),
  prefix: z.string().optional(),
  acceptIncomplete: z.boolean().default(false),
  params: z.record(z.string(), z.custom<ParamValue>()).optional(),
})

/** Bytes of rows that are written, and in Kafka committed, together. */
const batchBytes = 4 * 1024 * 1024

/**
 * Runs a pipeline unattended: reads its topics from their first records to the end they have at the start, writes what
 * the output does not hold yet, each key once, and then keeps it up to date change by change until `signal` is aborted. A
 * recording ends, and the job with it.
 *
 * The state is in memory. A job that starts again, after a crash too, reads its inputs from the beginning, compares with
 * what the output holds and writes the difference, tombstones for vanished rows included: equal rows are not written
 * again. Every change affects the output at least once. Records that cannot be decoded are counted and logged with
 * position and reason, and left out; a dead-letter topic comes later. Run one instance of a job: see `kafkaSink`.
 *
 * An error ends the job: what was acknowledged is in the output, and starting again resumes.
 */
export async function runJob<R>(pipeline: Pipeline<R>, options: RunJobOptions): Promise<JobSummary> {
  const parsed = parseOptions(optionsSchema, options)
  const { sink } = parsed
  const run = new JobRun(pipeline.plan, { ...parsed, log: parsed.log ?? jsonLog({ clock: parsed.clock }) })
  try {
    return await run.run()
  } finally {
    await sink.close()
  }
}

type Running = z.output<typeof optionsSchema> & { log: Log }

class JobRun {
  readonly #plan: Plan
  readonly #options: Running
  readonly #log: Log
  readonly #counts: Omit<JobSummary, 'job' | 'rows'> = {
    changes: 0,
    redelivered: 0,
    quarantined: 0,
    upserts: 0,
    tombstones: 0,
    unchanged: 0,
  }
  readonly #offsets = new Map<string, InputOffset>()

  constructor(plan: Plan, options: Running) {
    this.#plan = plan
    this.#options = options
    this.#log = options.log
  }

  async run(): Promise<JobSummary> {
    const { signal = new AbortController().signal, until } = this.#options
    const { engine, bound, finished } = await this.#begin(signal)
    if (finished && until === undefined && !signal.aborted) await this.#follow(engine, bound.follow(signal))
    if (!finished && until === 'end') {
      throw new ObslabError('cancelled', `The job ${this.#plan.name} was stopped before the end.`)
    }
    const summary = { job: this.#plan.name, ...this.#counts, rows: engine.output.size }
    this.#log.info('stopped', { ...summary })
    return summary
  }

  async #begin(signal: AbortSignal): Promise<{ engine: Engine; bound: BoundPlan; finished: boolean }> {
    const { source, sink, topics, prefix, params } = this.#options
    const names = { ...(topics && { topics }), ...(prefix !== undefined && { prefix }) }
    const { plan, inputs } = await bindPlan(source, this.#plan, { ...names, params })
    this.#check(plan, inputs)
    this.#log.info('starting', {
      job: plan.name,
      source: source.name,
      topics: inputs.map(({ topic }) => topic),
      sink: sink.name,
      output: plan.output,
    })
    const held = await sink.open({
      job: plan.name,
      output: plan.output,
      partitions: inputs[0]!.partitions.length,
      source: source.name,
      log: this.#log,
    })
    // The ends are fixed once the output is ours: an instance that was still writing it has stopped by now.
    const bound = await bindPlan(source, plan, { signal })
    const engine = new Engine(bound.plan, { onError: 'stop' })
    return { engine, bound, finished: await this.#backfill(engine, bound.changes, held) }
  }

  /** Brings the output to where the inputs are. False when it was interrupted: nothing is committed then. */
  async #backfill(
    engine: Engine,
    changes: AsyncIterable<ChangeChunk>,
    held: ReadonlyMap<string, string>,
  ): Promise<boolean> {
    const { clock, signal } = this.#options
    const begun = clock.now()
    try {
      for await (const chunk of changes) this.#apply(engine, chunk)
    } catch (error) {
      if (signal?.aborted && error instanceof ObslabError && error.code === 'cancelled') return false
      throw error
    }
    const { changes: read, quarantined } = this.#counts
    this.#log.info('read to the end', { changes: read, quarantined, ms: clock.now() - begun })
    engine.caughtUp()
    takeRecords(engine)
    const { records, unchanged } = difference({ held, wanted: engine.output, ownKey: ownKey(engine) })
    this.#counts.unchanged = unchanged
    if (!(await this.#write(records))) return false
    const { upserts, tombstones } = this.#counts
    this.#log.info('the output is up to date', { upserts, tombstones, unchanged, ms: clock.now() - begun })
    return true
  }

  async #follow(engine: Engine, changes: AsyncIterable<ChangeChunk>): Promise<void> {
    for await (const chunk of changes) {
      this.#apply(engine, chunk)
      await this.#write(takeRecords(engine), { whole: true })
    }
  }

  #apply(engine: Engine, chunk: ChangeChunk): void {
    const { topic, partition, next, changes } = chunk
    for (const { change, redelivered } of changes) {
      this.#counts.changes++
      if (redelivered) this.#counts.redelivered++
      if (change.kind !== 'quarantined') continue
      this.#counts.quarantined++
      const { offset, reason } = change
      this.#log.warn('a record could not be decoded and was left out', { topic, partition, offset, reason })
    }
    this.#offsets.set(`${topic}:${partition}`, { topic, partition, next })
    applyChunk(engine, chunk)
  }

  /**
   * Writes records in batches, with the offsets at the last. Unless they are to be written as a `whole`, it stops between
   * two batches when the job is to drain, and gives false.
   */
  async #write(records: readonly OutputRecord[], { whole = false } = {}): Promise<boolean> {
    const { sink, signal } = this.#options
    let left = records.length
    for (const batch of batchesOf(records, batchBytes)) {
      if (signal?.aborted && !whole) return false
      left -= batch.length
      await sink.write({ records: batch, offsets: left === 0 ? this.#takeOffsets() : [] })
      for (const { row } of batch) this.#counts[row === null ? 'tombstones' : 'upserts']++
    }
    if (this.#offsets.size > 0) await sink.write({ records: [], offsets: this.#takeOffsets() })
    return true
  }

  #takeOffsets(): readonly InputOffset[] {
    const offsets = [...this.#offsets.values()]
    this.#offsets.clear()
    return offsets
  }

  #check({ name, output }: Plan, inputs: readonly TopicOffsets[]): void {
    if (inputs.some(({ topic }) => topic === output)) {
      throw new ObslabError(
        'pipeline-invalid',
        `The pipeline ${name} would write to ${output}, which it reads. Name another topic in .to(…).`,
      )
    }
    for (const { topic, cleanupPolicy, partitions } of inputs) {
      const cut = partitions.find(({ start }) => start > 0)
      if (cut === undefined || cleanupPolicy.includes('compact')) continue
      const { partition, start } = cut
      if (this.#options.acceptIncomplete) {
        this.#log.warn('the first records of an input are gone: rows may be wrong', {
          topic,
          partition,
          start,
        })
        continue
      }
      throw new ObslabError(
        'input-incomplete',
        `${topic} no longer holds its first records: partition ${partition} begins at offset ${start}. Rows computed from ` +
          'the rest may be wrong or missing. Take a new snapshot into a new topic, or accept it: acceptIncomplete, ' +
          '--accept-incomplete.',
        { position: { topic, partition, offset: start } },
      )
    }
  }
}

/** A key of the columns that the job's keys have; null when it never computed one. */
function ownKey({ keyColumns }: Engine): string | null {
  return keyColumns === null
    ? null
    : JSON.stringify(Object.fromEntries(keyColumns.map(column => [column, 0])))
}
