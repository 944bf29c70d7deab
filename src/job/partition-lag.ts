import type { ReadEvent } from './job-observer.js'
import type { InputOffset } from './sink.js'

/** How far a job is behind in one partition; null where nothing tells yet. */
export interface Lag {
  topic: string
  partition: number
  records: number | null
  /** At most: since it last was seen at the end, or since its newest record was written, whichever is later. */
  seconds: number | null
}

interface Partition {
  topic: string
  partition: number
  end: number | null
  /** What was read up to, and what the output follows from. */
  read: Place | null
  committed: Place | null
  /** Read and not committed yet. */
  pending: Place[]
  /** When it was last seen at the end, milliseconds since the epoch. */
  wholeAt: number | null
}

/** An offset, and when the newest record below it was written to Kafka. */
interface Place {
  next: number
  kafka: number | null
}

/** How far a job is behind, by what it says it read and committed. */
export class PartitionLag {
  readonly #partitions = new Map<string, Partition>()
  #follows = false

  /** The lag of each partition seen so far, in the order seen. */
  lags(now: number): Lag[] {
    return Array.from(this.#partitions.values(), one => {
      const { topic, partition, end, wholeAt } = one
      const place = this.#placeOf(one)
      if (end === null || place === null) return { topic, partition, records: null, seconds: null }
      const records = Math.max(0, end - place.next)
      // Of a quiet topic the newest record is old, and of a busy one the end is always ahead: the newer of the two counts.
      const since = Math.max(place.kafka ?? -1, wholeAt ?? -1)
      const seconds = since < 0 ? null : Math.max(0, now - since) / 1000
      return { topic, partition, records, seconds: records === 0 ? 0 : seconds }
    })
  }

  /**
   * Whether the job follows its inputs: then what it read counts once it is in the output. Before, a backfill reads ahead
   * of it, and when it ends all that was read is in the output; after, what was not committed is read again.
   */
  follows(follows: boolean): void {
    if (follows === this.#follows) return
    this.#follows = follows
    for (const one of this.#partitions.values()) {
      if (follows) one.committed = one.read
      else one.read = one.committed
      one.pending = []
    }
  }

  read({ topic, partition, next, times }: ReadEvent): void {
    const one = this.#of(topic, partition)
    one.read = { next, kafka: times?.kafka ?? one.read?.kafka ?? null }
    if (this.#follows) one.pending.push(one.read)
    // The end is looked at now and then, and may have been passed since.
    if (one.end !== null && next > one.end) one.end = next
  }

  committed(offsets: readonly InputOffset[], now: number): void {
    if (!this.#follows) return
    for (const { topic, partition, next } of offsets) {
      const one = this.#of(topic, partition)
      const done = one.pending.filter(place => place.next <= next)
      one.pending = one.pending.slice(done.length)
      one.committed = { next, kafka: done.at(-1)?.kafka ?? one.committed?.kafka ?? null }
      this.#look(one, now)
    }
  }

  ends(ends: readonly InputOffset[], now: number): void {
    for (const { topic, partition, next } of ends) {
      const one = this.#of(topic, partition)
      one.end = next
      this.#look(one, now)
    }
  }

  #look(one: Partition, now: number): void {
    const place = this.#placeOf(one)
    if (one.end !== null && place !== null && place.next >= one.end) one.wholeAt = now
  }

  #placeOf({ read, committed }: Partition): Place | null {
    return this.#follows ? committed : read
  }

  #of(topic: string, partition: number): Partition {
    const name = `${topic}:${partition}`
    let one = this.#partitions.get(name)
    if (one === undefined) {
      one = { topic, partition, end: null, read: null, committed: null, pending: [], wholeAt: null }
      this.#partitions.set(name, one)
    }
    return one
  }
}
