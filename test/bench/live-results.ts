/** What every run on the real stack says. */
interface LiveRun {
  day: string
  /** What else is to be known: what the machine did besides, what was left out. */
  note?: string
}

/** A run of `npm run chaos`. */
export interface ChaosEntry extends LiveRun {
  /** What was under chaos: `vitals and flat_obs to Kafka and to MySQL`. */
  work: string
  rounds: number
  seed: number
  minutes: number
  changes: number
  redelivered: number
  jobKills: number
  lostStates: number
  faults: string
  /** Distinct rows that readers saw, and how many of them the pipeline never gives. */
  seen: number
  never: number
  /** Rows of the outputs at the end. */
  rows: number
  result: string
}

/** Milliseconds. */
export interface Percentiles {
  p50: number
  p95: number
  p99: number
  max: number
}

/** One rate of a run of `npm run latency`. */
export interface LatencyEntry extends LiveRun {
  /** Asked for, and reached, changes a second. */
  rate: number
  reached: number
  pollMs: number
  changes: number
  /** From the statement's sending to the database, its commit included, to the row at a reader of committed records. */
  total: Percentiles
  /** From the record in Kafka, by the broker's clock, to the row. */
  own: Percentiles
}

/** A run of `npm run throughput`. */
export interface ThroughputEntry extends LiveRun {
  work: string
  changes: number
  seconds: number
  perSecond: number
  /** Of all its threads together: what it would be on processors of its own. */
  perProcessorSecond: number
  stateBytes: number | null
}

/** A run of `npm run soak`. */
export interface SoakEntry extends LiveRun {
  work: string
  minutes: number
  rate: number
  reached: number
  rows: { start: number; end: number }
  /** Megabytes after the warm-up and at the end, and the linear trend between. */
  heap: Trend
  anonymous: Trend
  stateBytes: number
  lag: { p50: number; max: number }
}

/** Megabytes, and megabytes an hour. */
export interface Trend {
  start: number
  end: number
  perHour: number
}

/** live.json. */
export interface LiveResults {
  chaos: ChaosEntry[]
  latency: LatencyEntry[]
  throughput: ThroughputEntry[]
  soak: SoakEntry[]
}

/** The part of RESULTS.md about runs on the real stack. */
export function renderLive({ chaos, latency, throughput, soak }: LiveResults): string {
  return `
## On the real stack

Runs of their own on a broker, Connect with Debezium, and MySQL, all on the machine above, which also plays the load: each
writes its rows here itself. \`npm run bench\` leaves them as they are.

### Chaos: \`npm run chaos\`

Jobs are killed by -9 wherever they are while a simulated life goes on and services are killed and restarted. At the end
the outputs are compared with SQL on the final database; every row that readers of committed records and of the tables saw
on the way must be one that the pipeline gives for some prefix of each input partition.

${chaosTable(chaos)}

### Latency: \`npm run latency\`

Milliseconds from the statement sent to the database, its commit included, to the row of vitals at a plain kafkajs consumer
of committed records; and of these our own part, from the record's append to Kafka to the row. Each change is one
transaction. Aims: p99 below 250 ms at 100 changes/s, our own part p99 below 30 ms.

${latencyTable(latency)}

### Throughput: \`npm run throughput\`

A cold start on a topic of obs changes: the job reads all of it, commits its state to disk and writes its output. The
seconds are those of the whole process, from its start to its end. Aim: 100,000 changes/s with exactly-once and state on
disk.

${throughputTable(throughput)}

### Soak: \`npm run soak\`

A job under a constant load. Memory in MB: after the warm-up, at the end, and the linear trend in between, of the heap and
of what the process has besides mapped files.

${soakTable(soak)}
`
}

const none = 'Not run yet.'

function chaosTable(entries: readonly ChaosEntry[]): string {
  return table(
    'work | rounds | seed | minutes | changes | sent again | jobs killed | states lost | services | rows seen | never given | rows at the end | result | day',
    entries.map(e => [
      e.work,
      e.rounds,
      e.seed,
      e.minutes,
      e.changes,
      e.redelivered,
      e.jobKills,
      e.lostStates,
      e.faults,
      e.seen,
      e.never,
      e.rows,
      e.result,
      e.day,
    ]),
    entries,
  )
}

function latencyTable(entries: readonly LatencyEntry[]): string {
  return table(
    'changes/s | reached | poll.interval.ms | changes | p50 | p95 | p99 | max | own p50 | own p95 | own p99 | own max | day',
    entries.map(({ rate, reached, pollMs, changes, total, own, day }) => [
      rate,
      reached,
      pollMs,
      changes,
      ...Object.values(total),
      ...Object.values(own),
      day,
    ]),
    entries,
  )
}

function throughputTable(entries: readonly ThroughputEntry[]): string {
  return table(
    'work | changes | seconds | changes/s | changes per second of processor time | state on disk, MB | day',
    entries.map(({ work, changes, seconds, perSecond, perProcessorSecond, stateBytes, day }) => [
      work,
      changes,
      seconds,
      perSecond,
      perProcessorSecond,
      stateBytes === null ? '–' : Math.round(stateBytes / 1e6),
      day,
    ]),
    entries,
  )
}

function soakTable(entries: readonly SoakEntry[]): string {
  const trend = ({ start, end, perHour }: Trend): string => `${start} → ${end}, ${perHour} an hour`
  return table(
    'work | minutes | changes/s | reached | rows | heap | memory | state on disk, MB | lag p50, records | lag max | day',
    entries.map(e => [
      e.work,
      e.minutes,
      e.rate,
      e.reached,
      `${e.rows.start} → ${e.rows.end}`,
      trend(e.heap),
      trend(e.anonymous),
      Math.round(e.stateBytes / 1e6),
      e.lag.p50,
      e.lag.max,
      e.day,
    ]),
    entries,
  )
}

function table(
  header: string,
  rows: readonly (readonly (string | number)[])[],
  entries: readonly LiveRun[],
): string {
  if (rows.length === 0) return none
  const columns = header.split(' | ')
  const align = columns.map((_, i) => (typeof rows[0]![i] === 'number' ? '--:' : '---'))
  const lines = rows.map(row =>
    row.map(cell => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)).join(' | '),
  )
  const notes = entries.flatMap(({ note }) => (note === undefined ? [] : [`\n${note}`]))
  return (
    [header, align.join(' | '), ...lines].map(line => `| ${line} |`).join('\n') +
    [...new Set(notes)].map(note => `\n${note}`).join('')
  )
}
