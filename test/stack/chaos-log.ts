import type { RowChange, Tombstone } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import type { FromNode, Plan } from '../../src/pipeline/plan.js'
import { planTopics } from '../../src/pipeline/plan.js'
import { bindPlan } from '../../src/pipeline/plan-changes.js'
import { rowId } from '../../src/pipeline/row-identity.js'
import type { Source } from '../../src/source/source.js'

/** A version of a row: what a change of its topic made of it. */
export interface Version {
  /** `worked.worked.obs-2`. */
  partition: string
  /** Its place among the changes of the partition. */
  place: number
  topic: string
  id: number
  /** Null when the row was gone. */
  row: Row | null
  change: RowChange | Tombstone
}

/** The changes that a pipeline's inputs hold, redelivered ones left out, with the versions of each row. */
export class ChangeLog {
  readonly plan: Plan
  /** Each partition's in its order, partitions by the time of their records. */
  readonly versions: readonly Version[]
  readonly redelivered: number
  readonly #rows = new Map<string, Version[]>()

  private constructor(plan: Plan, versions: readonly Version[], redelivered: number) {
    this.plan = plan
    this.versions = versions
    this.redelivered = redelivered
    for (const version of versions) {
      const name = nameOf(version.topic, version.id)
      const rows = this.#rows.get(name)
      if (rows === undefined) this.#rows.set(name, [version])
      else rows.push(version)
    }
  }

  /** Reads the inputs of a pipeline from their first records to the ends they have now. */
  static async read(source: Source, pipeline: Pipeline<object>, prefix: string): Promise<ChangeLog> {
    const { plan, changes } = await bindPlan(source, pipeline.plan, { prefix })
    const froms = new Map(planTopics(plan.root).map(from => [from.topic, from]))
    const partitions = new Map<string, Version[]>()
    let redelivered = 0
    for await (const { topic, partition, changes: read } of changes) {
      const name = `${topic}-${partition}`
      const versions = partitions.get(name) ?? []
      partitions.set(name, versions)
      for (const one of read) {
        if (one.redelivered) redelivered++
        else if (one.change.kind === 'row' || one.change.kind === 'tombstone')
          versions.push(versionOf(one.change, froms.get(topic)!, name, versions.length))
        else if (one.change.kind === 'quarantined' || one.change.kind === 'truncate')
          throw new Error(`The life holds no ${one.change.kind} record, found one in ${name}.`)
      }
    }
    return new ChangeLog(plan, merged([...partitions.values()]), redelivered)
  }

  /** The versions of a row, oldest first: those of a table by its short name. */
  of(table: string, id: number): readonly Version[] {
    return this.#rows.get(nameOf(this.topic(table), id)) ?? []
  }

  /** The full name of a topic. */
  topic(table: string): string {
    return planTopics(this.plan.root).find(({ topic }) => topic.endsWith(`.${table}`))!.topic
  }

  /** The ids of the rows of a table of which any version is meant. */
  index(table: string, keyOf: (row: Row) => string | null): ReadonlyMap<string, ReadonlySet<number>> {
    const topic = this.topic(table)
    const index = new Map<string, Set<number>>()
    for (const version of this.versions) {
      if (version.topic !== topic || version.row === null) continue
      const key = keyOf(version.row)
      if (key === null) continue
      const ids = index.get(key)
      if (ids === undefined) index.set(key, new Set([version.id]))
      else ids.add(version.id)
    }
    return index
  }
}

function versionOf(change: RowChange | Tombstone, from: FromNode, partition: string, place: number): Version {
  const id = rowId(change.key!, from.key)
  if (typeof id !== 'number') throw new Error(`Expected ${from.topic} to be keyed by one integer.`)
  const isGone = change.kind === 'tombstone' || change.op === 'd'
  return { partition, place, topic: change.topic, id, row: isGone ? null : change.after, change }
}

/** One order of all partitions' changes: by time, each partition's own order kept. */
function merged(partitions: readonly Version[][]): Version[] {
  const at = partitions.map(() => 0)
  const all: Version[] = []
  for (;;) {
    let next = -1
    for (let i = 0; i < partitions.length; i++) {
      const time = partitions[i]![at[i]!]?.change.timestamp
      if (time === undefined) continue
      if (next < 0 || time < partitions[next]![at[next]!]!.change.timestamp) next = i
    }
    if (next < 0) return all
    all.push(partitions[next]![at[next]!++]!)
  }
}

function nameOf(topic: string, id: number): string {
  return `${topic} ${id}`
}
