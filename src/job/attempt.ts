import { ObslabError } from '../errors.js'
import { outputColumns } from '../pipeline/output-columns.js'
import { outputKeyColumns } from '../pipeline/output-key.js'
import type { ParamValues } from '../pipeline/param.js'
import type { Plan } from '../pipeline/plan.js'
import { type BoundPlan, bindPlan, type TopicNames } from '../pipeline/plan-changes.js'
import type { Source, TopicOffsets } from '../source/source.js'
import { emit, isCancelled, readTo } from './backfill.js'
import { follow } from './follow.js'
import { type Holder, holderText } from './holder.js'
import { offsetsOf } from './input-offsets.js'
import type { JobContext } from './job-context.js'
import type { JobState } from './job-state.js'
import type { Lease } from './lease.js'
import type { LogFields } from './log.js'
import { memoryState } from './memory-state.js'
import { ReadAhead } from './read-ahead.js'
import { type Replayed, replayLetters } from './replay-letters.js'
import type { InputOffset, SinkRequest } from './sink.js'
import { type OnGap, planStart, type StartPlan } from './start-plan.js'
import { Work } from './work.js'

/** What every start of a job is told. */
export interface AttemptOptions {
  plan: Plan
  source: Source
  names: TopicNames
  params: ParamValues | undefined
  self: Holder
  until: 'end' | undefined
  replay: boolean
  onGap: OnGap | null
  acceptIncomplete: boolean
  wait: boolean
  settings: Readonly<Record<string, string>>
  /** The state on disk; null for a job that computes everything anew when it starts. */
  durable: DurableState | null
}

/** Where a job keeps its state. */
export interface DurableState {
  lease: Pick<Lease, 'holder' | 'take' | 'release'> | null
  /** The fingerprints of a plan that is bound to its topics, by step; an error where there are none. */
  fingerprints(plan: Plan): ReadonlyMap<string, string>
  open(fingerprints: ReadonlyMap<string, string>): Promise<JobState>
}

/** How a start of a job ended. */
export interface AttemptEnd {
  /** Rows of the output. */
  rows: number
  /** Whether the inputs were taken as far as asked. */
  finished: boolean
  replayed: Replayed | null
}

/** How often another instance is looked for while it is waited for, milliseconds. */
export const waitEvery = 2_000

/** The start of a job, from the look for another instance to the end or a failure; after one it may be run again. */
export class Attempt {
  readonly #context: JobContext
  readonly #options: AttemptOptions
  #isTold = false

  constructor(context: JobContext, options: AttemptOptions) {
    this.#context = context
    this.#options = options
  }

