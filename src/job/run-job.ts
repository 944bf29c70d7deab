import { z } from 'zod'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { parseOptions, wholeNumber } from '../options.js'
import { runFingerprint } from '../pipeline/fingerprint.js'
import type { ParamValue, ParamValues } from '../pipeline/param.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import type { Plan } from '../pipeline/plan.js'
import type { TopicNames } from '../pipeline/plan-changes.js'
import type { Source } from '../source/source.js'
import { Attempt, type AttemptEnd, type DurableState, waitEvery } from './attempt.js'
import { DeadLetterRate } from './dead-letter-rate.js'
import { type Holder, thisProcess } from './holder.js'
import { type JobContext, type JobCounts, noCounts } from './job-context.js'
import type { JobObserver } from './job-observer.js'
import { Lease } from './lease.js'
import { openJobState } from './lmdb-state.js'
import { jsonLog, type Log } from './log.js'
import type { Replayed } from './replay-letters.js'
import { Backoff, type RetryOptions } from './retry.js'
import type { Sink } from './sink.js'
import type { OnGap } from './start-plan.js'

/** What {@link runJob} takes besides the pipeline. */
export interface RunJobOptions extends TopicNames {
  /** Where the inputs are read. It stays open. */
  source: Source
  /** Where the rows go. It is opened here, and closed at the end. */
  sink: Sink
  /**
   * The folder that the job's state is kept in; it is made where it is missing, private, for it holds values of rows. With
   * it and a sink that writes exactly once, a job that starts again goes on where it was. Default: the state is in memory.
   */
  state?: string
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
   * What to do when records that the job has still to read are gone from their topic: `rebuild` computes everything anew
   * from what the inputs hold, `skip` goes on without them. Default: an `input-gap` error.
   */
  onGap?: OnGap
  /** Waits for another instance of the job to end. Default: false, that is a `job-held` error that names it. */
  wait?: boolean
  /** New dead letters within 10,000 changes in a row above which the job stops. Default 100. */
  deadLetterLimit?: number
  /** Who watches: metrics, health. */
  observer?: JobObserver
  /** How the job starts over when its source or its sink is away for a while. */
  retry?: RetryOptions
  /** Settings of the output topic besides those that the pipeline gives: `{ 'retention.ms': '-1' }`. */
  settings?: Readonly<Record<string, string>>
  /**
   * Takes the records again that the dead letters are about, writes what follows, and ends. The letters of what succeeds
   * now are taken back. Default: false.
   */
  replay?: boolean
  /**
   * Values of the pipeline's params in place of their defaults, by name: `{ min: 5 }`. An unknown name or a value of
   * another type than the default is an `option-invalid` error.
   */
  params?: ParamValues
}

/** What a job did. */
export interface JobSummary extends JobCounts {
  job: string
  /** Rows of the output at the end. */
  rows: number
  /** What became of dead letters, where they were replayed. */
  replayed?: Replayed
}

const object = z.custom<never>(value => typeof value === 'object' && value !== null)

const optionsSchema = z.strictObject({
  source: object as unknown as z.ZodType<Source>,
  sink: object as unknown as z.ZodType<Sink>,
  state: z.string().min(1).optional(),
  signal: z.instanceof(AbortSignal).optional(),
  log: (object as unknown as z.ZodType<Log>).optional(),
  clock: (object as unknown as z.ZodType<Clock>).default(systemClock),
  until: z.literal('end').optional(),
  topics: z.record(z.string(), z.string()).optional(),
  prefix: z.string().optional(),
  acceptIncomplete: z.boolean().default(false),
  onGap: z.enum(['rebuild', 'skip']).optional(),
  wait: z.boolean().default(false),
  deadLetterLimit: wholeNumber.default(100),
  observer: (object as unknown as z.ZodType<JobObserver>).default({}),
  retry: z
    .strictObject({
      base: z.number().positive().optional(),
      cap: z.number().positive().optional(),
      giveUpAfter: z.number().nonnegative().optional(),
      random: z.custom<() => number>(value => typeof value === 'function').optional(),
    })
    .default({}),
  settings: z.record(z.string(), z.string()).default({}),
  replay: z.boolean().default(false),
  params: z.record(z.string(), z.custom<ParamValue>()).optional(),
})

