import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ColumnType, Row } from './change/column-type.js'
import { Flow, type Lag } from './change/flow.js'
import { type FollowedChange, followChanges } from './change/follow-changes.js'
import type { TopicEvent } from './change/message.js'
import { type Clock, systemClock } from './clock.js'
import { inForeground } from './display/foreground.js'
import { LiveView } from './display/live-view.js'
import { cellDisplay } from './display/notebook.js'
import { type TailView, tailHtml, tailRows, tailText } from './display/tail-view.js'
import { ChangeRecord } from './frame/change-record.js'
import type { Frame } from './frame/frame.js'
import { TableBuilder } from './frame/table-builder.js'
import { Handover } from './handover.js'
import { printAs } from './inspect.js'
import type { ReplayTopic } from './replay.js'
import type { Source } from './source/source.js'
import { startOf, type TailOptions, type TailStart } from './tail-options.js'

/** A change that a tail keeps. */
interface Kept<R extends object> {
  change: ChangeRecord<R>
  event: TopicEvent
}

/**
 * A topic followed live, or a recorded one played as it was written. In a notebook it shows itself in the cell that made
 * it and goes on when the cell has ended, until `stop()`, its limit or the end of the recording. What it shows is masked.
 *
 * ```
 * const live = await lab.tail(openmrs.obs)
 * await live.forEach(change => { … })        // in a notebook's cell; an interrupt ends it well
 * for await (const change of live) { … }     // in a script
 * ```
 */
export class Tail<R extends object = Row> implements AsyncIterable<ChangeRecord<R>> {
  /** The topic's full name. */
  readonly topic: string
  /** Resolves when the tail has ended, and rejects with what made it fail. */
  readonly ended: Promise<void>
  readonly #start: TailStart
  readonly #definition: ReplayTopic['definition']
  readonly #live: boolean
  readonly #clock: Clock
  readonly #flow: Flow
  readonly #stopped = new AbortController()
  readonly #takers = new Set<Handover<ChangeRecord<R>>>()
  readonly #kept: Kept<R>[] = []
  readonly #view: LiveView | null
  #columns: readonly ColumnType[] = []
  #changes = 0
  #redelivered = 0
  #state = 'following'

  constructor(source: Source, topic: ReplayTopic, start: TailStart, clock: Clock) {
    this.topic = topic.offsets.topic
    this.#start = start
    this.#definition = topic.definition
    this.#live = source.growing
    this.#clock = clock
    this.#flow = new Flow(clock)
    const display = cellDisplay()
    this.#view = display && new LiveView(display, () => this.mimeBundle(), clock)
    start.signal?.addEventListener('abort', () => this.stop(), { once: true })
    if (start.signal?.aborted) this.stop()
    this.ended = this.#run(source)
    this.ended.catch(() => {})
  }

  /** How many changes came, those delivered before among them. */
  get changes(): number {
    return this.#changes
  }

  /** Changes per second, over the last five seconds. */
  get rate(): number {
    return this.#flow.rate()
  }

  /** How late the latest changes came, hop by hop, in milliseconds. */
  get lag(): Lag {
    return this.#flow.lag()
  }

  /** `following`, or why it ended. */
  get state(): string {
    return this.#state
  }