  async run(): Promise<AttemptEnd> {
    const { observer, sink } = this.#context
    const { durable } = this.#options
    observer.stage?.('starting')
    const { plan, inputs } = await this.#bind()
    const request = this.#requestOf(plan, inputs)
    const fingerprints = durable?.fingerprints(plan) ?? new Map<string, string>()
    this.#logStart(plan, inputs)
    if (!(await this.#isAlone(request))) return { rows: 0, finished: false, replayed: null }
    await durable?.lease?.take()
    const state = (await durable?.open(fingerprints)) ?? memoryState()
    try {
      const progress = await sink.open(request)
      // What is decided from here on holds: an instance that was still writing the output has stopped by now.
      const { inputs: now } = await this.#bind()
      const { onGap, acceptIncomplete } = this.#options
      const { kept, operators } = state
      const start = planStart({
        job: plan.name,
        kept,
        operators,
        progress,
        inputs: now,
        onGap,
        acceptIncomplete,
      })
      this.#report(state, start)
      if (start.outcome === 'refused') throw start.error
      if (start.outcome === 'rebuilt') await state.discard()
      const work = new Work(this.#context, {
        plan,
        fingerprints,
        state,
        from: start.from,
        isDurable: durable !== null,
      })
      const end = await this.#run(work, state, start, now)
      return { ...end, rows: work.engine.output.size }
    } finally {
      await state.close()
    }
  }

  /** Whether a failure is that another instance was there first, which is to be waited for. */
  waitsFor(error: unknown): boolean {
    return this.#options.wait && error instanceof ObslabError && error.code === 'job-held'
  }

  async #run(
    work: Work,
    state: JobState,
    start: Exclude<StartPlan, { outcome: 'refused' }>,
    now: readonly TopicOffsets[],
  ): Promise<Omit<AttemptEnd, 'rows'>> {
    const { signal } = this.#context
    const { source, until, replay } = this.#options
    const ends = offsetsOf(now, ({ stable }) => stable)
    const isBackfill = start.outcome === 'rebuilt' || state.kept?.phase.name === 'backfilling'
    const to = start.outcome === 'kept' ? start.to : ends
    const ahead = new ReadAhead(source)
    const readers = start.outcome === 'kept' ? state.kept?.readers : undefined
    const bound = await this.#bind({ source: ahead, from: start.from, to, readers, signal })
    const emits = start.outcome === 'rebuilt' || start.emits
    const stopped = { finished: false, replayed: null }
    if (!(await readTo(this.#context, work, { bound, to, isBackfill, emits }))) return stopped
    if (!(await emit(this.#context, work, emits))) return stopped
    if (replay) return { finished: true, replayed: await replayLetters(this.#context, work, source) }
    if (signal.aborted) return { ...stopped, finished: until === undefined }
    if (until === undefined) {
      await follow(this.#context, work, { changes: bound.follow(signal), ahead, source })
    } else if (ends.some(end => end.next > nextOf(to, end))) {
      const rest = await this.#bind({ from: to, to: ends, readers: bound.dump(), signal })
      work.reads(rest)
      try {
        await follow(this.#context, work, { changes: rest.changes, ahead: null, source })
      } catch (error) {
        if (!isCancelled(error, signal)) throw error
        return stopped
      }
    }
    return { finished: true, replayed: null }
  }

  /** Finds the inputs, and reads them from and to where it is told. */
  async #bind({ source = this.#options.source, ...ranges }: Binding = {}): Promise<BoundPlan> {
    const { plan, names, params } = this.#options
    return await bindPlan(source, plan, { ...names, params, ...ranges })
  }

  #requestOf(plan: Plan, inputs: readonly TopicOffsets[]): SinkRequest {
    const { name, output } = plan
    if (inputs.some(({ topic }) => topic === output)) {
      throw new ObslabError(
        'pipeline-invalid',
        `The pipeline ${name} would write to ${output}, which it reads. Name another topic in .to(…).`,
      )
    }
    return {
      job: name,
      output,
      key: outputKeyColumns(plan),
      columns: outputColumns(plan),
      settings: { ...plan.settings, ...this.#options.settings },
      partitions: inputs[0]!.partitions.length,
      source: this.#options.source.name,
      self: this.#options.self,
      log: this.#context.log,
    }
  }

  /** Whether no other instance is alive. False when it was asked to stop while it waited for one to end. */
  async #isAlone(request: SinkRequest): Promise<boolean> {
    const { sink, clock, log, signal } = this.#context
    const { durable, wait } = this.#options
    for (let isTold = false; ; isTold = true) {
      const holder = (await sink.holder(request)) ?? (await durable?.lease?.holder()) ?? null
      if (holder === null) return true
      if (!wait) throw held(request.job, holder)
      if (!isTold) log.info('waiting for another instance to end', { holder: holderText(holder) })
      await clock.sleep(waitEvery, signal).catch(() => {})
      if (signal.aborted) return false
    }
  }

  #logStart({ name, output }: Plan, inputs: readonly TopicOffsets[]): void {
    const { log, sink } = this.#context
    if (this.#isTold) return
    this.#isTold = true
    log.info('starting', {
      job: name,
      source: this.#options.source.name,
      topics: inputs.map(({ topic }) => topic),
      sink: sink.name,
      output,
      delivery: sink.delivery,
    })
  }

  /** Says what becomes of the memory of each operator, before anything is read. */
  #report({ operators, folder }: JobState, start: StartPlan): void {
    const { log } = this.#context
    const { outcome, why } = start
    const from: LogFields = start.outcome === 'rebuilt' ? { from: lowestOf(start.from) } : {}
    for (const { operator, found, entries } of operators)
      log.info('state', { operator, outcome, why, found, entries, folder, ...from })
    for (const { topic, partition, start: first } of start.outcome === 'rebuilt' ? start.incomplete : [])
      log.warn('the first records of an input are gone: rows may be wrong', {
        topic,
        partition,
        start: first,
      })
    for (const { topic, partition, start: first } of start.outcome === 'kept' ? start.skipped : [])
      log.warn('records of an input are gone and were passed over', { topic, partition, start: first })
  }
}

interface Binding {
  source?: Source
  from?: readonly InputOffset[]
  to?: readonly InputOffset[]
  readers?: ReturnType<BoundPlan['dump']> | undefined
  signal?: AbortSignal
}

function held(job: string, holder: Holder): ObslabError {
  return new ObslabError(
    'job-held',
    `The job ${job} is running already: ${holderText(holder)}. Stop that one first, or wait for it to end: wait, --wait.`,
  )
}

function nextOf(offsets: readonly InputOffset[], { topic, partition }: InputOffset): number {
  return offsets.find(one => one.topic === topic && one.partition === partition)?.next ?? 0
}

/** The lowest offset of each topic: `clinic.openmrs.obs:0`. */
function lowestOf(offsets: readonly InputOffset[]): string[] {
  const lowest = new Map<string, number>()
  for (const { topic, next } of offsets) lowest.set(topic, Math.min(next, lowest.get(topic) ?? next))
  return [...lowest].map(([topic, next]) => `${topic}:${next}`)
}
