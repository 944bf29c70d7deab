import type { ColumnKind } from '../change/column-type.js'
import type { Aggregate } from './aggregate.js'
import { expressionOf, Untranslatable } from './expression.js'
import { SqlTranslator } from './sql-expression.js'
import { refusing, type SqlField, type SqlType, type SqlValue, sqlName, sqlNumber } from './sql-value.js'

/** A table that holds the current rows of a topic. */
export interface SqlTable {
  /** Its name in the query, as SQL writes it. */
  name: string
  columns: readonly SqlColumn[]
  /**
   * How values are stored. `values`: as a pipeline's rows have them: DOUBLE for `int`, `double`, `datetime` and
   * `timestamp` (milliseconds), HUGEINT for `bigint`, BOOLEAN, BLOB, and VARCHAR for the rest. `frame`: as frames go into
   * DuckDB for `lab.sql`.
   */
  stored: 'values' | 'frame'
}

/** A column of such a table. */
export interface SqlColumn {
  name: string
  kind: ColumnKind
  /** Whether a value may be null: what the schema says, not what happens to be. */
  nullable: boolean
}

/** The rows of a step as a query: its columns, by place named `c0`, `c1`, …, and what identifies and orders a row. */
export interface Relation {
  /** What follows FROM. */
  from: string
  columns: ReadonlyMap<string, SqlValue>
  /** The columns of the key that the rows have of themselves; null when they have none. */
  key: readonly SqlField[] | null
  /** Expressions that order rows as their identities do, nulls first. */
  identity: readonly string[]
}

const types: Readonly<Record<ColumnKind, SqlType>> = {
  int: 'number',
  bigint: 'bigint',
  double: 'number',
  decimal: 'string',
  datetime: 'number',
  timestamp: 'number',
  date: 'string',
  time: 'string',
  boolean: 'boolean',
  bytes: 'bytes',
  json: 'string',
  text: 'string',
}

const plainKinds: ReadonlySet<ColumnKind> = new Set(['decimal', 'date', 'time'])

/** The columns of a table as values of rows. */
export function tableColumns({ columns, stored }: SqlTable): SqlField[] {
  return columns.map(({ name, kind, nullable }) => {
    const value: SqlValue = {
      sql: stored === 'values' ? sqlName(name) : ofFrame(sqlName(name), kind),
      type: types[kind],
      nullable,
      whole: kind === 'int',
      plain: plainKinds.has(kind),
    }
    if (kind === 'time' && stored === 'frame') value.refused = 'a TIME of a frame has no one form in DuckDB'
    return { name, value }
  })
}

/** The value of a row from that of a frame's column in DuckDB. */
function ofFrame(sql: string, kind: ColumnKind): string {
  switch (kind) {
    case 'int':
      return `CAST(${sql} AS DOUBLE)`
    case 'bigint':
      return `CAST(${sql} AS HUGEINT)`
    case 'datetime':
    case 'timestamp': {
      const ms = `(epoch_us(${sql}) / 1000)`
      return `(CASE WHEN abs(${ms}) < 8796093022208 THEN ${ms} ELSE floor(${ms}) END)`
    }
    case 'decimal':
    case 'date':
    case 'json':
      return `CAST(${sql} AS VARCHAR)`
    default:
      return sql
  }
}

/** The order of rows by a value and then by their identity, ascending, for ORDER BY. */
export function ordered(by: string, { identity }: Relation): string {
  return [by, ...identity].map(one => `${one} ASC NULLS FIRST`).join(', ')
}

/** The same order from the last to the first. */
export function orderedBack(by: string, { identity }: Relation): string {
  return [by, ...identity].map(one => `${one} DESC NULLS LAST`).join(', ')
}

/** The value of one aggregate over a group of a relation's rows. */
export function aggregateSql(aggregate: Aggregate, input: Relation): SqlValue {
  const { kind, value: read, where, by } = aggregate
  const translator = new SqlTranslator([{ columns: input.columns, present: null }])
  const taken = where === null ? 'true' : translator.test(expressionOf(where))
  const number = (sql: string): SqlValue => ({
    sql: `CAST(${sql} AS DOUBLE)`,
    type: 'number',
    nullable: false,
    whole: true,
  })
  if (read === null) return number(`count(*) FILTER (WHERE ${taken})`)
  const expression = expressionOf(read)
  const value = kind === 'collect' ? translator.cell(expression) : translator.value(expression)
  const some = `FILTER (WHERE ${taken} AND ${value.sql} IS NOT NULL)`
  if (by !== null) {
    const order = `ORDER BY ${ordered(translator.value(expressionOf(by)).sql, input)}`
    const filter = `FILTER (WHERE ${taken})`
    if (kind === 'collect') {
      const sql = `coalesce(list(${value.sql} ${order}) ${filter}, [])`
      return { sql, type: 'cell', nullable: false, refused: 'nothing is computed of a list' }
    }
    return { ...value, sql: `${kind}(${value.sql} ${order}) ${filter}`, nullable: true }
  }
  switch (kind) {
    case 'count':
      return number(`count(*) ${some}`)
    case 'countDistinct':
      return number(`count(DISTINCT ${value.sql}) ${some}`)
    case 'min':
    case 'max':
      return { ...value, sql: `${kind}(${value.sql}) ${some}`, nullable: true }
    default:
      return summed(kind === 'mean' ? 'mean' : 'sum', value, some, expression.text)
  }
}

/**
 * DuckDB's sums of doubles depend on the order of the rows. Whole numbers are summed as integers, and of others the
 * values themselves are the result, to be summed exactly by who reads it.
 */
function summed(kind: 'sum' | 'mean', value: SqlValue, some: string, text: string): SqlValue {
  const { sql, type, whole } = value
  if (type === 'bigint' && kind === 'sum') return { ...value, sql: `sum(${sql}) ${some}`, nullable: true }
  if (type === 'number' && whole) {
    const total = `(sum(CAST(${sql} AS HUGEINT)) ${some})`
    const double = refusing(`abs(${total}) > 9007199254740992`, `${kind}()`, `CAST(${total} AS DOUBLE)`)
    const result = kind === 'sum' ? double : `(${double} / (count(*) ${some}))`
    return { sql: result, type, nullable: true, whole: kind === 'sum' }
  }
  if (type !== 'number' && type !== 'bigint' && type !== 'string') {
    throw new Untranslatable(text, `a ${type} has no ${kind}`)
  }
  return {
    sql: `list(${sql}) ${some}`,
    type: kind === 'mean' ? 'number' : type,
    nullable: true,
    pending: kind,
    refused: 'it is a sum or mean that is only rounded when the result is read',
  }
}

/** Whether two values are the same by their identity, as keys are: no null is, and an integer is one as bigint too. */
export function sameKey(a: SqlValue, b: SqlValue): string {
  if (a.type === 'null' || b.type === 'null') return 'false'
  if (a.type === b.type) return `(${a.sql} = ${b.sql})`
  if (a.type === 'number' && b.type === 'bigint') return `(${integerOf(a)} = ${b.sql})`
  return a.type === 'bigint' && b.type === 'number' ? `(${a.sql} = ${integerOf(b)})` : 'false'
}

function integerOf({ sql }: SqlValue): string {
  const isInteger = `isfinite(${sql}) AND floor(${sql}) = ${sql} AND abs(${sql}) < ${sqlNumber(1e21)}`
  return `(CASE WHEN ${isInteger} THEN CAST(${sql} AS HUGEINT) END)`
}
