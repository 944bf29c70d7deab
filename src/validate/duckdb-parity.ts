import type { DuckDBConnection } from '@duckdb/node-api'
import { ObslabError } from '../errors.js'
import type { Frame } from '../frame/frame.js'
import { appendColumns, type DuckDB, presence, type SqlColumn, sqlColumn } from '../frame/sql-table.js'
import { loadPackage } from '../optional-package.js'
import type { ColumnsRead } from '../pipeline/columns-read.js'
import { keyText, rowText } from '../pipeline/output.js'
import type { Plan } from '../pipeline/plan.js'
import { isRefusedValue, type PlanSql, planSql } from '../pipeline/plan-sql.js'
import type { SqlTable } from '../pipeline/sql-relation.js'
import type { CompactedOutput } from './parity.js'

/** What {@link duckdbOutput} computes of. */
export interface DuckdbInput {
  plan: Plan
  /** The current rows of each topic. */
  tables: ReadonlyMap<string, Frame<object>>
  /** The columns that the plan may read of each topic. */
  columns: ReadonlyMap<string, ColumnsRead>
}

/** The output as DuckDB computes it from the final tables, or why it was not asked. */
export type DuckdbResult = { output: CompactedOutput } | { skipped: string }

/**
 * Computes a plan by one query of DuckDB over the final tables, which shares nothing with the engine. Skipped where the
 * package is not installed, the plan has no faithful form in SQL, or a value is treated otherwise there.
 */
export async function duckdbOutput({ plan, tables, columns }: DuckdbInput): Promise<DuckdbResult> {
  const frames = [...tables].map(([topic, frame], i) => ({
    topic,
    name: `final_${i}`,
    frame: read(frame, columns.get(topic)),
  }))
  const query = planSql(plan, new Map(frames.map(({ topic, name, frame }) => [topic, sqlTable(name, frame)])))
  if (!('sql' in query)) {
    const [first] = query
    return {
      skipped:
        first === undefined ? 'SQL has no form of it' : `${first.step} has no form in SQL: ${first.reason}`,
    }
  }
  let duckdb: DuckDB
  try {
    duckdb = await loadPackage('@duckdb/node-api', 'comparing with DuckDB', () => import('@duckdb/node-api'))
  } catch (error) {
    if (error instanceof ObslabError && error.code === 'package-missing') return { skipped: error.message }
    throw error
  }
  const instance = await duckdb.DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    for (const { name, frame } of frames) await load(duckdb, connection, name, frame)
    return { output: await run(connection, query) }
  } catch (error) {
    if (isRefusedValue(error)) return { skipped: 'a value is treated otherwise in SQL' }
    // The rest of its message may hold values of rows.
    const [, kind = 'Unknown'] = /^([A-Z][\w ]*?) Error:/.exec(String((error as Error)?.message)) ?? []
    return { skipped: `it stopped with its ${kind} Error` }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function run(connection: DuckDBConnection, query: PlanSql): Promise<CompactedOutput> {
  const rows = (await connection.runAndReadAll(query.sql)).getRowsJS()
  return new Map(
    rows.map(values => {
      const { key, row } = query.decode(values)
      return [keyText(key), rowText(row)]
    }),
  )
}

function read(frame: Frame<object>, columns: ColumnsRead = 'all'): Frame<object> {
  if (columns === 'all') return frame
  return frame.select(...frame.names.filter((name): name is never => columns.has(name)))
}

function sqlTable(name: string, { columns }: Frame<object>): SqlTable {
  return {
    name,
    stored: 'frame',
    columns: columns.map(column => ({
      name: column.name,
      kind: column.kind,
      nullable: column.nullCount > 0,
    })),
  }
}

async function load(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  name: string,
  frame: Frame<object>,
): Promise<void> {
  const columns: SqlColumn[] = [...frame.columns, presence(frame.length)].map(column =>
    sqlColumn(duckdb, column),
  )
  const declared = columns.map(({ column, type }, i) => {
    const named = i === columns.length - 1 ? `present_${name}` : column.name
    return `${duckdb.quotedIdentifier(named)} ${type.alias ?? type}`
  })
  await connection.run(`CREATE TABLE ${name} (${declared.join(', ')})`)
  await appendColumns(duckdb, connection, name, columns, frame.length)
}
