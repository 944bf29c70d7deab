/** A step of a plan as DuckDB's `EXPLAIN (FORMAT json)` writes it. */
interface PlanStep {
  name: string
  children: readonly PlanStep[]
  extra_info: { Table?: string; Projections?: string | readonly string[] }
}

/** Steps that read no table: what feeds them is constant, or another step of the same plan. */
const feeding: ReadonlySet<string> = new Set([
  'DUMMY_SCAN',
  'EMPTY_RESULT',
  'EXPRESSION_SCAN',
  'COLUMN_DATA_SCAN',
  'CTE_SCAN',
  'REC_CTE_SCAN',
  'RECURSIVE_CTE_SCAN',
  'DELIM_SCAN',
  'RANGE',
  'GENERATE_SERIES',
  'UNNEST',
  'READ_CSV',
  'READ_CSV_AUTO',
  'READ_JSON',
  'READ_JSON_AUTO',
  'READ_PARQUET',
  'PARQUET_SCAN',
])

/**
 * The columns that a plan's scans read, as `table.column`; null when a step may look at tables in a way of its own, as
 * the table functions that show DuckDB's storage do. A result cannot depend on a column that no scan reads, provided
 * the plan was made without statistics of the data.
 */
export function columnsScanned(plan: string): ReadonlySet<string> | null {
  const scanned = new Set<string>()
  const visit = ({ name, children, extra_info }: PlanStep): boolean => {
    const { Table: table, Projections: columns = [] } = extra_info
    if (name.trim() === 'SEQ_SCAN' && table !== undefined) {
      const own = table.slice(table.lastIndexOf('.') + 1)
      for (const column of typeof columns === 'string' ? [columns] : columns) scanned.add(`${own}.${column}`)
    } else if (children.length === 0 && !feeding.has(name.trim())) {
      return false
    }
    return children.every(visit)
  }
  return (JSON.parse(plan) as PlanStep[]).every(visit) ? scanned : null
}