  /**
   * Calls `visit` with each change, those kept so far first, and waits for what it returns before the next. Resolves
   * when the tail ends. An error of `visit` stops the tail and is passed on. Interrupting the notebook's kernel stops
   * the tail too, and the cell ends well.
   */
  async forEach(visit: (change: ChangeRecord<R>) => unknown): Promise<void> {
    const visiting = async (): Promise<void> => {
      for await (const change of this) await visit(change)
    }
    await inForeground(visiting(), () => this.#halt('interrupted'))
  }

  /** The changes, those kept so far first. Leaving the loop stops the tail. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChangeRecord<R>, void, undefined> {
    const taker = new Handover<ChangeRecord<R>>()
    const before = this.#kept.map(({ change }) => change)
    this.#takers.add(taker)
    if (this.#state !== 'following') taker.close()
    try {
      for (const change of before) {
        if (this.#stopped.signal.aborted) return
        yield change
      }
      for (let change = await taker.take(); change !== undefined; change = await taker.take()) yield change
      await this.ended
    } finally {
      this.#takers.delete(taker)
      taker.close()
      if (this.#takers.size === 0) this.stop()
    }
  }

  /**
   * The latest changes kept, as a frame: where each was read and where it stood in the database's log, in columns whose
   * names begin with `_`, then the row as it became, for a delete as it was.
   */
  frame(): Frame {
    const { columns } = this.#start
    const present = new Set(
      this.#kept.flatMap(({ change }) => Object.keys(change.after ?? change.before ?? {})),
    )
    const builder = new TableBuilder({
      topic: this.topic,
      definition: this.#definition,
      columns: columns?.filter(column => present.has(column)) ?? null,
      kindOf: name => this.#columns.find(column => column.name === name)?.kind,
    })
    for (const { event, change } of this.#kept)
      builder.append(event, change.redelivered ? 'redelivered' : 'applied')
    return builder.finish().changes()
  }

  /** Shows it in the cell that runs now: where a page was loaded anew, what was shown before stands still. */
  show(): void {
    if (this.#view === null) console.log(this.text())
    else this.#view.showHere()
  }

  /** Ends it. Changes kept stay. */
  stop(): void {
    this.#halt('stopped')
  }

  /** What it does, how many changes came, how fast and how late, and the last ten. Masked. */
  text(): string {
    return tailText(this.#picture())
  }

  /** What a notebook shows for it: HTML, and text for viewers without. Masked. */
  mimeBundle(): { 'text/html': string; 'text/plain': string } {
    return { 'text/html': tailHtml(this.#picture()), 'text/plain': this.text() }
  }

  async #run(source: Source): Promise<void> {
    try {
      // Who takes changes from the first one on can say so after `await lab.tail(…)`.
      await nextTurn()
      await this.#follow(source)
      this.#end(this.#live ? 'its source was closed' : 'the recording ended')
    } catch (error) {
      this.#end(`failed: ${error instanceof Error ? error.message : String(error)}`)
      throw error
    }
  }

  async #follow(source: Source): Promise<void> {
    const { signal } = this.#stopped
    const { positions, speed, limit = Number.POSITIVE_INFINITY } = this.#start
    const request = {
      topic: this.topic,
      definition: this.#definition,
      clock: this.#clock,
      signal,
      positions,
      speed,
    }
    if (signal.aborted) return
    for await (const followed of followChanges(source, request)) {
      for (const one of followed) {
        const change = this.#take(one)
        for (const taker of this.#takers) await taker.put(change)
        if (this.#changes === limit) return this.#end('its limit is reached')
        if (signal.aborted) return
      }
    }
  }

  #take({ change: event, redelivered, record, columns, keyColumns }: FollowedChange): ChangeRecord<R> {
    this.#columns = columns.length > 0 ? columns : keyColumns
    const change = new ChangeRecord<R>({
      change: event,
      redelivered,
      record,
      columns,
      keyColumns,
      definition: this.#definition,
      kept: this.#start.columns === undefined ? null : new Set([...keyNames(event), ...this.#start.columns]),
      receivedAt: this.#live ? this.#clock.now() : null,
    })
    // Headers are views that would keep the batches they came in.
    this.#kept.push({ change, event: event.kind === 'row' ? { ...event, headers: [] } : event })
    if (this.#kept.length > this.#start.keep) this.#kept.shift()
    this.#changes++
    if (redelivered) this.#redelivered++
    this.#flow.add(change)
    return change
  }

  #halt(state: string): void {
    this.#stopped.abort()
    this.#end(state)
  }

  /** What was handed over already is still visited, unless it was halted. */
  #end(state: string): void {
    if (this.#state !== 'following') return
    this.#state = state
    for (const taker of this.#takers) taker.close()
    this.#view?.stop()
  }

  #picture(): TailView {
    return {
      topic: this.topic,
      state: this.#state,
      changes: this.#changes,
      redelivered: this.#redelivered,
      rate: this.#flow.rate(),
      lag: this.#flow.lag(),
      latest: this.#kept.slice(-tailRows).map(({ change }) => change),
    }
  }
}
printAs(Tail, tail => tail.text())

/** Follows a topic: checks the options, finds the offsets to begin at, and begins. */
export async function tailTopic<R extends object = Row>(
  source: Source,
  topic: ReplayTopic,
  options: TailOptions = {},
  clock: Clock = systemClock,
): Promise<Tail<R>> {
  return new Tail<R>(source, topic, await startOf(source, topic, options), clock)
}

function keyNames(event: TopicEvent): string[] {
  return event.kind === 'row' ? Object.keys(event.key ?? {}) : []
}
