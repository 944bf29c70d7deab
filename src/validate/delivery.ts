import type { Change } from '../change/change.js'
import { Redelivery } from '../change/run.js'

/** A change on its way to a pipeline. */
export interface Delivered {
  readonly change: Change
  /** After it the output is taken: what follows from the changes so far is passed on. */
  readonly cut: boolean
  /** After it the output is compared with the recomputation too. */
  readonly compared: boolean
  /** After it the process is gone and another one begins, which has what was written and reads the topics again. */
  readonly restart: boolean
}

/** Changes as they come to a pipeline, those of one partition in order. The output is taken after the last. */
export type Delivery = readonly Delivered[]

/** Where a delivery is interrupted: after how many changes. */
export interface Interruptions {
  /** Where the output is taken; `every` for after each change. */
  cuts?: readonly number[] | 'every'
  /** Where it is taken and compared. */
  compared?: readonly number[]
  /** Where it is taken and the process is gone. */
  restarts?: readonly number[]
}

/** Changes in the order given, with the output taken after some of them. */
export function deliver(
  changes: readonly Change[],
  { cuts = [], compared = [], restarts = [] }: Interruptions = {},
): Delivered[] {
  const [isCut, isCompared, isRestart] = [
    new Set(cuts === 'every' ? [] : cuts),
    new Set(compared),
    new Set(restarts),
  ]
  return changes.map((change, i) => {
    const count = i + 1
    const [compares, ends] = [isCompared.has(count), isRestart.has(count)]
    const cut = cuts === 'every' || isCut.has(count) || compares || ends || count === changes.length
    return { change, cut, compared: compares, restart: ends }
  })
}

/** Tells the changes of several topics that count from those that were delivered before, by the redelivery rule. */
export class Judge {
  readonly #rules = new Map<string, Redelivery>()

  /** Whether the next change counts. */
  counts(change: Change): boolean {
    let rule = this.#rules.get(change.topic)
    if (rule === undefined) {
      rule = new Redelivery()
      this.#rules.set(change.topic, rule)
    }
    return rule.accept(change) === 'applied'
  }
}

/** Tells which changes have to stay in the order they are in: those of one lane. */
export type LaneOf = (change: Change) => string

/**
 * A lane for each partition, but one for all of a topic of which a key is in several partitions, for nothing but the
 * order in which they were read tells which of its rows is the newest; and of one that is truncated as a whole.
 */
export function lanesOf(
  changes: Iterable<Change>,
  keyText: (change: Change) => string | null,
): { laneOf: LaneOf; ordered: ReadonlySet<string> } {
  const partitions = new Map<string, number>()
  const truncated = new Set<string>()
  const ordered = new Set<string>()
  for (const change of changes) {
    if (change.kind === 'truncate') truncated.add(change.topic)
    const text = keyText(change)
    if (text === null) continue
    const name = `${change.topic}:${text}`
    const known = partitions.get(name)
    if (known === undefined) partitions.set(name, change.partition)
    else if (known !== change.partition) ordered.add(change.topic)
  }
  const laneOf: LaneOf = ({ topic, partition }) =>
    ordered.has(topic) || truncated.has(topic) ? topic : `${topic}:${partition}`
  return { laneOf, ordered }
}

/** Changes by lane, each in order; the lanes in the order of their first changes. */
export function byLane(changes: Iterable<Change>, laneOf: LaneOf): Change[][] {
  const lanes = new Map<string, Change[]>()
  for (const change of changes) {
    const lane = lanes.get(laneOf(change))
    if (lane === undefined) lanes.set(laneOf(change), [change])
    else lane.push(change)
  }
  return [...lanes.values()]
}
