import type { InputOffset, OutputRecord, Sink, SinkBatch } from '../../src/job/sink.js'

/** When a {@link MemorySink} fails: at its n-th write from 0, with the records taken or not. */
export interface Crash {
  write: number
  taken: boolean
}

/** What a Kafka sink keeps in a topic and a group, in memory. It stays when a job ends or crashes. */
export class MemorySink implements Sink {
  readonly name: string = 'memory'
  readonly records: OutputRecord[] = []
  readonly committed: Map<string, number> = new Map()
  crash: Crash | null = null
  /** Called after each write. */
  written: () => void = (): void => {}
  #writes = 0

  async open(): Promise<ReadonlyMap<string, string>> {
    this.#writes = 0
    return this.held
  }

  /** What the records leave after compaction. */
  get held(): Map<string, string> {
    const held = new Map<string, string>()
    for (const { key, row } of this.records) {
      if (row === null) held.delete(key)
      else held.set(key, row)
    }
    return held
  }

  async write({ records, offsets }: SinkBatch): Promise<void> {
    const crashes = this.crash?.write === this.#writes++
    if (!crashes || this.crash?.taken) this.#take(records, offsets)
    if (crashes) throw new Error('crashed')
    this.written()
  }

  async close(): Promise<void> {}

  #take(records: readonly OutputRecord[], offsets: readonly InputOffset[]): void {
    this.records.push(...records)
    for (const { topic, partition, next } of offsets) this.committed.set(`${topic}:${partition}`, next)
  }
}
