/**
 * `npm run chaos -- --rounds 200 --seed 1` kills jobs and services at random moments and compares what is left. The result
 * goes into live.json beside the benchmarks, and RESULTS.md is rendered again. Exit code 1 when anything was wrong. After
 * Ctrl-C no further round begins, and what was played is compared.
 */
import { parseArgs } from 'node:util'
import { keepLive, today } from '../bench/live-file.js'
import type { ChaosEntry } from '../bench/live-results.js'
import { type ChaosResult, chaos } from './chaos-run.js'
import { whyUnavailable } from './software.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rate: { type: 'string', default: '50' },
    patients: { type: 'string', default: '20' },
    sinks: { type: 'string', default: 'kafka,mysql' },
    dist: { type: 'string', default: 'dist' },
    stateless: { type: 'boolean', default: false },
    calm: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const unavailable = whyUnavailable()
if (unavailable !== null) throw new Error(unavailable)
const begun = Date.now()
const report = (line: string): void =>
  console.log(`${((Date.now() - begun) / 1000).toFixed(1).padStart(7)} s  ${line}`)
report(`seed ${values.seed}`)
const result = await chaos({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  rate: Number(values.rate),
  patients: Number(values.patients),
  sinks: values.sinks.split(',') as ('kafka' | 'mysql')[],
  stateless: values.stateless,
  faults: !values.calm,
  dist: values.dist,
  signal: stop.signal,
  report,
})
console.log(JSON.stringify(result, null, 2).slice(0, 20_000))
if (values.keep) {
  const entry = entryOf(result)
  await keepLive('chaos', [entry], ({ work, seed }) => work === entry.work && seed === entry.seed)
}

function entryOf(result: ChaosResult): ChaosEntry {
  const { outputs, kills, faults, failures } = result
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
  return {
    work: `${outputs.map(({ name }) => name).join(', ')}${values.stateless ? ', no state kept' : ''}`,
    rounds: result.rounds,
    seed: result.seed,
    minutes: Math.round(result.seconds / 6) / 10,
    changes: result.changes,
    redelivered: result.redelivered,
    jobKills: sum(Object.values(kills)),
    lostStates: result.lostStates,
    faults: Object.entries(faults)
      .map(([fault, count]) => `${fault} ${count}`)
      .join(', '),
    seen: sum(outputs.map(({ reachability }) => reachability.seen)),
    never: sum(outputs.map(({ reachability }) => reachability.never.length)),
    rows: sum(outputs.map(({ rows }) => rows)),
    result: failures.length === 0 ? 'all equal' : `${failures.length} failures`,
    day: today(),
  }
}

console.log(result.failures.length === 0 ? 'All is well.' : `${result.failures.length} failures.`)
process.exit(result.failures.length === 0 ? 0 : 1)
