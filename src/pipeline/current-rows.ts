import type { Change } from '../change/change.js'
import type { Row } from '../change/column-type.js'
import { isDeleted } from '../change/topic.js'
import { ObslabError } from '../errors.js'
import type { FromNode } from './plan.js'
import { type IdentifiedRow, identify, type RowIdentity, type Sink } from './row-identity.js'

/**
 * Turns the changes of one topic into rows that come and go. It remembers the current row of every key itself, so that
 * a change without a before-image, a snapshot row or one delivered twice all retract exactly what was there.
 */
export class CurrentRows {
  readonly #node: FromNode
  readonly #rows = new Map<string, IdentifiedRow>()

  constructor(node: FromNode) {
    this.#node = node
  }

  apply(change: Change, emit: Sink): void {
    switch (change.kind) {
      case 'quarantined':
        break
      case 'truncate':
        for (const { id, row } of this.#rows.values()) emit({ id, row, weight: -1 })
        this.#rows.clear()
        break
      case 'tombstone':
        this.#replace(this.#identityOf(change.key, change), null, emit)
        break
      case 'row':
        this.#replace(
          this.#identityOf(change.key ?? change.after ?? change.before, change),
          change.after,
          emit,
        )
        break
    }
  }

  #replace(id: RowIdentity, after: Row | null, emit: Sink): void {
    const before = this.#rows.get(id.text)
    if (before !== undefined) emit({ ...before, weight: -1 })
    if (after === null || isDeleted(this.#node, after)) {
      this.#rows.delete(id.text)
    } else {
      this.#rows.set(id.text, { id, row: after })
      emit({ id, row: after, weight: 1 })
    }
  }

  #identityOf(from: Row | null, change: Change): RowIdentity {
    const missing = this.#node.key.find(column => from === null || !(column in from))
    if (from === null || missing !== undefined) {
      throw new ObslabError(
        'key-missing',
        `${this.#node.topic} is keyed by ${this.#node.key.join(', ')}, but a record has no ${missing ?? 'key'}. ` +
          'Declare the key its records carry: topic(name, schema, { key: [...] }).',
        { position: { topic: change.topic, partition: change.partition, offset: change.offset } },
      )
    }
    return identify(from, this.#node.key)
  }
}
