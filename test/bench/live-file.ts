import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { LiveResults } from './live-results.js'
import { type Machine, type Result, render } from './results.js'

const file = (name: string): string => path.join(import.meta.dirname, name)

/** What live.json holds. */
export function liveResults(): LiveResults {
  const none: LiveResults = { chaos: [], latency: [], throughput: [], soak: [] }
  return existsSync(file('live.json')) ? { ...none, ...read<LiveResults>('live.json') } : none
}

/** Today, as entries have it. */
export function today(): string {
  return new Date().toISOString().slice(0, 10)
}

/** Puts entries in place of those of their kind that `replaces` names, and renders RESULTS.md again. */
export async function keepLive<K extends keyof LiveResults>(
  kind: K,
  entries: LiveResults[K],
  replaces: (entry: LiveResults[K][number]) => boolean,
): Promise<void> {
  const live = liveResults()
  const kept = (live[kind] as LiveResults[K][number][]).filter(entry => !replaces(entry))
  const written: LiveResults = { ...live, [kind]: [...kept, ...entries] }
  await writeFile(file('live.json'), `${JSON.stringify(written, null, 2)}\n`)
  const rendered = render(read<Result[]>('results.json'), read<Machine>('machine.json'), written)
  await writeFile(file('RESULTS.md'), rendered)
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(file(name), 'utf8')) as T
}