/**
 * Runs a pipeline unattended: brings its output to where its inputs are, and keeps it up to date change by change until
 * `signal` is aborted. A recording ends, and the job with it.
 *
 * With a folder for its state and a sink that keeps how far it is, each change affects the output exactly once: through
 * crashes, and through restarts of brokers and databases, which it rides out. It says what it keeps and what it computes
 * anew before it reads anything. Without, a job that starts again reads its inputs from the beginning, compares with what
 * the output holds and writes the difference: each change affects the output at least once, and equal rows are not
 * written again.
 *
 * Records that cannot be decoded and rows that a function fails on are dead letters, written with the rows. An error ends
 * the job: what was acknowledged is in the output, and starting again resumes. Errors of the start are `job-held`,
 * `state-refused`, `input-gap` and `input-incomplete`; `dead-letters-exceeded` where too much fails, `job-fenced` where
 * another instance took its place.
 */
export async function runJob<R>(pipeline: Pipeline<R>, options: RunJobOptions): Promise<JobSummary> {
  return await runPlan(pipeline.plan, options, stateFolder)
}

/** Opens what a job keeps in its folder. */
export type OpenDurable = (folder: string, plan: Plan, about: DurableOptions) => DurableState

/** What a state is opened with. */
export interface DurableOptions {
  self: Holder
  clock: Clock
  params: ParamValues | undefined
}

/** {@link runJob} with a state of any kind. */
export async function runPlan(plan: Plan, options: RunJobOptions, open: OpenDurable): Promise<JobSummary> {
  const parsed = parseOptions(optionsSchema, options)
  const { source, sink, clock, signal, observer, log = jsonLog({ clock }), state, topics, prefix } = parsed
  const context: JobContext = {
    sink,
    clock,
    observer,
    log,
    signal: signal ?? new AbortController().signal,
    counts: noCounts(),
    backoff: new Backoff(clock, parsed.retry),
    rate: new DeadLetterRate(parsed.deadLetterLimit),
  }
  const self = thisProcess(clock.now())
  const isDurable = state !== undefined && sink.delivery === 'exactly-once'
  const durable = isDurable ? open(state, plan, { self, clock, params: parsed.params }) : null
  const { until, replay, acceptIncomplete, wait, settings, params, onGap = null } = parsed
  const names = { ...(topics && { topics }), ...(prefix !== undefined && { prefix }) }
  const told = { plan, source, names, params, self, until, replay, onGap, acceptIncomplete, wait, settings }
  try {
    const end = await untilItEnds(context, new Attempt(context, { ...told, durable }))
    return summaryOf(context, plan, end, until)
  } finally {
    await durable?.lease?.release()
    observer.stage?.('stopped')
  }
}

/** Starts over after each failure that may pass: with the sink closed, and nothing in memory left. */
async function untilItEnds(context: JobContext, attempt: Attempt): Promise<AttemptEnd> {
  const { backoff, clock, log, observer, signal } = context
  for (;;) {
    try {
      return await closing(context.sink, attempt)
    } catch (error) {
      const wait = attempt.waitsFor(error) ? waitEvery : backoff.after(error)
      if (wait === null || !(error instanceof ObslabError)) throw error
      const { message, code } = error
      log.warn('the job starts over', { code, reason: message, failures: backoff.failures, wait })
      observer.stage?.('retrying')
      await clock.sleep(wait, signal).catch(() => {})
      if (signal.aborted) return { rows: 0, finished: false, replayed: null }
    }
  }
}

async function closing(sink: Sink, attempt: Attempt): Promise<AttemptEnd> {
  try {
    return await attempt.run()
  } finally {
    await sink.close()
  }
}

function summaryOf(
  { counts, log }: JobContext,
  { name }: Plan,
  { rows, finished, replayed }: AttemptEnd,
  until: 'end' | undefined,
): JobSummary {
  if (!finished && until === 'end') {
    throw new ObslabError('cancelled', `The job ${name} was stopped before the end.`)
  }
  const summary = { job: name, ...counts, rows }
  log.info('stopped', { ...summary })
  return { ...summary, ...(replayed !== null && { replayed }) }
}

/** The state of a job in a folder. */
function stateFolder(folder: string, { name }: Plan, { self, clock, params }: DurableOptions): DurableState {
  return {
    lease: new Lease(folder, self, clock),
    fingerprints(plan) {
      const { steps, unresolved } = runFingerprint(plan, params)
      const [first] = unresolved
      if (first === undefined) return steps
      throw new ObslabError(
        'state-refused',
        `The pipeline ${name} uses ${unresolved.map(one => one.name).join(', ')}, whose values nothing tells ` +
          `(${first.place}: ${first.reason}), so a state that is kept might be of another pipeline. Hand them in by ` +
          'param(), write them as constants, or run without a state folder.',
      )
    },
    open: async fingerprints => await openJobState(folder, fingerprints, { pipeline: name }),
  }
}
