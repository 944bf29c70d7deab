import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
import type { Cell } from '../../src/pipeline/cell.js'
import { Engine } from '../../src/pipeline/engine.js'
import type {
  OperatorState,
  OwnMemory,
  StateCodec,
  StateName,
  StateStore,
} from '../../src/pipeline/operator-state.js'
import { keyText, rowText, type Upsert } from '../../src/pipeline/output.js'
import type { Plan } from '../../src/pipeline/plan.js'
import { recompute } from '../../src/pipeline/recompute.js'
import type { RowId } from '../../src/pipeline/row-identity.js'
import { type LogStep, legalChanges, PlainTables } from './legal-changes.js'
import { Odd, randomPipeline, verbsOf } from './random-pipelines.js'

const numRuns = Number(process.env.OBSLAB_RANDOM_CASES ?? 400)
const timeout = 30_000 + numRuns * 50

/** Takes upserts as a compacted topic does, and refuses those that say nothing new. */
function settle(output: Map<string, string>, upserts: readonly Upsert[]): void {
  for (const { key, row } of upserts) {
    const name = keyText(key)
    if (row === null) expect(output.delete(name)).toBe(true)
    else {
      expect(output.get(name)).not.toBe(rowText(row))
      output.set(name, rowText(row))
    }
  }
}

function sorted(output: ReadonlyMap<string, string>): string[] {
  return Array.from(output, ([key, row]) => `${key} ${row}`).sort()
}

function recomputed(plan: Plan, tables: PlainTables): string[] {
  const rows = recompute(plan, topic => tables.rows(topic))
  return sorted(new Map(rows.map(({ key, row }) => [keyText(key), rowText(row!)])))
}

/** Runs a log through an engine and checks it at every cut. `engineAt` gives the engine to go on with after a cut. */
function check(plan: Plan, log: readonly LogStep[], engineAt: (before: Engine | null) => Engine): void {
  const tables = new PlainTables()
  const output = new Map<string, string>()
  let engine = engineAt(null)
  let batch: Change[] = []
  for (const { change, cut } of [...log, { change: null, cut: true }]) {
    if (change !== null) {
      batch.push(change)
      tables.apply(change)
    }
    if (!cut) continue
    engine.apply(batch)
    settle(output, engine.flush())
    batch = []
    const thrown = Odd.thrown
    const expected = recomputed(plan, tables)
    expect(sorted(output), verbsOf(plan.root)).toEqual(expected)
    expect(sorted(engine.output)).toEqual(expected)
    const failed = engine.setAside.filter(({ error }) => error === 'Odd').length
    expect(failed, 'rows set aside').toBe(Odd.thrown - thrown)
    engine = engineAt(engine)
  }
}

test(
  'whatever the pipeline, the changes, their interleaving and the cuts, the incremental output is the recomputed one',
  () => {
    fc.assert(
      fc.property(randomPipeline, legalChanges(), ({ plan }, log) => {
        check(plan, log, before => before ?? new Engine(plan))
      }),
      { numRuns },
    )
  },
  timeout,
)

/** Keeps every memory as bytes, as a store on disk does. */
class ByteStore implements StateStore {
  readonly #memories = new Map<string, Map<RowId, Uint8Array>>()
  readonly #own = new Map<string, OwnMemory>()

  open<V>({ operator }: StateName, codec: StateCodec<V>): OperatorState<V> {
    const bytes = this.#memories.get(operator) ?? new Map<RowId, Uint8Array>()
    this.#memories.set(operator, bytes)
    const decode = (id: RowId, held: Uint8Array): V => codec.decode(deserialize(held), id)
    return {
      get size() {
        return bytes.size
      },
      get(id) {
        const held = bytes.get(id)
        return held === undefined ? undefined : decode(id, held)
      },
      set: (id, value) => bytes.set(id, serialize(codec.encode(value))),
      delete: id => bytes.delete(id),
      *entries() {
        for (const [id, held] of bytes) yield [id, decode(id, held)] as [RowId, V]
      },
    }
  }

  keep({ operator }: StateName, memory: OwnMemory): [RowId, Cell][] {
    const bytes = this.#memories.get(operator) ?? new Map<RowId, Uint8Array>()
    this.#memories.set(operator, bytes)
    this.#own.set(operator, memory)
    return Array.from(bytes, ([id, held]) => [id, deserialize(held)])
  }

  /** Takes what memories that have a form of their own remember now. */
  commit(): void {
    for (const [operator, memory] of this.#own) {
      const bytes = this.#memories.get(operator)!
      for (const [id, cell] of memory.changes()) {
        if (cell === undefined) bytes.delete(id)
        else bytes.set(id, serialize(cell))
      }
    }
  }
}

test(
  'an engine that starts anew at every cut, with the memory of the one before, goes on as if it were that one',
  () => {
    fc.assert(
      fc.property(randomPipeline, legalChanges(), ({ plan }, log) => {
        const state = new ByteStore()
        check(plan, log, () => {
          state.commit()
          return new Engine(plan, { state })
        })
      }),
      { numRuns: Math.ceil(numRuns / 4) },
    )
  },
  timeout,
)
