/**
 * `npm run latency` measures how long a change takes from the database to a reader of the output, at several rates. With
 * `--keep` the result goes into live.json beside the benchmarks, and RESULTS.md is rendered again.
 */
import { parseArgs } from 'node:util'
import { keepLive, today } from '../bench/live-file.js'
import { latency } from './latency-run.js'

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '5,100,1000' },
    seconds: { type: 'string', default: '30' },
    poll: { type: 'string', default: '20' },
    patients: { type: 'string', default: '100' },
    cli: { type: 'string', default: 'dist/cli.js' },
    note: { type: 'string' },
    stateless: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})

const pollMs = Number(values.poll)
const measured = await latency({
  rates: values.rates.split(',').map(Number),
  seconds: Number(values.seconds),
  pollMs,
  patients: Number(values.patients),
  stateless: values.stateless,
  cli: values.cli,
  report: line => console.log(line),
})
console.table(
  measured.map(({ rate, reached, lost, total, own }) => ({
    rate,
    reached,
    lost,
    total: JSON.stringify(total),
    own: JSON.stringify(own),
  })),
)
if (values.keep) {
  const note = values.note === undefined ? {} : { note: values.note }
  const entries = measured.map(({ rate, reached, changes, total, own }) => ({
    rate,
    reached,
    pollMs,
    changes,
    total,
    own,
    day: today(),
    ...note,
  }))
  await keepLive('latency', entries, ({ rate }) => entries.some(entry => entry.rate === rate))
}
process.exit(measured.some(({ lost }) => lost > 0) ? 1 : 0)
