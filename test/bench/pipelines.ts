import { bytesHeld, medians, Took, type Work } from './measure.js'
import { DuckTables, queries } from './pipeline-duckdb.js'
import { batches, CurrentRows, plans, type Run, runs } from './pipeline-runs.js'
import { type Result, rates, sizes } from './results.js'

type Name = keyof typeof plans

/** How many changes, and after how many of them what is different is wanted. */
interface Scale {
  changes: number
  every: number
}

const large: Scale = { changes: 1_000_000, every: 1_000 }
/** For who is too slow for more. */
const small: Scale = { changes: 100_000, every: 1_000 }
/** For who computes everything again each time. */
const rare: Scale = { changes: 100_000, every: 5_000 }
const whole: Scale = { changes: 300_000, every: 300_000 }
const huge: Scale = { changes: 10_000_000, every: 1_000 }

const what: Readonly<Record<Name, string>> = {
  vitals: 'vitals, a filter and a pivot',
  documents: 'documents, a join of three tables',
  'flat-obs': 'flat_obs, a join of five tables',
  'hiv-summary': 'hiv_summary, a fold',
  hot: 'one hot group, count, sum and last',
}

/** Changes a second that were aimed at, and why where they are missed. */
const aims: Readonly<Record<Name, { perSecond: number; note: string }>> = {
  vitals: {
    perSecond: 300_000,
    note: 'a third of the time goes to the collection of memory, as much to look-ups in maps of all rows and groups.',
  },
  documents: {
    perSecond: 150_000,
    note: 'a change of one obs puts a document of a dozen together again, and writes it: half a kilobyte of JSON.',
  },
  'flat-obs': {
    perSecond: 150_000,
    note:
      'a change of one obs puts a document of a dozen together again, through two joins, and writes two kilobytes of ' +
      'JSON; every obs is looked up and held twice, for itself and as what may have parts.',
  },
  'hiv-summary': {
    perSecond: 100_000,
    note: 'each encounter goes through three joins, and gives the rows after it again.',
  },
  hot: { perSecond: 100_000, note: 'one group has one ordered set of all rows.' },
}

/** Pipelines kept up change by change, against other ways to have their rows; the changes are generated. */
export async function pipelineResults(): Promise<Result[]> {
  const results: Result[] = []
  for (const name of Object.keys(plans) as Name[]) {
    process.stderr.write(`  ${name} …\n`)
    results.push(...(await incremental(name)), ...(await computedAgain(name)), state(name))
  }
  results.push(growth())
  return results
}

function workOf(name: Name, { changes, every }: Scale): string {
  const wanted = changes === every ? 'once' : `every ${every.toLocaleString('en')}`
  return `${changes.toLocaleString('en')} changes to ${what[name]}; wanted ${wanted}`
}

type Clock = () => number

/** For comparisons with what uses all cores, milliseconds. */
const wall: Clock = () => performance.now()

/** For the others: what else uses the machine does not count, milliseconds. */
const processor: Clock = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What a run takes by itself: the changes are made as they are asked for. */
function keptUp(name: Name, make: () => Run, { changes, every }: Scale, clock: Clock): () => Took {
  return () => {
    const run = make()
    let ms = 0
    for (const batch of batches(plans[name], changes, every)) {
      const started = clock()
      run.take(batch)
      ms += clock() - started
    }
    return new Took(ms)
  }
}

