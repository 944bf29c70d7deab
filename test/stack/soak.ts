/**
 * `npm run soak -- --minutes 30 --rate 500` keeps a job of vitals under a constant load and looks at its memory. With
 * `--load edits` rows are edited and there are always as many; with `--load life` a simulated life goes on, and the tables
 * grow. With `--keep` the result goes into live.json beside the benchmarks, and RESULTS.md is rendered again.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { simulate } from '../../src/stack/simulate.js'
import { keepLive, today } from '../bench/live-file.js'
import type { SoakEntry } from '../bench/live-results.js'
import { EditLoad } from './latency-load.js'
import { capture, percentiles, startJob } from './latency-run.js'
import { mysqlUsers } from './mysql.js'
import { freePorts } from './ports.js'
import { query } from './query.js'
import { type Sample, sample, trend } from './soak-samples.js'
import { isolatedStack, stackFolder } from './stack.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '500' },
    load: { type: 'string', default: 'edits' },
    patients: { type: 'string', default: '100' },
    warm: { type: 'string', default: '0.2' },
    cli: { type: 'string', default: 'dist/cli.js' },
    note: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

const database = 'latency'
const [minutes, rate, patients] = [values.minutes, values.rate, values.patients].map(Number) as [
  number,
  number,
  number,
]
const stack = await isolatedStack('soak')
const samples: Sample[] = []
let rows = { start: 0, end: 0 }
let reached = 0
try {
  await stack.up()
  await capture(stack, 20, patients)
  const { connect: port } = await freePorts()
  const job = await startJob(stack, { cli: values.cli, stateless: false }, '--port', String(port))
  rows = { start: await obsRows(), end: 0 }
  const begun = performance.now()
  const take = async (): Promise<void> => {
    const taken = await sample(port, job.pid, begun)
    samples.push(taken)
    console.log(JSON.stringify(taken))
  }
  const timer = setInterval(() => void take().catch(error => console.log(String(error))), 5000)
  reached = await load()
  clearInterval(timer)
  rows.end = await obsRows()
  const { code } = await job.stop('SIGTERM')
  if (code !== 0) throw new Error(`The job drained with exit code ${code}.`)
} finally {
  await stack.remove()
}
await writeFile(path.join(stackFolder, 'soak.json'), JSON.stringify(samples))
const entry = entryOf()
console.log(JSON.stringify(entry, null, 2))
if (values.keep) await keepLive('soak', [entry], ({ work }) => work === entry.work)
process.exit(0)

/** Row changes a second that were reached. */
async function load(): Promise<number> {
  const ms = minutes * 60_000
  const begun = performance.now()
  if (values.load === 'edits') {
    const edits = await EditLoad.open(stack.mysql.url(''), database)
    await edits.run(rate, ms, () => undefined)
    await edits.close()
    return edits.sent / ((performance.now() - begun) / 1000)
  }
  const about = { url: `${stack.mysql.url('')}${database}`, password: mysqlUsers.openmrs.password }
  const life = { ...about, seed: 5, patients, changes: (rate * ms) / 1000, rate, phases: ['life'] as const }
  const { rows } = await simulate(life)
  return rows.life / ((performance.now() - begun) / 1000)
}

async function obsRows(): Promise<number> {
  const [row] = await query<{ count: number }>(
    stack.mysql.url(''),
    database,
    'SELECT count(*) AS count FROM obs',
  )
  return Number(row!.count)
}

function entryOf(): SoakEntry {
  const warm = samples.filter(({ at }) => at >= Number(values.warm) * minutes * 60)
  const of = (value: (sample: Sample) => number): { at: number; value: number }[] =>
    warm.map(one => ({ at: one.at, value: value(one) }))
  const lag = percentiles(warm.map(one => one.lag))
  const seconds = samples.at(-1)!.at
  return {
    work:
      values.load === 'edits' ? 'edits of vitals, always as many rows' : 'a simulated life, growing tables',
    minutes: Math.round(seconds / 6) / 10,
    rate,
    reached: Math.round(reached),
    rows,
    heap: trend(of(({ heapMb }) => heapMb)),
    anonymous: trend(of(({ anonymousMb }) => anonymousMb)),
    stateBytes: samples.at(-1)!.stateBytes,
    lag: { p50: lag.p50, max: lag.max },
    day: today(),
    ...(values.note === undefined ? {} : { note: values.note }),
  }
}
