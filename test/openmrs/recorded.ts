import type { Row } from '../../src/change/column-type.js'
import { Engine } from '../../src/pipeline/engine.js'
import { rowText } from '../../src/pipeline/output.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import { planTopics } from '../../src/pipeline/plan.js'
import { bindPlan } from '../../src/pipeline/plan-changes.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { openSource } from '../../src/source/open-source.js'
import { CurrentTables } from '../../src/validate/current-tables.js'
import { finalRows } from '../datasets/final-rows.js'

/** What became of a pipeline on the recording `datasets/openmrs`: its rows as they are written, sorted. */
export interface Recorded<R> {
  /** Kept up change by change, the output taken now and then. */
  incremental: string[]
  /** Computed from the tables that the changes left. */
  recomputed: string[]
  /** The incremental rows, ordered by encounter. */
  rows: R[]
}

/** Runs a pipeline over the recording. */
export async function recorded<R extends object>(pipeline: Pipeline<R>): Promise<Recorded<R>> {
  const source = await openSource('datasets/openmrs')
  const { plan, changes } = await bindPlan(source, pipeline.plan)
  const engine = new Engine(plan, { onError: 'stop' })
  const tables = new CurrentTables(planTopics(plan.root))
  for await (const chunk of changes) {
    for (const { change, redelivered } of chunk.changes) {
      if (redelivered) continue
      engine.apply([change])
      if (change.kind === 'row' || change.kind === 'tombstone') tables.apply(change)
      if (change.offset % 1_000 === 0) engine.flush()
    }
  }
  engine.flush()
  await source.close()
  const incremental = [...engine.output.values()]
  const rows: R[] = incremental.map(text => JSON.parse(text))
  const encounterOf = (row: R): number => (row as { encounter_id: number }).encounter_id
  return {
    incremental: incremental.sort(),
    recomputed: recompute(plan, tables.rows, { onError: 'stop' })
      .map(({ row }) => rowText(row!))
      .sort(),
    rows: rows.sort((a, b) => encounterOf(a) - encounterOf(b)),
  }
}

const tables = finalRows('openmrs')

/**
 * The rows that MySQL held of a table when the recording ended, without the voided ones if not asked for: numbers as
 * numbers, times as milliseconds, everything else as text.
 */
export function finalTable<R extends object>(
  table: string,
  { includeVoided = false }: { includeVoided?: boolean } = {},
): R[] {
  const { columns, rows } = tables.get(table)!
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  const decoded = (text: string | null, type: string): Row[string] => {
    if (text === null) return null
    if (type === 'datetime') return Date.parse(`${text.replace(' ', 'T')}Z`)
    return /int|double/.test(type) ? Number(text) : text
  }
  return rows
    .map(row =>
      Object.fromEntries(Object.entries(row).map(([name, text]) => [name, decoded(text, types.get(name)!)])),
    )
    .filter(row => includeVoided || row.voided === 0) as R[]
}

/** The rows by what `keyOf` gives, in their order. */
export function groupsBy<R, K>(rows: readonly R[], keyOf: (row: R) => K): Map<K, R[]> {
  const groups = new Map<K, R[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group === undefined) groups.set(keyOf(row), [row])
    else group.push(row)
  }
  return groups
}
