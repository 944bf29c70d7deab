import type { Row } from '../change/column-type.js'
import type { Part } from './aggregate-part.js'
import type { Cell, CellRow } from './cell.js'
import { OutputRow } from './output-row.js'
import { withParams } from './param.js'
import { plainAggregate } from './plain-aggregate.js'
import { type Plan, stepsOf } from './plan.js'
import type { SqlTable } from './sql-relation.js'
import { type PlanUntranslatable, SqlSteps } from './sql-steps.js'
import { refusedValue, type SqlField, type SqlValue } from './sql-value.js'
import { StepFailure } from './step-failure.js'

export type { PlanUntranslatable } from './sql-steps.js'

/** A column of a query's result. */
export interface PlanSqlColumn {
  name: string
  /** What its values are; `cell` is a list or an object. */
  type: SqlValue['type']
  /** A list of numbers that {@link PlanSql.decode} makes the exact sum or mean of. */
  pending?: 'sum' | 'mean'
}

/** A plan as one query of DuckDB, whose rows are the output's, in no order. */
export interface PlanSql {
  /** One SELECT. Its first columns are the key's, then come the row's. */
  sql: string
  key: readonly PlanSqlColumn[]
  columns: readonly PlanSqlColumn[]
  /**
   * The key and the row of one row of the result, from its values as JavaScript has them: DOUBLE as number, HUGEINT as
   * bigint, a list as array, a struct as object.
   */
  decode(values: readonly unknown[]): { key: Row; row: CellRow }
}

/**
 * Translates a plan to one query of DuckDB over the final tables of its topics, by topic, such that its rows are those
 * that `recompute` gives, byte for byte once encoded; or says what of it has no faithful translation. The tables hold
 * the current rows; those that the topic's definition counts as deleted are left out here.
 *
 * A query that meets a value whose treatment differs between JavaScript and SQL fails instead of giving another result:
 * see {@link isRefusedValue}.
 */
export function planSql(
  plan: Plan,
  tables: ReadonlyMap<string, SqlTable>,
): PlanSql | readonly PlanUntranslatable[] {
  const translation = new SqlSteps(plan, tables)
  const result = withParams(plan.params, () => translation.relation(plan.root))
  if (result === null) return translation.refused
  const key =
    plan.key === null ? result.key : plan.key.map(name => ({ name, value: result.columns.get(name) }))
  const isComplete = key?.every((field): field is SqlField => field.value !== undefined)
  if (key === null || !isComplete || key.length === 0) {
    const reason = 'the output needs a key of columns that every row has'
    return [{ operator: `${stepsOf(plan.root).length}:to`, step: '.to(…)', expression: plan.output, reason }]
  }
  const fields = [...result.columns].map(([name, value]) => ({ name, value }))
  const keyed = key as SqlField[]
  const outputs = [...keyed, ...fields].map(({ value }, i) => `${value.sql} AS o${i}`)
  const sql = `${translation.with}SELECT ${outputs.join(', ')}\nFROM ${result.from}${onePerKey(keyed, result.identity)}`
  const keyColumns = keyed.map(columnOf)
  const columns = fields.map(columnOf)
  const outputRow = new OutputRow(plan)
  return {
    sql,
    key: keyColumns,
    columns,
    decode: values => ({
      key: decoded(keyColumns, values) as Row,
      row: declared(outputRow, decoded(columns, values.slice(keyColumns.length))),
    }),
  }
}

/** A row that does not fit the declared schema is set aside elsewhere, and another of its key may be written. */
function declared(outputRow: OutputRow, row: CellRow): CellRow {
  try {
    return outputRow.of(row)
  } catch (cause) {
    if (cause instanceof StepFailure) throw new Error(refusedValue)
    throw cause
  }
}

/** Whether an error of DuckDB says that a query met a value that is treated otherwise in SQL. */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && error.message.includes(refusedValue)
}

/** Of rows with one key the one of the lowest identity; none of rows whose key has a null or NaN. */
function onePerKey(key: readonly SqlField[], identity: readonly string[]): string {
  const isWritten = key.map(({ value: { sql, type } }) =>
    type === 'number' ? `${sql} IS NOT NULL AND NOT isnan(${sql})` : `${sql} IS NOT NULL`,
  )
  const columns = key.map(({ value }) => value.sql).join(', ')
  const order = identity.map(sql => `${sql} ASC NULLS FIRST`).join(', ')
  const first = `row_number() OVER (PARTITION BY ${columns} ORDER BY ${order}) = 1`
  return `\nWHERE ${isWritten.join(' AND ')}\nQUALIFY ${first}`
}

function columnOf({ name, value: { type, pending } }: SqlField): PlanSqlColumn {
  return pending === undefined ? { name, type } : { name, type, pending }
}

function decoded(columns: readonly PlanSqlColumn[], values: readonly unknown[]): CellRow {
  const row: Record<string, Cell> = {}
  columns.forEach(({ name, pending }, i) => {
    const value = values[i] as Cell
    row[name] =
      pending === undefined || value === null ? value : plainAggregate(pending, value as readonly Part[])
  })
  return row
}
