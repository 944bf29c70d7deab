import type { Change } from '../change/change.js'
import { fewest } from '../validate/shrink.js'

/** What {@link fewestChanges} is told. */
export interface FewestOptions {
  /** What some changes lead to, each thing in a word. */
  exercise(changes: readonly Change[]): ReadonlySet<string>
  /** What they have to lead to. */
  wanted: ReadonlySet<string>
  /** The row a change is of, as text. */
  rowOf(change: Change): string
}

/** Changes of a stretch that is looked at first. */
const firstStretch = 500

/** Changes that the search may run in all, so that it ends, and always with the same. */
const budget = 500_000

/**
 * As few changes as can be found that lead to what is wanted. Rows that belong together mostly came at about the same
 * time, so short stretches of all topics are tried first; of those that have something to add the rows are left out that
 * are not needed, then single changes.
 */
export function fewestChanges(changes: readonly Change[], options: FewestOptions): Change[] {
  const { wanted, rowOf } = options
  let spent = 0
  const exercise = (part: readonly Change[]): ReadonlySet<string> => {
    spent += part.length
    return options.exercise(part)
  }
  const suffices = (part: readonly Change[]): boolean => spent < budget && covers(exercise(part), wanted)
  const candidates = stretches(woven(changes), wanted, exercise)
  const order = new Map(candidates.map((change, i) => [change, i]))
  const inOrder = (groups: readonly (readonly Change[])[]): Change[] =>
    groups.flat().sort((a, b) => order.get(a)! - order.get(b)!)
  const rows = fewest(grouped(candidates, rowOf), groups => suffices(inOrder(groups)))
  return fewest(inOrder(rows), suffices)
}

/** The stretches that together lead to all that is wanted; longer ones where short ones do not. */
function stretches(
  changes: readonly Change[],
  wanted: ReadonlySet<string>,
  exercise: FewestOptions['exercise'],
): readonly Change[] {
  for (let size = firstStretch; size < changes.length; size *= 2) {
    const all = Array.from({ length: Math.ceil(changes.length / size) }, (_, i) =>
      changes.slice(i * size, (i + 1) * size),
    )
    const chosen = covering(all.map(exercise), wanted).flatMap(i => all[i]!)
    if (chosen.length < changes.length && covers(exercise(chosen), wanted)) return chosen
  }
  return changes
}

/** The sets that have something to add to those chosen before, the one that adds the most first; by their places. */
function covering(sets: readonly ReadonlySet<string>[], wanted: ReadonlySet<string>): number[] {
  const missing = new Set(wanted)
  const chosen: number[] = []
  for (;;) {
    const adds = sets.map(set => [...set].filter(one => missing.has(one)).length)
    const best = adds.indexOf(Math.max(0, ...adds))
    if (best === -1 || adds[best] === 0) return chosen.sort((a, b) => a - b)
    chosen.push(best)
    for (const one of sets[best]!) missing.delete(one)
  }
}

function covers(set: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean {
  return [...wanted].every(one => set.has(one))
}

function grouped(changes: readonly Change[], groupOf: (change: Change) => string): Change[][] {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const group = groups.get(groupOf(change))
    if (group === undefined) groups.set(groupOf(change), [change])
    else group.push(change)
  }
  return [...groups.values()]
}

/**
 * The changes of all partitions in one order, each partition's in its own: rows of the first snapshots by how far in their
 * tables they are, then changes by time.
 */
function woven(changes: readonly Change[]): Change[] {
  const partitions = grouped(changes, ({ topic, partition }) => `${topic}:${partition}`)
  const placed = partitions.flatMap(partition => {
    const live = partition.findIndex(change => change.kind !== 'row' || change.op !== 'r')
    const read = live === -1 ? partition.length : live
    let latest = 0
    return partition.map((change, i) => {
      latest = Math.max(latest, change.timestamp)
      return i < read ? { change, phase: 0, at: i / read } : { change, phase: 1, at: latest }
    })
  })
  return placed.sort((a, b) => a.phase - b.phase || a.at - b.at).map(({ change }) => change)
}
