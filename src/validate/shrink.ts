import type { Clock } from '../clock.js'
import type { Delivered, Delivery, LaneOf } from './delivery.js'

/** What {@link shrink} is told. */
export interface ShrinkOptions {
  /** Whether a delivery still shows the failure. */
  fails(delivery: Delivery): boolean
  /** The row a change is of, as text. */
  rowOf(delivered: Delivered): string
  laneOf: LaneOf
  clock: Pick<Clock, 'now'>
  /** Milliseconds after which the smallest one so far is given. */
  within: number
}

/**
 * The smallest part of a failing delivery that still fails, as far as it can be found in the time: first whole rows are
 * left out, then single changes, then it is tried with one partition after the other. What is left out of a legal
 * delivery leaves a legal one. The same input gives the same result, unless the time runs out.
 */
export function shrink(delivery: Delivery, options: ShrinkOptions): Delivery {
  const { rowOf, laneOf, clock, within } = options
  const until = clock.now() + within
  const fails = (part: Delivery): boolean => clock.now() < until && options.fails(part)
  const byRow = new Map<string, Delivered[]>()
  for (const one of delivery) byRow.set(rowOf(one), [...(byRow.get(rowOf(one)) ?? []), one])
  const order = new Map(delivery.map((one, i) => [one, i]))
  const inOrder = (groups: readonly (readonly Delivered[])[]): Delivered[] =>
    groups.flat().sort((a, b) => order.get(a)! - order.get(b)!)
  const rows = fewest([...byRow.values()], groups => fails(inOrder(groups)))
  let smallest = fewest(inOrder(rows), fails)
  const lanes = [...new Set(smallest.map(({ change }) => laneOf(change)))]
  const sorted = lanes.flatMap(lane => smallest.filter(({ change }) => laneOf(change) === lane))
  if (lanes.length > 1 && fails(sorted)) smallest = fewest(sorted, fails)
  return plainer(smallest, fails)
}

/** Without the cuts and restarts that the failure does not need. */
function plainer(delivery: Delivery, fails: (part: Delivery) => boolean): Delivery {
  let smallest = [...delivery]
  for (let i = 0; i < smallest.length; i++) {
    for (const simpler of [
      { ...smallest[i]!, restart: false, cut: false },
      { ...smallest[i]!, restart: false },
    ]) {
      const { cut, restart } = smallest[i]!
      if (cut === simpler.cut && restart === simpler.restart) continue
      const tried = smallest.with(i, simpler)
      if (!fails(tried)) continue
      smallest = tried
      break
    }
  }
  return smallest
}

/**
 * Delta debugging (Zeller's ddmin): a part of `items` for which `fails` still holds, and of which no single item can be
 * left out.
 */
export function fewest<T>(items: readonly T[], fails: (part: readonly T[]) => boolean): T[] {
  let smallest = [...items]
  for (let size = Math.ceil(smallest.length / 2); smallest.length > 0; ) {
    const smaller = without(smallest, size, fails)
    if (smaller !== null) {
      smallest = smaller
      size = Math.min(size, Math.max(1, Math.ceil(smallest.length / 2)))
    } else if (size === 1) break
    else size = Math.ceil(size / 2)
  }
  return smallest
}

/** A part without one of its stretches of `size` that still fails; a stretch alone is tried first. */
function without<T>(items: readonly T[], size: number, fails: (part: readonly T[]) => boolean): T[] | null {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, i) => i * size)
  if (starts.length > 1) {
    for (const start of starts) {
      const alone = items.slice(start, start + size)
      if (fails(alone)) return alone
    }
  }
  let left: T[] | null = null
  let kept = [...items]
  // Whatever can go goes in one pass; a new pass then begins with what is left.
  for (const start of starts.toReversed()) {
    const tried = kept.toSpliced(start, size)
    if (tried.length === kept.length || !fails(tried)) continue
    kept = tried
    left = tried
  }
  return left
}
