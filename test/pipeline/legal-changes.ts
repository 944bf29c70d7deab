import fc from 'fast-check'
import type { Change } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { isDeleted } from '../../src/change/topic.js'

/** A row of either of the two topics of a random log. */
export interface LogRow {
  id: number
  a: number | null
  b: number | null
  c: string | null
  n: number | null
  t: number | null
  big: bigint | null
  dec: string | null
  voided: number
}

/** The topics of a random log; both are keyed by `id`, and `voided` rows of both are deleted. */
export const logTopics = ['left', 'right'] as const

/** A change of a random log, and whether the changes are cut after it. */
export interface LogStep {
  change: Change
  cut: boolean
}

const rowValues: fc.Arbitrary<Omit<LogRow, 'id'>> = fc.record({
  a: fc.option(fc.integer({ min: 0, max: 3 }), { freq: 9 }),
  b: fc.option(fc.integer({ min: 0, max: 2 }), { freq: 9 }),
  c: fc.option(fc.constantFrom('', 'x', 'y', 'é', '\u{1f600}', '\uffff')),
  n: fc.option(fc.constantFrom(0, -0, 0.1, 0.2, 0.3, 3, -7.5, 1e16, -1e16, 1e300, Number.NaN)),
  t: fc.option(fc.integer({ min: 0, max: 5 }).map(hours => hours * 3_600_000)),
  big: fc.option(fc.constantFrom(0n, 5n, -5n, 9007199254740993n, 2n ** 80n)),
  dec: fc.option(fc.constantFrom('0', '1.10', '2.5', '-0.005', '12345678901234567890.25')),
  voided: fc.constantFrom(0, 0, 0, 0, 1),
})

type Event =
  | { what: 'put' | 'snapshot'; topic: number; id: number; values: Omit<LogRow, 'id'> }
  | { what: 'delete' | 'unreadable' | 'again'; topic: number; id: number }
  | { what: 'move'; topic: number; id: number; to: number }
  | { what: 'truncate'; topic: number }

const topicIndex = fc.integer({ min: 0, max: 1 })
const rowKey = fc.integer({ min: 1, max: 12 })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      what: fc.constantFrom('put', 'put', 'put', 'snapshot'),
      topic: topicIndex,
      id: rowKey,
      values: rowValues,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constantFrom('delete', 'delete', 'unreadable', 'again'),
      topic: topicIndex,
      id: rowKey,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('move' as const), topic: topicIndex, id: rowKey, to: rowKey }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('truncate' as const), topic: topicIndex }) },
)

/**
 * Changes of two topics of two partitions each as a connector writes them: creates, updates without and voids, deletes
 * with their tombstone, changes of key, snapshot rows of rows that are there, rows written again unchanged, rows that
 * cannot be decoded, truncates; the partitions interleaved at random, and cut at random.
 */
export function legalChanges(maxLength = 40): fc.Arbitrary<LogStep[]> {
  return fc
    .array(
      fc.tuple(
        event,
        fc.integer({ min: 0, max: 3 }).map(one => one === 0),
      ),
      { maxLength, size: 'max' },
    )
    .map(events => new LogWriter().write(events))
}

class LogWriter {
  readonly #rows = [new Map<number, Row>(), new Map<number, Row>()]
  readonly #offsets = new Map<string, number>()

  write(events: readonly [Event, boolean][]): LogStep[] {
    return events.flatMap(([one, cut]) => {
      const changes = this.#changesOf(one)
      return changes.map((change, i) => ({ change, cut: cut && i === changes.length - 1 }))
    })
  }

  #changesOf(one: Event): Change[] {
    const rows = this.#rows[one.topic]!
    switch (one.what) {
      case 'truncate':
        rows.clear()
        return [{ kind: 'truncate', ...this.#at(one.topic, 0), source: null }]
      case 'put':
      case 'snapshot': {
        const row = { id: one.id, ...one.values }
        const op = one.what === 'snapshot' ? 'r' : rows.has(one.id) ? 'u' : 'c'
        rows.set(one.id, row)
        return [this.#row(one.topic, one.id, op, row)]
      }
      case 'again': {
        const row = rows.get(one.id)
        return row === undefined ? [] : [this.#row(one.topic, one.id, 'r', row)]
      }
      case 'delete':
        return rows.delete(one.id) ? this.#gone(one.topic, one.id) : []
      case 'move': {
        const row = rows.get(one.id)
        if (row === undefined || one.id === one.to) return []
        rows.delete(one.id)
        const moved = { ...row, id: one.to }
        rows.set(one.to, moved)
        return [...this.#gone(one.topic, one.id), this.#row(one.topic, one.to, 'c', moved)]
      }
      case 'unreadable': {
        const key = { key: { id: one.id }, source: null }
        const quarantined: Change = {
          kind: 'quarantined',
          ...this.#at(one.topic, one.id),
          reason: 'odd',
          ...key,
        }
        rows.delete(one.id)
        return [quarantined]
      }
    }
  }

  #gone(topic: number, id: number): Change[] {
    return [this.#row(topic, id, 'd', null), { kind: 'tombstone', ...this.#at(topic, id), key: { id } }]
  }

  #row(topic: number, id: number, op: 'c' | 'u' | 'd' | 'r', after: Row | null): Change {
    return rowChange({ ...this.#at(topic, id), op, key: { id }, after })
  }

  #at(topic: number, id: number): { topic: string; partition: number; offset: number; timestamp: number } {
    const partition = id % 2
    const offset = this.#offsets.get(`${topic}-${partition}`) ?? 0
    this.#offsets.set(`${topic}-${partition}`, offset + 1)
    return { topic: logTopics[topic]!, partition, offset, timestamp: 0 }
  }
}

/** A change of a row as an engine takes it, with what it does not look at left empty. */
export function rowChange(about: {
  topic: string
  partition?: number
  offset?: number
  op?: 'c' | 'u' | 'd' | 'r'
  key: Row
  after: Row | null
}): Change {
  const { topic, partition = 0, offset = 0, op = about.after === null ? 'd' : 'u', key, after } = about
  const empty = {
    timestamp: 0,
    before: null,
    source: null,
    transaction: null,
    processedAt: null,
    headers: [],
  }
  const keys = { newKey: null, oldKey: null }
  return { kind: 'row', topic, partition, offset, op, key, after, ...empty, ...keys }
}

/** The rows that are there after changes, in the plainest way: the newest version of each key. */
export class PlainTables {
  readonly #tables = new Map<string, Map<unknown, Row>>()
  readonly #deleted: readonly string[]

  constructor(deleted: readonly string[] = ['voided']) {
    this.#deleted = deleted
  }

  apply(change: Change): void {
    const rows = this.#tables.get(change.topic) ?? new Map<unknown, Row>()
    this.#tables.set(change.topic, rows)
    if (change.kind === 'truncate') rows.clear()
    else if (change.kind === 'tombstone') rows.delete(change.key?.id)
    else if (change.kind === 'quarantined') rows.delete((change as unknown as { key?: Row | null }).key?.id)
    else if (change.after === null || isDeleted({ deleted: this.#deleted }, change.after)) {
      rows.delete(change.key?.id)
    } else rows.set(change.key?.id, change.after)
  }

  /** In an order that says nothing. */
  rows(topic: string): Row[] {
    const rows = [...(this.#tables.get(topic)?.values() ?? [])]
    return rows.sort((a, b) => ((Number(a.id) * 37) % 11) - ((Number(b.id) * 37) % 11))
  }
}
