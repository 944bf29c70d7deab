import type { CellRow } from './cell.js'
import { type OperatorState, type StateCodec, stateBytes } from './operator-state.js'
import type { RowId, RowSink } from './row-identity.js'

/** What one operator has taken so far. */
export interface OperatorProfile {
  /** Its place in the order rows flow and its verb, `2:aggregate`. */
  operator: string
  /** Versions and removals of rows that came in. */
  rows: number
  /** Milliseconds in the operator itself, functions included and steps after it not. */
  ms: number
  /** Entries it remembers. */
  entries: number
  /** Bytes of what it remembers, estimated from a sample. */
  bytes: number
}

interface Measured {
  rows: number
  ms: number
  memories: { entries(): number; bytes(): number }[]
}

/** Measures operators: rows, time, memory. */
export class Profile {
  readonly #clock: { now(): number }
  readonly #operators = new Map<string, Measured>()
  /** Whose time it is, innermost last. */
  readonly #running: Measured[] = []
  #since = 0

  constructor(clock: { now(): number }) {
    this.#clock = clock
  }

  operators(): OperatorProfile[] {
    const all = Array.from(this.#operators, ([operator, { rows, ms, memories }]) => ({
      operator,
      rows,
      ms,
      entries: memories.reduce((sum, memory) => sum + memory.entries(), 0),
      bytes: memories.reduce((sum, memory) => sum + memory.bytes(), 0),
    }))
    return all.sort((a, b) => Number.parseInt(a.operator, 10) - Number.parseInt(b.operator, 10))
  }

  /** Notes a memory of an operator. */
  remembers<V>(operator: string, state: OperatorState<V>, codec: StateCodec<V>): void {
    this.#of(operator).memories.push({ entries: () => state.size, bytes: () => stateBytes(state, codec) })
  }

  /** `sink`, where rows of an operator come in, measured. */
  measured(operator: string, sink: RowSink): RowSink {
    const measured = this.#of(operator)
    return {
      put: (id: RowId, row: CellRow) => {
        measured.rows++
        this.#during(measured, () => sink.put(id, row))
      },
      remove: (id: RowId) => {
        measured.rows++
        this.#during(measured, () => sink.remove(id))
      },
      clear: (prefix: string) => this.#during(measured, () => sink.clear(prefix)),
    }
  }

  /** `work` of an operator, measured. */
  timed(operator: string, work: () => void): () => void {
    return () => this.#during(this.#of(operator), work)
  }

  #of(operator: string): Measured {
    let measured = this.#operators.get(operator)
    if (measured === undefined) {
      measured = { rows: 0, ms: 0, memories: [] }
      this.#operators.set(operator, measured)
    }
    return measured
  }

  /** What runs inside is another's time. */
  #during(measured: Measured, work: () => void): void {
    this.#spend()
    this.#running.push(measured)
    try {
      work()
    } finally {
      this.#spend()
      this.#running.pop()
    }
  }

  #spend(): void {
    const now = this.#clock.now()
    const current = this.#running.at(-1)
    if (current !== undefined) current.ms += now - this.#since
    this.#since = now
  }
}