/** Against what was aimed at, and against others that go change by change. */
async function incremental(name: Name): Promise<Result[]> {
  const { ours, plain, ivm } = runs[name]
  const { perSecond, note } = aims[name]
  const about = {
    id: `pipeline.${name}`,
    work: `${workOf(name, large)}, processor time`,
    unit: 'changes/s',
    aim: 1,
  }
  const works: Record<string, Work> = { ours: keptUp(name, ours, large, processor) }
  if (plain !== undefined) works.plain = keptUp(name, plain, large, processor)
  const ms = (await medians(works, 3)) as { ours: number; plain?: number }
  const results: Result[] = []
  const aimed = { ours: ms.ours, peer: (large.changes / perSecond) * 1000 }
  results.push(rates({ ...about, peerName: 'what was aimed at', note }, large.changes, aimed))
  if (ms.plain !== undefined) {
    const id = `${about.id}-plain`
    const peerName = 'some thirty plain lines of JavaScript'
    const note =
      'the lines do this one thing; no row can fail, and nothing of what they hold can be kept elsewhere.'
    const both = { ours: ms.ours, peer: ms.plain }
    results.push(rates({ ...about, id, peerName, note }, large.changes, both))
  }
  const fewer = await medians(
    { ours: keptUp(name, ours, small, processor), peer: keptUp(name, ivm, small, processor) },
    1,
  )
  const other = {
    id: `${about.id}-db-ivm`,
    work: `${workOf(name, small)}, processor time`,
    peerName: '@tanstack/db-ivm',
  }
  const slower =
    'a row that is computed again from a small group costs little; no row can fail, and equal ones are written again.'
  results.push(rates({ ...about, ...other, note: slower }, small.changes, fewer))
  return results
}

const again = {
  recompute: {
    peerName: 'computed again from the current rows',
    note: 'what is held for changes to come costs more than a pass over the final rows; it pays the more is wanted.',
  },
  duckdb: {
    peerName: 'DuckDB SQL over final tables, all cores',
    note:
      'native code on all cores goes over columns, and has the final rows given; ours is one thread that takes each ' +
      'change. It pays the more rows there are beside those that change.',
  },
} as const

/** Against computing everything again, each time or once at the end. */
async function computedAgain(name: Name): Promise<Result[]> {
  const { ours, recompute } = runs[name]
  const results: Result[] = []
  for (const scale of [rare, whole]) {
    const duckdb = await DuckTables.load(plans[name], scale.changes, scale.every)
    const ms = await medians(
      {
        ours: keptUp(name, ours, scale, wall),
        recompute: keptUp(name, recompute, scale, wall),
        duckdb: async () => {
          for (let batch = 1; batch * scale.every <= scale.changes; batch++) {
            await duckdb.run(queries[name], batch)
          }
        },
      },
      1,
    )
    duckdb.close()
    const often = scale === rare
    const about = { work: workOf(name, scale), unit: 'changes/s', aim: often ? 1 : 0.3 }
    const id = `pipeline.${name}-${often ? 'each' : 'once'}`
    for (const peer of ['recompute', 'duckdb'] as const) {
      const one = { ...about, ...again[peer], id: `${id}-${peer}` }
      results.push(rates(one, scale.changes, { ours: ms.ours, peer: ms[peer] }))
    }
  }
  return results
}

/** What is held after all changes, against the rows that recomputation needs. */
function state(name: Name): Result {
  const rows = new CurrentRows(plans[name])
  const filled = (run: { take(changes: never): unknown }): unknown => {
    for (const batch of batches(plans[name], large.changes, large.every)) run.take(batch as never)
    return run
  }
  const ours = bytesHeld(() => filled(runs[name].ours()))
  const peer = bytesHeld(() => filled(rows))
  const count = [...rows.tables.values()].reduce((sum, table) => sum + table.size, 0)
  const work = `memory after ${large.changes.toLocaleString('en')} changes to ${what[name]}`
  const note = 'each join holds of both sides what its rows are made of, and the output the documents.'
  return sizes(
    { id: `pipeline.${name}-state`, work, peerName: 'the current rows in Maps', aim: 1, note },
    count,
    { ours, peer },
  )
}

/** Whether ten times the changes cost ten times as much. */
function growth(): Result {
  const { ours } = runs.vitals
  const million = keptUp('vitals', ours, large, processor)().ms
  const ms = keptUp('vitals', ours, huge, processor)().ms
  const about = {
    id: 'pipeline.vitals-growth',
    work: `${workOf('vitals', huge)}, processor time`,
    peerName: 'ours, 1,000,000 changes',
    unit: 'changes/s',
    aim: 0.7,
    note: 'what is looked up lies further apart in memory, and there is more of it to go through when memory is collected.',
  }
  return rates(about, huge.changes, { ours: ms, peer: million * (huge.changes / large.changes) })
}
