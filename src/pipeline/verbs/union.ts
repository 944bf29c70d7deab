import type { CellRow } from '../cell.js'
import type { UnionNode } from '../plan.js'
import { memberId, type RowId, type RowSink } from '../row-identity.js'
import type { Verb } from '../verb.js'

/** `union`: the rows of all inputs. */
export const union: Verb<UnionNode> = {
  functions: () => [],
  passes: () => 'all',
  identity: 'made',
  uniform: false,
  operator: ({ inputs }, _, next) => ({ inputs: inputs.map((__, i) => new Member(i, next)) }),
  recompute: (_, inputs) =>
    inputs.flatMap((rows, i) => rows.map(({ id, key, row }) => ({ id: memberId(i, id), key, row }))),
}

/** One input of a union. */
class Member implements RowSink {
  readonly #i: number
  readonly #next: RowSink

  constructor(i: number, next: RowSink) {
    this.#i = i
    this.#next = next
  }

  put(id: RowId, row: CellRow): void {
    this.#next.put(memberId(this.#i, id), row)
  }

  remove(id: RowId): void {
    this.#next.remove(memberId(this.#i, id))
  }

  clear(prefix: string): void {
    this.#next.clear(`#${this.#i}|${prefix}`)
  }
}
