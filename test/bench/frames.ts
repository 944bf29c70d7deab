import { DuckDBInstance } from '@duckdb/node-api'
import { mean } from '../../src/frame/aggregate.js'
import type { Frame } from '../../src/frame/frame.js'
import { appendColumns, sqlColumn } from '../../src/frame/sql-table.js'
import { ObsTopic, stretched } from './data.js'
import { medians, type Work } from './measure.js'
import { type Result, times } from './results.js'

interface Numbers {
  concept_id: number
  person_id: number
  obs_datetime: number
  value_numeric: number
}

const names = ['concept_id', 'person_id', 'obs_datetime', 'value_numeric'] as const

/** One operation, by each of the three. */
interface Operation {
  id: string
  work: string
  ours: (frame: Frame<Numbers>) => unknown
  sql: string
  danfo: (frame: Danfo) => unknown
  aims: { duckdb: number; danfo: number }
}

type Danfo = Awaited<ReturnType<Frame['danfo']>>

const operations: readonly Operation[] = [
  {
    id: 'mean-by-concept',
    work: 'mean by concept',
    ours: frame => frame.groupBy('concept_id').aggregate({ mean: mean('value_numeric') }),
    sql: 'SELECT concept_id, avg(value_numeric) FROM obs GROUP BY 1 ORDER BY 1',
    danfo: frame => frame.groupby(['concept_id']).col(['value_numeric']).mean(),
    aims: { duckdb: 1, danfo: 10 },
  },
  {
    id: 'mean-by-person',
    work: 'mean by person',
    ours: frame => frame.groupBy('person_id').aggregate({ mean: mean('value_numeric') }),
    sql: 'SELECT person_id, avg(value_numeric) FROM obs GROUP BY 1 ORDER BY 1',
    danfo: frame => frame.groupby(['person_id']).col(['value_numeric']).mean(),
    aims: { duckdb: 1, danfo: 10 },
  },
  {
    id: 'sort',
    work: 'sort by obs_datetime',
    ours: frame => frame.sort('obs_datetime'),
    sql: 'CREATE OR REPLACE TABLE result AS SELECT * FROM obs ORDER BY obs_datetime',
    danfo: frame => frame.sortValues('obs_datetime'),
    aims: { duckdb: 1, danfo: 10 },
  },
  {
    id: 'filter',
    work: 'value_numeric > 100',
    ours: frame => frame.filter(row => row.value_numeric > 100),
    sql: 'CREATE OR REPLACE TABLE result AS SELECT * FROM obs WHERE value_numeric > 100',
    danfo: frame => frame.query(frame.column('value_numeric').gt(100)),
    aims: { duckdb: 1, danfo: 1 },
  },
]

/**
 * Operations on four columns without nulls, data where each keeps it: our frame, a DuckDB table, a danfo.js DataFrame.
 * danfo's groupby and sort are quadratic, so it is only asked at 20,000 rows.
 */
export async function frameResults(): Promise<Result[]> {
  const table = (await ObsTopic.open('datasets/openmrs', 1)).table().current()
  const numbers = table
    .select(...names)
    .filter(row => row.value_numeric !== null) as unknown as Frame<Numbers>
  const small = await compareAll(stretched(numbers, 20_000), true)
  return [...small, ...(await compareAll(stretched(numbers, 200_000), false))]
}

async function compareAll(frame: Frame<Numbers>, withDanfo: boolean): Promise<Result[]> {
  const duckdb = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const columns = frame.columns.map(column => sqlColumn(duckdb, column))
  const declared = columns.map(({ column, type }) => `${column.name} ${type}`)
  await connection.run(`CREATE TABLE obs (${declared.join(', ')})`)
  await appendColumns(duckdb, connection, 'obs', columns, frame.length)
  const danfo = withDanfo ? await quietly(() => frame.danfo()) : null
  const results: Result[] = []
  for (const operation of operations) {
    const works: Record<'ours' | 'duckdb' | 'danfo', Work> = {
      ours: () => operation.ours(frame),
      duckdb: async () => (await connection.runAndReadAll(operation.sql)).getColumns(),
      danfo: () => (danfo === null ? null : operation.danfo(danfo)),
    }
    results.push(...resultsOf(operation, frame.length, await medians(works, 7), withDanfo))
  }
  connection.closeSync()
  instance.closeSync()
  return results
}

function resultsOf(
  { id, work, aims }: Operation,
  rows: number,
  ms: Record<'ours' | 'duckdb' | 'danfo', number>,
  withDanfo: boolean,
): Result[] {
  const about = { work: `${work}, ${rows.toLocaleString('en')} rows` }
  const note = {
    duckdb: `DuckDB runs native code on all cores; ours is one thread of JavaScript that makes ${slow[id]}.`,
    danfo: `danfo.js adds up in a plain loop and counts null as 0; ours makes ${slow[id]}.`,
  }
  const against = (peerName: string, peer: 'duckdb' | 'danfo'): Result =>
    times(
      { ...about, id: `frame.${id}-${rows / 1000}k-${peer}`, peerName, aim: aims[peer], note: note[peer] },
      { ours: ms.ours, peer: ms[peer] },
    )
  const native = against('DuckDB, all cores', 'duckdb')
  return withDanfo ? [native, against('danfo.js', 'danfo')] : [native]
}

/** What our side pays for. */
const slow: Readonly<Record<string, string>> = {
  'mean-by-concept': 'sums that are exact and so do not depend on the order of rows',
  'mean-by-person': 'sums that are exact and so do not depend on the order of rows',
  sort: 'one index of all rows',
  filter: 'one call of a function for each row',
}

/** tfjs greets on standard output when it is loaded. */
async function quietly<T>(load: () => Promise<T>): Promise<T> {
  const { log, warn } = console
  console.log = console.warn = () => {}
  try {
    return await load()
  } finally {
    Object.assign(console, { log, warn })
  }
}
