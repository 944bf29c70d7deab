import type { RowChange } from '../change/change.js'
import type { ChangeChunk } from '../change/change-stream.js'
import { Engine } from '../pipeline/engine.js'
import type { Plan } from '../pipeline/plan.js'
import type { BoundPlan } from '../pipeline/plan-changes.js'
import { applyChunk, takeRecords } from './apply-chunk.js'
import type { DeadLetterRecord } from './dead-letter.js'
import { InputOffsets } from './input-offsets.js'
import type { JobContext } from './job-context.js'
import type { ReadEvent } from './job-observer.js'
import type { JobState, Phase } from './job-state.js'
import { Letters } from './letters.js'
import { Oversized } from './oversized.js'
import type { InputOffset, OutputRecord } from './sink.js'

/** What a {@link Work} works on. */
export interface WorkOptions {
  plan: Plan
  fingerprints: ReadonlyMap<string, string>
  state: JobState
  /** Where the state is: what is read first. */
  from: readonly InputOffset[]
  /** Whether the state outlives the process. */
  isDurable: boolean
}

/** What the output is owed. */
export interface Owed {
  records: OutputRecord[]
  deadLetters: DeadLetterRecord[]
  /** Changes that it follows from. */
  changes: number
  /** Letters that are new. */
  letters: number
}

/** What a job has in hand: its engine, how far it has taken its inputs, and what it owes its output. */
export class Work {
  readonly plan: Plan
  readonly engine: Engine
  readonly letters: Letters
  readonly oversized: Oversized
  readonly from: readonly InputOffset[]
  readonly isDurable: boolean
  readonly #context: JobContext
  readonly #state: JobState
  readonly #offsets: InputOffsets
  /** Changes that were applied since the last {@link flush}, and since the last {@link keep}. */
  #unflushed = 0
  #unkept = 0
  #keptAt: number
  #bound: BoundPlan | null = null

  constructor(context: JobContext, { plan, fingerprints, state, from, isDurable }: WorkOptions) {
    this.plan = plan
    this.from = from
    this.isDurable = isDurable
    this.#context = context
    this.#state = state
    this.engine = new Engine(plan, { onError: 'set-aside', state: state.store, fingerprints })
    this.letters = new Letters(plan, context.clock)
    this.oversized = new Oversized(plan.output, this.letters, context.sink.maxRecordBytes)
    this.#offsets = new InputOffsets(from)
    this.#keptAt = context.clock.now()
  }

  /** Where the inputs were taken to. */
  get offsets(): InputOffset[] {
    return this.#offsets.list()
  }

  /** Where the readers of what is taken from now on are asked what they know. */
  reads(bound: BoundPlan): void {
    this.#bound = bound
  }

  /** Takes a chunk of changes into the engine. */
  take(chunk: ChangeChunk): void {
    const { topic, partition, next, changes } = chunk
    this.#count(chunk)
    applyChunk(this.engine, chunk)
    this.letters.setAside(this.engine.takeSetAside(), chunk)
    this.#offsets.set({ topic, partition, next })
    this.#unflushed += changes.length
    this.#unkept += changes.length
  }

  /** All was taken up to there: the last offsets of a partition may hold no records. */
  reached(offsets: readonly InputOffset[]): void {
    for (const offset of offsets) this.#offsets.set(offset)
  }

  /** What has changed in the output since the last call. */
  flush(): Owed {
    const all = takeRecords(this.engine)
    this.letters.setAside(this.engine.takeSetAside(), null)
    const records = this.oversized.replace(all)
    const deadLetters = this.letters.take()
    const changes = this.#unflushed
    this.#unflushed = 0
    return {
      records,
      deadLetters,
      changes,
      letters: deadLetters.filter(({ letter }) => letter !== null).length,
    }
  }

  /** Changes taken since the state was kept, and milliseconds since then. */
  get unkept(): { changes: number; ms: number } {
    return { changes: this.#unkept, ms: this.#context.clock.now() - this.#keptAt }
  }

  /** Whether the state is behind. */
  get isBehind(): boolean {
    return this.isDurable && this.#unkept > 0
  }

  /** Keeps what is known now, with how far that is; gives the milliseconds it took. To be called after {@link flush}. */
  async keep(phase: Phase): Promise<number> {
    if (!this.isDurable) return 0
    const { clock, observer, backoff } = this.#context
    const begun = clock.now()
    const readers = this.#bound?.dump() ?? this.#state.kept?.readers ?? {}
    await this.#state.commit({ phase, offsets: this.offsets, readers })
    if (this.#unkept > 0) backoff.progressed()
    this.#unkept = 0
    this.#keptAt = clock.now()
    observer.state?.(this.engine.memories(), this.#state.bytes)
    return this.#keptAt - begun
  }

  #count(chunk: ChangeChunk): void {
    const { counts, log, observer } = this.#context
    const { topic, partition, changes, next } = chunk
    let [redelivered, quarantined] = [0, 0]
    let newest: RowChange | null = null
    for (const one of changes) {
      const { change } = one
      if (one.redelivered) redelivered++
      if (change.kind === 'row') newest = change
      if (change.kind !== 'quarantined') continue
      quarantined++
      const { offset, reason } = change
      log.warn('a record could not be decoded and was left out', { topic, partition, offset, reason })
      this.letters.undecodable(change)
    }
    counts.changes += changes.length
    counts.redelivered += redelivered
    counts.quarantined += quarantined
    observer.read?.({
      topic,
      partition,
      records: changes.length,
      changes: changes.length,
      redelivered,
      quarantined,
      next,
      times: timesOf(newest),
    })
  }
}

function timesOf(change: RowChange | null): ReadEvent['times'] {
  if (change === null) return null
  const { source, processedAt, timestamp } = change
  return { database: source?.time ?? null, debezium: processedAt, kafka: timestamp }
}
