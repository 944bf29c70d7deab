import type { Change } from '../change/change.js'
import type { TopicEvent } from '../change/message.js'
import type { Finding } from '../finding.js'
import type { CellRow } from './cell.js'
import { checkStep, needsRow } from './check-columns.js'
import { MemoryStore, type StateStore } from './operator-state.js'
import { OutputKey } from './output-key.js'
import { type EncodedUpsert, OutputRecords } from './output-records.js'
import { OutputRow } from './output-row.js'
import { withParams } from './param.js'
import { inputsOf, type Plan, type PlanNode, stepsOf } from './plan.js'
import { type OperatorProfile, Profile } from './profile.js'
import type { RowId, RowSink } from './row-identity.js'
import {
  type OnError,
  Running,
  SetAside,
  type SetAsideChanges,
  SetAsideRecords,
  type SetAsideRow,
  setAsideCodec,
} from './set-aside.js'
import { TopicRows } from './topic-rows.js'
import type { IdentityKeys, StepContext } from './verb.js'
import { verbOf } from './verbs.js'

/** How an {@link Engine} runs. */
export interface EngineOptions {
  /** What becomes of a row that a function fails on. Default `set-aside`. */
  onError?: OnError
  /** Where operators keep what they remember. Default: memory. */
  state?: StateStore
  /** What a step computes, by the names of `stepsOf`: a memory of another fingerprint is of no use. Default: nobody tells. */
  fingerprints?: ReadonlyMap<string, string>
  /** Measures what each operator takes, with this clock of milliseconds: it costs a call or two per row and step. */
  profile?: { now(): number }
}

/** How much one operator remembers. */
export interface OperatorMemory {
  /** Its place in the order rows flow and its verb, `2:aggregate`. */
  operator: string
  entries: number
}

/**
 * Runs a plan incrementally, with the values of its params: changes in, upserts out. What it gives depends only on the changes it was given of each
 * partition, not on how the partitions were interleaved nor on where the calls were cut.
 *
 * A row on which a function throws, or gives what it must not, is out of the pipeline until a version of it succeeds, and
 * among {@link Engine.setAside} meanwhile; asked to stop, the engine throws a `pipeline-failed` error instead. A function
 * that reads a column that its first row does not have, where nothing told the columns before, is a `column-unknown`
 * error.
 *
 * All that it remembers is in its {@link EngineOptions.state} whenever {@link flush} has returned: an engine that is made
 * with the same state then, of the same plan, goes on as this one would have.
 */
export class Engine {
  readonly #plan: Plan
  readonly #running: Running
  readonly #store: StateStore
  readonly #fingerprints: ReadonlyMap<string, string>
  readonly #profile: Profile | null
  readonly #topics = new Map<string, TopicRows[]>()
  /** Ends each round of every step that waits for one, in the order the rows flow. */
  readonly #flushes: (() => void)[] = []
  readonly #setAsides: SetAside[] = []
  readonly #setAsideRecords = new SetAsideRecords()
  readonly #memories = new Map<string, { readonly size: number }[]>()
  readonly #output: OutputRecords
  /** What tells the keys of the last step's rows; null until it is built, and where they have none. */
  #keys: IdentityKeys | null = null

