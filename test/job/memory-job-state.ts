import { ObslabError } from '../../src/errors.js'
import type { DurableState } from '../../src/job/attempt.js'
import type { JobState, OperatorReport, StateProgress } from '../../src/job/job-state.js'
import type { DurableOptions } from '../../src/job/run-job.js'
import type { Cell } from '../../src/pipeline/cell.js'
import { runFingerprint } from '../../src/pipeline/fingerprint.js'
import type { OperatorState, OwnMemory, StateCodec, StateName } from '../../src/pipeline/operator-state.js'
import type { Plan } from '../../src/pipeline/plan.js'
import type { RowId } from '../../src/pipeline/row-identity.js'

type Entries = Map<RowId, Cell>

/** What a state folder keeps, in memory: it stays when a job ends or crashes, and is what the last commit left. */
export class MemoryFolder {
  progress: StateProgress | null = null
  memories: Map<string, Entries> = new Map()
  fingerprints: ReadonlyMap<string, string> = new Map()
  generation = 0
  commits = 0
  /** Fails at the n-th commit from 0 of an opening, kept or not. */
  crash: { commit: number; kept: boolean } | null = null
  /** Called before each commit, and after each opening. */
  committing: () => void = (): void => {}
  opened: () => void = (): void => {}

  /** To be handed to `runPlan`. */
  readonly open = (_folder: string, _plan: Plan, { params }: DurableOptions): DurableState => ({
    lease: null,
    fingerprints: plan => runFingerprint(plan, params).steps,
    open: async fingerprints => {
      const state = new MemoryJobState(this, fingerprints)
      this.opened()
      return state
    },
  })
}

class MemoryJobState implements JobState {
  readonly folder = 'memory folder'
  readonly bytes = 0
  readonly operators: readonly OperatorReport[]
  kept: StateProgress | null
  readonly #disk: MemoryFolder
  readonly #fingerprints: ReadonlyMap<string, string>
  readonly #generation: number
  readonly #open: { name: string; entries(): Entries }[] = []
  #commits = 0

  constructor(disk: MemoryFolder, fingerprints: ReadonlyMap<string, string>) {
    this.#disk = disk
    this.#fingerprints = fingerprints
    this.#generation = ++disk.generation
    this.kept = disk.progress
    const names = new Set([...fingerprints.keys(), ...disk.fingerprints.keys()])
    this.operators = [...names].map(operator => ({ operator, found: this.#found(operator), entries: 0 }))
  }

  readonly store = {
    open: <V>({ operator }: StateName, codec: StateCodec<V>): OperatorState<V> => {
      const kept = this.#disk.memories.get(operator) ?? new Map<RowId, Cell>()
      const memory = new Map<RowId, V>(Array.from(kept, ([id, cell]) => [id, codec.decode(cell, id)]))
      this.#open.push({
        name: operator,
        entries: () =>
          new Map(Array.from(memory, ([id, value]) => [id, structuredClone(codec.encode(value))])),
      })
      return memory
    },
    keep: ({ operator }: StateName, memory: OwnMemory): Iterable<readonly [RowId, Cell]> => {
      const kept = new Map(this.#disk.memories.get(operator) ?? [])
      const before = [...kept]
      this.#open.push({
        name: operator,
        entries: () => {
          for (const [id, cell] of memory.changes()) {
            if (cell === undefined) kept.delete(id)
            else kept.set(id, structuredClone(cell))
          }
          return new Map(kept)
        },
      })
      return before
    },
  }

  async commit(progress: StateProgress): Promise<void> {
    this.#disk.committing()
    if (this.#generation !== this.#disk.generation) {
      throw new ObslabError('job-fenced', 'Another instance of the job has opened its state.')
    }
    const crashes = this.#disk.crash?.commit === this.#commits++
    if (!crashes || this.#disk.crash?.kept) {
      this.#disk.commits++
      this.#disk.memories = new Map(this.#open.map(({ name, entries }) => [name, entries()]))
      this.#disk.fingerprints = this.#fingerprints
      this.#disk.progress = structuredClone(progress)
      this.kept = progress
    }
    if (crashes) throw new Error('crashed')
  }

  async discard(): Promise<void> {
    this.#disk.memories = new Map()
    this.#disk.progress = null
    this.kept = null
  }

  async close(): Promise<void> {}

  #found(operator: string): OperatorReport['found'] {
    const [before, now] = [this.#disk.fingerprints.get(operator), this.#fingerprints.get(operator)]
    if (now === undefined) return 'gone'
    if (before === undefined) return 'new'
    return before === now ? 'kept' : 'changed'
  }
}
