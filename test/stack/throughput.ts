/**
 * `npm run throughput` measures a cold start: a job of vitals reads a topic of a million obs changes to its end, with its
 * state on disk and exactly-once to Kafka, and without a state. With `--keep` the result goes into live.json beside the
 * benchmarks, and RESULTS.md is rendered again.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { keepLive, today } from '../bench/live-file.js'
import type { ThroughputEntry } from '../bench/live-results.js'
import { JobProcess } from './job-process.js'
import { isolatedStack } from './stack.js'
import { fillTopic } from './throughput-topic.js'

const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '1000000' },
    cli: { type: 'string', default: 'dist/cli.js' },
    note: { type: 'string' },
    only: { type: 'string', default: 'state,memory' },
    keep: { type: 'boolean', default: false },
  },
})

const changes = Number(values.changes)
const stack = await isolatedStack('throughput')
const entries: ThroughputEntry[] = []
try {
  await stack.kafka.start()
  await fillTopic(stack.kafka.bootstrap, 'bench.openmrs.obs', changes, line => console.log(line))
  for (const kind of values.only.split(',')) entries.push(await run(kind === 'state'))
} finally {
  await stack.remove()
}
console.table(entries)
if (values.keep)
  await keepLive('throughput', entries, ({ work }) => entries.some(entry => entry.work === work))
process.exit(0)

async function run(isKept: boolean): Promise<ThroughputEntry> {
  const state = path.join(stack.folder, 'state')
  const source = `kafka://${stack.kafka.bootstrap}`
  const to = isKept ? ['--to', source, '--state', state] : ['--to', path.join(stack.folder, 'rows.jsonl')]
  const begun = performance.now()
  const args = ['--source', source, ...to, '--until-end', '--json']
  const program = { cli: values.cli, environment: {} }
  const job = new JobProcess(program, 'test/stack/jobs/vitals.ts', ...args)
  let processorSeconds = 0
  const timer = setInterval(() => {
    processorSeconds = processorSecondsOf(job.pid) ?? processorSeconds
  }, 100)
  const { code, out, lines } = await job.ended
  clearInterval(timer)
  const seconds = (performance.now() - begun) / 1000
  for (const line of lines) console.log(JSON.stringify(line))
  if (code !== 0) throw new Error(`The job ended with ${code}.`)
  console.log(out)
  return {
    work: isKept
      ? 'vitals to Kafka, exactly-once, state on disk'
      : 'vitals to a file of JSON lines, state in memory',
    changes,
    seconds: Math.round(seconds * 10) / 10,
    perSecond: Math.round(changes / seconds),
    perProcessorSecond: Math.round(changes / processorSeconds),
    stateBytes: isKept ? bytesIn(state) : null,
    day: today(),
    ...(values.note === undefined ? {} : { note: values.note }),
  }
}

/** What a process, all its threads together, took of the processors so far; null when it has ended. */
function processorSecondsOf(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return null
  }
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  // A sparse file is larger than what it takes.
  return files.reduce(
    (sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).blocks * 512,
    0,
  )
}
