import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../clock.js'
import { type KafkaRecord, RecordReader } from './record.js'
import type { Source } from './source.js'

/** Where following one partition begins. */
export interface FollowPosition {
  topic: string
  partition: number
  /** The offset to read on at; not beyond the stable offset. */
  from: number
  /** Records before this offset are passed over, for a place that the partition has not reached yet. Default `from`. */
  first?: number
}

/** How records are followed. */
export interface FollowRecordsRequest {
  positions: readonly FollowPosition[]
  signal: AbortSignal
  clock: Clock
  /**
   * On a source that does not grow, how many times faster than they were written records come: 1 keeps the pace of
   * their timestamps, Infinity gives them as fast as they are taken. A growing source gives them as they are written.
   */
  speed: number
}

/** Records given in one go: more would keep timers and interrupts waiting. */
const mostAtOnce = 500
/** A timer takes no more than 24 days. */
const longestSleep = 86_400_000

/**
 * The committed records of some partitions as they are written, those of each partition in order, until `signal` is
 * aborted. What does not grow is played instead: its partitions merged by timestamp, each record when its time has
 * come, and then it returns.
 */
export async function* followRecords(
  source: Source,
  request: FollowRecordsRequest,
): AsyncGenerator<KafkaRecord[], void, undefined> {
  if (!source.growing) return yield* playRecords(source, request)
  const { positions, signal } = request
  const readers = new Map(positions.map(position => [nameOf(position), readerOf(position)]))
  for await (const chunk of source.follow({ positions, signal })) {
    const records = readers.get(nameOf(chunk))?.read(chunk) ?? []
    for (let at = 0; at < records.length; at += mostAtOnce) yield records.slice(at, at + mostAtOnce)
  }
}

async function* playRecords(
  source: Source,
  { positions, signal, clock, speed }: FollowRecordsRequest,
): AsyncGenerator<KafkaRecord[], void, undefined> {
  const partitions = positions.map(position => new RecordedPartition(source, position, signal))
  const pace = new Pace(clock, speed)
  try {
    for (;;) {
      const due: KafkaRecord[] = []
      let next = await earliest(partitions)
      while (next !== null && due.length < mostAtOnce && pace.wait(next.time) <= 0) {
        due.push(next.take())
        next = await earliest(partitions)
      }
      if (signal.aborted || (next === null && due.length === 0)) return
      if (due.length > 0) {
        yield due
        await nextTurn()
      } else if (!(await slept(clock, pace.wait(next!.time), signal))) return
    }
  } finally {
    for (const partition of partitions) await partition.close()
  }
}

/** When a record is due, by its timestamp and when the first one was given. */
class Pace {
  readonly #clock: Clock
  readonly #speed: number
  #began: { now: number; time: number } | undefined

  constructor(clock: Clock, speed: number) {
    this.#clock = clock
    this.#speed = speed
  }

  /** Milliseconds until a record of `time` is due; 0 or less when it is. */
  wait(time: number): number {
    this.#began ??= { now: this.#clock.now(), time }
    const due = this.#began.now + (time - this.#began.time) / this.#speed
    return due - this.#clock.now()
  }
}

/** The records of one partition that are still to come. */
class RecordedPartition {
  readonly #chunks: AsyncIterator<KafkaRecord[]>
  #records: KafkaRecord[] = []
  #at = 0
  #ended = false
  /** The time of the next record. Where timestamps go back, the greatest before it: its order in the log counts. */
  time: number = Number.NEGATIVE_INFINITY

  constructor(source: Source, position: FollowPosition, signal: AbortSignal) {
    this.#chunks = chunksOf(source, position, signal)
  }

  /** Whether there is a next record, read in when needed. */
  async ready(): Promise<boolean> {
    while (this.#at === this.#records.length && !this.#ended) {
      const { done, value } = await this.#chunks.next()
      this.#ended = done === true
      this.#records = value ?? []
      this.#at = 0
      this.#advance()
    }
    return this.#at < this.#records.length
  }

  /** Whether {@link ready} would have to read. */
  get empty(): boolean {
    return this.#at === this.#records.length
  }

  take(): KafkaRecord {
    const record = this.#records[this.#at++]!
    this.#advance()
    return record
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  #advance(): void {
    const next = this.#records[this.#at]
    if (next !== undefined) this.time = Math.max(this.time, next.timestamp)
  }
}

async function* chunksOf(
  source: Source,
  position: FollowPosition,
  signal: AbortSignal,
): AsyncGenerator<KafkaRecord[]> {
  const reader = readerOf(position)
  for await (const chunk of source.follow({ positions: [position], signal })) yield reader.read(chunk)
}

async function earliest(partitions: readonly RecordedPartition[]): Promise<RecordedPartition | null> {
  let found: RecordedPartition | null = null
  for (const partition of partitions) {
    if (partition.empty && !(await partition.ready())) continue
    if (found === null || partition.time < found.time) found = partition
  }
  return found
}

/** Sleeps, or gives false when it was aborted. */
async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(Math.min(ms, longestSleep), signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return !signal.aborted
}

function readerOf({ topic, partition, from, first = from }: FollowPosition): RecordReader {
  return new RecordReader(topic, partition, { from: first })
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}-${partition}`
}