  constructor(plan: Plan, options: EngineOptions = {}) {
    const { onError = 'set-aside', state = new MemoryStore(), fingerprints = new Map(), profile } = options
    this.#plan = plan
    this.#running = new Running(plan.name, onError)
    this.#store = state
    this.#fingerprints = fingerprints
    this.#profile = profile === undefined ? null : new Profile(profile)
    const steps = stepsOf(plan.root)
    this.#output = new OutputRecords(
      new OutputKey(plan),
      new OutputRow(plan),
      id => this.#keys?.keyOf(id) ?? {},
      this.#context(`${steps.length}:to`),
    )
    const output = this.#profile?.measured(`${steps.length}:to`, this.#output) ?? this.#output
    const names = steps.map(({ name }) => name)
    // Memories that were filled before may have rows computed again.
    this.#keys = withParams(plan.params, () => this.#build(names, plan.root, output))
  }

  /**
   * Takes changes, in order; {@link flush} gives what follows from them. Changes of topics that the plan does not read are
   * ignored. Redelivered changes must have been left out before.
   */
  apply(changes: Iterable<TopicEvent>): void {
    withParams(this.#plan.params, () => {
      for (const change of changes) this.#apply(change)
    })
  }

  /**
   * All partitions of all topics were read to ends that were fixed in one round, as those of a bound plan are. What
   * depends on the order of changes in several partitions is decided from here on, as in a table that was read whole: a
   * snapshot that has no row in a partition, a truncate and a key with changes in several. Where places in the
   * database's log do not say which change of a key is the last it is an `order-unknown` error, here or in a later
   * {@link flush}.
   */
  caughtUp(): void {
    withParams(this.#plan.params, () => {
      for (const topics of this.#topics.values()) for (const rows of topics) rows.caughtUp()
    })
  }

  /**
   * The output rows that are different since the last call, one upsert per key: an update is one, a row that is equal to
   * what was given before is none, and one that is gone is a tombstone.
   */
  flush(): EncodedUpsert[] {
    return withParams(this.#plan.params, () => {
      for (const topics of this.#topics.values()) for (const rows of topics) rows.settle()
      for (const flush of this.#flushes) flush()
      return this.#output.flush()
    })
  }

  /** What the output holds after compaction, as of the last {@link flush}: encoded key to encoded row. */
  get output(): ReadonlyMap<string, string> {
    return this.#output.written()
  }

  /** The columns of the output's keys; null when no key was computed yet. */
  get keyColumns(): readonly string[] | null {
    return this.#plan.key ?? this.#keys?.columns ?? null
  }

  /** The rows that are out because a function failed on them, by the order of the steps. */
  get setAside(): SetAsideRow[] {
    return this.#setAsides.flatMap(one => one.rows())
  }

  /**
   * What became of rows that are set aside since the last call. Those of a memory that was filled before count as told.
   */
  takeSetAside(): SetAsideChanges {
    return this.#setAsideRecords.take()
  }

  /** How much each operator remembers, in the order the rows flow. It costs nothing to ask. */
  memories(): OperatorMemory[] {
    const all = Array.from(this.#memories, ([operator, memories]) => ({
      operator,
      entries: memories.reduce((sum, { size }) => sum + size, 0),
    }))
    return all.sort((a, b) => Number.parseInt(a.operator, 10) - Number.parseInt(b.operator, 10))
  }

  /** What is worth knowing of the output: keys that several rows have. */
  get findings(): Finding[] {
    const keys = this.#output.ambiguousKeys
    if (keys === 0) return []
    const { name, key } = this.#plan
    return [
      {
        code: 'output-key-ambiguous',
        severity: 'warning',
        sentence:
          `${name}: ${keys} ${keys === 1 ? 'key' : 'keys'} of the output (${key?.join(', ')}) ` +
          `${keys === 1 ? 'has' : 'have'} several rows, of which one is written. Name the columns that tell them apart: ` +
          '.to(topic, { key: [...] }).',
      },
    ]
  }

  /** What each operator has taken so far, in the order the rows flow; empty when it was not asked for. */
  profile(): OperatorProfile[] {
    return this.#profile?.operators() ?? []
  }

  #apply(change: TopicEvent): void {
    const topics = this.#topics.get(change.topic)
    if (topics === undefined || !isOfTable(change)) return
    const { topic, partition, offset } = change
    this.#running.at = { topic, partition, offset }
    for (const rows of topics) rows.apply(change)
  }

  /** Puts `node` and the steps before it in front of `next`, and gives what tells the key of its rows' identities. */
  #build(names: string[], node: PlanNode, next: RowSink): IdentityKeys | null {
    const name = names.pop()!
    const context = this.#context(name)
    const { inputs, flush, keys } = verbOf(node).operator(node, context, next)
    if (node.verb === 'from') {
      const rows = new TopicRows(node, next, context)
      this.#topics.set(node.topic, [...(this.#topics.get(node.topic) ?? []), rows])
    }
    const before = inputsOf(node)
      .map((input, i) => {
        const sink = needsRow(node, i) ? new FirstRow(this.#plan.name, node, i, inputs[i]!) : inputs[i]!
        return { input, sink: this.#profile?.measured(name, sink) ?? sink }
      })
      .reverse()
      .map(({ input, sink }) => this.#build(names, input, sink))
    if (flush !== undefined) this.#flushes.push(this.#profile?.timed(name, flush) ?? flush)
    return keys ?? before.at(-1) ?? null
  }

  #context(operator: string): StepContext {
    const fingerprint = this.#fingerprints.get(operator) ?? null
    const memories: { readonly size: number }[] = []
    this.#memories.set(operator, memories)
    const open: StepContext['state'] = (name, codec) => {
      const state = this.#store.open({ operator: `${operator}/${name}`, fingerprint }, codec)
      this.#profile?.remembers(operator, state, codec)
      memories.push(state)
      return state
    }
    const keep: StepContext['keep'] = (name, memory) => {
      memories.push(memory)
      return this.#store.keep({ operator: `${operator}/${name}`, fingerprint }, memory)
    }
    const setAside = new SetAside(this.#running, open('set-aside', setAsideCodec), this.#setAsideRecords)
    this.#setAsides.unshift(setAside)
    return { running: this.#running, setAside, state: open, keep }
  }
}

/** Checks the columns that a step reads by its first row, where nothing told them before. */
class FirstRow implements RowSink {
  readonly #pipeline: string
  readonly #node: PlanNode
  readonly #input: number
  readonly #next: RowSink
  #checked = false

  constructor(pipeline: string, node: PlanNode, input: number, next: RowSink) {
    this.#pipeline = pipeline
    this.#node = node
    this.#input = input
    this.#next = next
  }

  put(id: RowId, row: CellRow): void {
    if (!this.#checked) checkStep(this.#pipeline, this.#node, this.#input, Object.keys(row))
    this.#checked = true
    this.#next.put(id, row)
  }

  remove(id: RowId): void {
    this.#next.remove(id)
  }

  clear(prefix: string): void {
    this.#next.clear(prefix)
  }
}

function isOfTable(event: TopicEvent): event is Change {
  return ['row', 'tombstone', 'truncate', 'quarantined'].includes(event.kind)
}
