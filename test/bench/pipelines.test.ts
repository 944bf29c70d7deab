import { expect, test } from 'vitest'
import { DuckTables, queries } from './pipeline-duckdb.js'
import { batches, plans, runs } from './pipeline-runs.js'

const changes = 6000
const every = 500

/** Sums of doubles are exact in ours alone. */
function sorted(written: ReadonlyMap<string, string>): [string, string][] {
  return Array.from(written, ([key, row]): [string, string] => [
    key,
    row.replace(/"total":([\d.]+)/, (_, total) => `"total":${Number(total).toPrecision(12)}`),
  ]).sort()
}

test.each(Object.keys(plans) as (keyof typeof plans)[])(
  'all that is compared for %s gives the same rows',
  async name => {
    const all = Object.values(runs[name]).map(run => run())
    for (const batch of batches(plans[name], changes, every)) for (const run of all) run.take(batch)
    const [ours, ...others] = all.map(run => sorted(run.written()))
    expect(ours!.length).toBeGreaterThan(name === 'hot' ? 0 : 100)
    for (const other of others) expect(other).toEqual(ours)
    const duckdb = await DuckTables.load(plans[name], changes, every)
    await duckdb.run(queries[name], changes / every)
    const written = await duckdb.written(name)
    duckdb.close()
    expect(sorted(written)).toEqual(ours)
  },
)
