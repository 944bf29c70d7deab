import { type LiveResults, renderLive } from './live-results.js'

/** One comparison: a line of results.json. */
export interface Result {
  /** Group and name: `decode.table`. */
  id: string
  /** What both sides did. */
  work: string
  /** In `unit`; null where it could not be measured. */
  ours: number | null
  peer: number | null
  /** Whom we compare with, in which configuration. */
  peerName: string
  /** A rate, `changes/s`, or a time, `ms`. */
  unit: string
  /** How many times better ours is: above 1 when it is. */
  ratio: number | null
  /** The ratio to reach. */
  aim: number
  /** Why the aim is missed, or why nothing was measured. */
  note?: string
}

/** Where the results come from. */
export interface Machine {
  cpu: string
  cores: number
  memory: string
  node: string
  day: string
  dataset: string
}

/** A comparison of rates. */
export function rates(
  about: Omit<Result, 'ours' | 'peer' | 'ratio'>,
  count: number,
  ms: { ours: number; peer: number },
): Result {
  const perSecond = (took: number): number => Math.round((count / took) * 1000)
  return result({
    ...about,
    ours: perSecond(ms.ours),
    peer: perSecond(ms.peer),
    ratio: ratio(ms.peer, ms.ours),
  })
}

/** A comparison of times. */
export function times(
  about: Omit<Result, 'ours' | 'peer' | 'ratio' | 'unit'>,
  ms: { ours: number; peer: number },
): Result {
  const rounded = (took: number): number => Math.round(took * 100) / 100
  return result({
    ...about,
    unit: 'ms',
    ours: rounded(ms.ours),
    peer: rounded(ms.peer),
    ratio: ratio(ms.peer, ms.ours),
  })
}

/** A comparison of sizes, bytes for each of `rows`. */
export function sizes(
  about: Omit<Result, 'ours' | 'peer' | 'ratio' | 'unit'>,
  rows: number,
  bytes: { ours: number; peer: number },
): Result {
  return result({
    ...about,
    unit: 'bytes/row',
    ours: Math.round(bytes.ours / rows),
    peer: Math.round(bytes.peer / rows),
    ratio: ratio(bytes.peer, bytes.ours),
  })
}

/** A note is for an aim that is missed. */
function result({ note, ...measured }: Result): Result {
  return note === undefined || reached(measured) ? measured : { ...measured, note }
}

function ratio(peer: number, ours: number): number {
  return Number((peer / ours).toPrecision(3))
}

/** Whether an aim was reached; false too where nothing was measured. */
function reached({ ratio, aim }: Result): boolean {
  return ratio !== null && ratio >= aim
}

/** RESULTS.md. */
export function render(results: readonly Result[], machine: Machine, live: LiveResults): string {
  const { cpu, cores, memory, node, day, dataset } = machine
  const rows = results.map(
    result =>
      `| ${result.work} | ${amount(result.ours)} | ${amount(result.peer)} | ${result.unit} | ${result.peerName} | ` +
      `${result.ratio === null ? '–' : `${result.ratio}×`} | ${result.aim}× |`,
  )
  const missed = results.filter(result => !reached(result))
  const notes = missed.map(({ id, work, ratio, note }) => {
    const what = ratio === null ? 'Not measured' : 'Missed'
    return `- **${work}** (\`${id}\`). ${what}: ${note ?? 'the reason is not known yet.'}`
  })
  return `# What obslab costs

Written by \`npm run bench\`, and by the runs on the real stack at the end; do not edit by hand. A ratio above 1 says how many times better ours is. Works take turns in
one run, and the medians are compared: the absolute figures of a busy machine mean little, the ratios hold better. The
aims of decode and replay are the project's; the others were set with the first run.

${cpu}, ${cores} cores, ${memory}, Node ${node}, ${day}. ${dataset}

| work | ours | peer | unit | peer | ratio | aim |
| --- | --: | --: | --- | --- | --: | --: |
${rows.join('\n')}

${notes.length === 0 ? 'Every aim is reached.' : `## Aims that were not reached\n\n${notes.join('\n')}`}
${renderLive(live)}`
}

function amount(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en')
}
