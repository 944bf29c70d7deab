import type { DeadLetterRecord } from '../../src/job/dead-letter.js'
import type { Holder } from '../../src/job/holder.js'
import type {
  HeldOutput,
  OutputRecord,
  Sink,
  SinkBatch,
  SinkProgress,
  SinkRequest,
} from '../../src/job/sink.js'

/** When a {@link MemorySink} fails: at its n-th write from 0, with the records taken or not. */
export interface Crash {
  write: number
  taken: boolean
  /** Default: one that ends the job. */
  error?: Error
}

/**
 * What a transactional sink keeps, in memory. It stays when a job ends or crashes. Each opening has a generation, and of
 * an earlier one nothing is taken any more.
 */
export class MemorySink implements Sink {
  readonly name: string = 'memory'
  readonly delivery: Sink['delivery']
  readonly records: OutputRecord[] = []
  readonly letters: DeadLetterRecord[] = []
  readonly batches: SinkBatch[] = []
  readonly requests: SinkRequest[] = []
  progress: SinkProgress | null = null
  maxRecordBytes: number | undefined = undefined
  holding: Holder | null = null
  crash: Crash | null = null
  /** What is done, in order: `holder`, `open`, `held`, `write`, `close`. */
  readonly calls: string[] = []
  /** Called when it is opened, once nobody else can write, and before the progress is read. */
  opening: () => void = (): void => {}
  /** Called after each write. */
  written: () => void = (): void => {}
  #writes = 0

  constructor(delivery: Sink['delivery'] = 'exactly-once') {
    this.delivery = delivery
  }

  /** Positions of the progress by topic and partition. */
  get committed(): Map<string, number> {
    const offsets = this.progress?.offsets ?? []
    return new Map(offsets.map(({ topic, partition, next }) => [`${topic}:${partition}`, next]))
  }

  /** What the records leave after compaction. */
  get rows(): Map<string, string> {
    return compacted(this.records.map(({ key, row }) => [key, row]))
  }

  /** The dead letters that are left after compaction. */
  get deadLetters(): Map<string, string> {
    return compacted(this.letters.map(({ key, letter }) => [key, letter]))
  }

  async holder(): Promise<Holder | null> {
    this.calls.push('holder')
    return this.holding
  }

  async open(request: SinkRequest): Promise<SinkProgress | null> {
    this.calls.push('open')
    this.requests.push(request)
    this.#writes = 0
    this.opening()
    return this.delivery === 'exactly-once' ? this.progress : null
  }

  async held(): Promise<HeldOutput> {
    this.calls.push('held')
    return { rows: this.rows, deadLetters: this.deadLetters }
  }

  async write(batch: SinkBatch): Promise<void> {
    this.calls.push('write')
    const { crash } = this
    const crashes = crash?.write === this.#writes++
    if (!crashes || crash.taken) this.#take(batch)
    if (crashes) throw crash.error ?? new Error('crashed')
    this.written()
  }

  async close(): Promise<void> {
    this.calls.push('close')
  }

  #take(batch: SinkBatch): void {
    this.batches.push(batch)
    this.records.push(...batch.records)
    this.letters.push(...batch.deadLetters)
    this.progress = batch.progress ?? this.progress
  }
}

function compacted(records: readonly (readonly [string, string | null])[]): Map<string, string> {
  const held = new Map<string, string>()
  for (const [key, value] of records) {
    if (value === null) held.delete(key)
    else held.set(key, value)
  }
  return held
}
