import type { Change } from '../change/change.js'
import type { Row, Value } from '../change/column-type.js'
import type { TopicEvent } from '../change/message.js'
import type { ColumnsRead } from '../pipeline/columns-read.js'
import type { TopicOffsets } from '../source/source.js'

/** What {@link KeptChanges} is told. */
export interface KeepOptions {
  /** The topics read, with their offsets. */
  inputs: readonly TopicOffsets[]
  /** The columns that a pipeline may read of each topic: no other is kept. */
  columns: ReadonlyMap<string, ColumnsRead>
  /** Changes kept at most. */
  limit: number
}

/**
 * Keeps recorded changes, as little of each as a pipeline needs, to be run in other ways. When there are more than the
 * limit, the first and the last of each partition are kept, half of each: any changes of a partition in their order are a
 * legal log, of another history.
 */
export class KeptChanges {
  readonly #options: KeepOptions
  readonly #changes: Change[] = []
  /** Offsets from which and up to which changes of a partition are left out. */
  readonly #gaps = new Map<string, { from: number; to: number }>()
  #seen = 0

  constructor(options: KeepOptions) {
    this.#options = options
    const sizes = options.inputs.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, start, stable }) => ({ name: `${topic}:${partition}`, start, stable })),
    )
    const total = sizes.reduce((sum, { start, stable }) => sum + stable - start, 0)
    if (total <= options.limit) return
    for (const { name, start, stable } of sizes) {
      const half = Math.ceil(((stable - start) / total) * (options.limit / 2))
      this.#gaps.set(name, { from: start + half, to: stable - half })
    }
  }

  /** The changes kept, in the order they were read. */
  get changes(): readonly Change[] {
    return this.#changes
  }

  /** How many changes there were. */
  get seen(): number {
    return this.#seen
  }

  /** Takes the next event; what is no change of a table is passed over. */
  add(event: TopicEvent): void {
    if (!isChange(event)) return
    this.#seen++
    const gap = this.#gaps.get(`${event.topic}:${event.partition}`)
    if (gap !== undefined && event.offset >= gap.from && event.offset < gap.to) return
    this.#changes.push(slim(event, this.#options.columns.get(event.topic) ?? 'all'))
  }
}

function isChange(event: TopicEvent): event is Change {
  return ['row', 'tombstone', 'truncate', 'quarantined'].includes(event.kind)
}

/** The change with the named columns of its row alone. Nobody can write to what is kept, for it is run many times. */
function slim(change: Change, columns: ColumnsRead): Change {
  if (change.kind !== 'row') return change
  const { key, before, after } = change
  return {
    ...change,
    before: key === null && after === null ? before : null,
    after: after === null ? null : projected(after, columns),
    transaction: null,
    headers: [],
  }
}

function projected(row: Row, columns: ColumnsRead): Row {
  if (columns === 'all') return Object.freeze({ ...row })
  const kept: Record<string, Value> = {}
  for (const column in row) if (columns.has(column)) kept[column] = row[column]!
  return Object.freeze(kept)
}
