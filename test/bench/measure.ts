import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is timed. It may give its own milliseconds where not all it does is to be counted. */
export type Work = () => unknown | Promise<unknown>

/** Milliseconds that a {@link Work} took by its own account. */
export class Took {
  readonly ms: number

  constructor(ms: number) {
    this.ms = ms
  }
}

// Forced collections would otherwise throw away the code of a work while the others run.
setFlagsFromString('--no-flush-bytecode')
setFlagsFromString('--expose-gc')
/** Collects what nothing refers to any more. */
export const collectGarbage = runInNewContext('gc') as () => void

/** Milliseconds a sample lasts at least: a shorter work is repeated, and its share is what counts. */
const sampleMs = 100

/** A work that lasts longer is warm when it has been done once, milliseconds. */
const longMs = 1000

/**
 * The median milliseconds of each work over `rounds`. They take turns (A B C A B C …), so that what else the machine does
 * meets them all; each is warmed up first, and each sample begins without the garbage of the one before.
 */
export async function medians<K extends string>(
  works: Readonly<Record<K, Work>>,
  rounds = 5,
): Promise<Record<K, number>> {
  const names = Object.keys(works) as K[]
  const times = new Map<K, number[]>()
  const repeats = new Map<K, number>()
  for (const name of names) {
    const first = await sample(works[name], 1)
    const warm = first > longMs ? first : await sample(works[name], 1)
    const again = Math.ceil(sampleMs / warm)
    if (again > 1) await sample(works[name], again * 3)
    repeats.set(name, again)
    times.set(name, [])
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of names) times.get(name)!.push(await sample(works[name], repeats.get(name)!))
  }
  return Object.fromEntries(names.map(name => [name, median(times.get(name)!)])) as Record<K, number>
}

/** Bytes of heap that what `make` gives holds on to. */
export function bytesHeld(make: () => unknown): number {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const held = [make()]
  collectGarbage()
  const bytes = process.memoryUsage().heapUsed - before
  held.pop()
  return bytes
}

/** Milliseconds of one execution out of `repeats`. */
async function sample(work: Work, repeats: number): Promise<number> {
  collectGarbage()
  const started = performance.now()
  for (let i = 1; i < repeats; i++) await work()
  const result = await work()
  return result instanceof Took ? result.ms : (performance.now() - started) / repeats
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >>> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
