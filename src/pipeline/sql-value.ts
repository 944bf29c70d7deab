/** What the values of an SQL expression are in JavaScript. Lists and objects are only passed on. */
export type SqlType = 'number' | 'bigint' | 'string' | 'boolean' | 'bytes' | 'null' | 'cell'

/** An SQL expression and what is known about its values. NULL stands for null and undefined. */
export interface SqlValue {
  sql: string
  type: SqlType
  nullable: boolean
  /** NULL may stand for undefined, which differs from null where it is compared, added or written as text. */
  undefinable?: boolean
  /** Numbers without a fraction. */
  whole?: boolean
  /** Text of characters below U+D800 only, whose order is the same in JavaScript and in SQL. */
  plain?: boolean
  /** A list of values of which the column is the exact sum or mean, formed when the result is read. */
  pending?: 'sum' | 'mean'
  /** Why nothing may be computed of it. */
  refused?: string
}

/** A column of a result. */
export interface SqlField {
  name: string
  value: SqlValue
}

/** An SQL text literal. */
export function sqlText(text: string): string {
  const parts = text.split('\0').map(part => `'${part.replaceAll("'", "''")}'`)
  return parts.length === 1 ? parts[0]! : `(${parts.join(' || chr(0) || ')})`
}

/** An SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A double as JavaScript has it. */
export function sqlNumber(value: number): string {
  if (Number.isNaN(value)) return "CAST('nan' AS DOUBLE)"
  if (!Number.isFinite(value)) return `CAST('${value > 0 ? '' : '-'}inf' AS DOUBLE)`
  return `CAST('${Object.is(value, -0) ? '-0.0' : value}' AS DOUBLE)`
}

/** The value, null as 0: what arithmetic and comparisons make of it. */
export function orZero({ sql, type, nullable }: SqlValue): string {
  if (type === 'null') return sqlNumber(0)
  return nullable ? `coalesce(${sql}, ${type === 'bigint' ? 'CAST(0 AS HUGEINT)' : sqlNumber(0)})` : sql
}

/** JavaScript's truth of a value: never NULL. */
export function truth({ sql, type, nullable }: SqlValue): string {
  const sure = (test: string): string => (nullable ? `coalesce(${test}, false)` : test)
  switch (type) {
    case 'boolean':
      return sure(sql)
    case 'number':
      return sure(`(${sql} <> 0 AND NOT isnan(${sql}))`)
    case 'bigint':
      return sure(`(${sql} <> 0)`)
    case 'string':
      return sure(`(${sql} <> '')`)
    case 'null':
      return 'false'
    default:
      return nullable ? `(${sql} IS NOT NULL)` : 'true'
  }
}

/** `===` of two values of the same type: null equals null, NaN nothing. Never NULL. */
export function sameSql(a: SqlValue, b: SqlValue): string {
  if (a.type === 'null' && b.type === 'null') return 'true'
  if (a.type === 'null' || b.type === 'null') {
    const other = a.type === 'null' ? b : a
    return other.nullable ? `(${other.sql} IS NULL)` : 'false'
  }
  if (a.type !== b.type) {
    return a.nullable && b.nullable ? `(${a.sql} IS NULL AND ${b.sql} IS NULL)` : 'false'
  }
  const equal =
    a.nullable || b.nullable ? `(${a.sql} IS NOT DISTINCT FROM ${b.sql})` : `(${a.sql} = ${b.sql})`
  return a.type === 'number' ? `(${equal} AND NOT coalesce(isnan(${a.sql}), false))` : equal
}

/** The text that JavaScript makes of a value; null is 'null'. */
export function textSql(value: SqlValue): string {
  const { sql, nullable } = value
  const written = writtenSql(value)
  return nullable ? `(CASE WHEN ${sql} IS NULL THEN 'null' ELSE ${written} END)` : written
}

function writtenSql({ sql, type }: SqlValue): string {
  switch (type) {
    case 'string':
      return sql
    case 'boolean':
      return `(CASE WHEN ${sql} THEN 'true' ELSE 'false' END)`
    case 'bigint':
      return `CAST(${sql} AS VARCHAR)`
    case 'number':
      // JSON writes the same digits as JavaScript, but '5.0' for 5 and '1e300' for 1e+300.
      return (
        `(CASE WHEN isnan(${sql}) THEN 'NaN' WHEN isinf(${sql}) THEN CASE WHEN ${sql} > 0 THEN 'Infinity' ELSE '-Infinity' END ` +
        `WHEN ${sql} = 0 THEN '0' ELSE regexp_replace(regexp_replace(CAST(to_json(${sql}) AS VARCHAR), '\\.0$', ''), 'e(\\d)', 'e+\\1') END)`
      )
    default:
      return "'null'"
  }
}

/** The number of UTF-16 units of a text: characters beyond U+FFFF count twice. */
export function lengthSql(sql: string): string {
  return `CAST(length(regexp_replace(${sql}, '[\\x{10000}-\\x{10FFFF}]', 'xx', 'g')) AS DOUBLE)`
}

/** What {@link SqlValue.plain} asks for. */
export function isPlain(text: string): boolean {
  return !/[\ud800-\uffff]/.test(text)
}

/** A query that meets a value which SQL treats otherwise than JavaScript fails with this and the function's name. */
export const refusedValue = 'obslab: no faithful SQL'

/** `sql`, failing for values of which `test` is true. */
export function refusing(test: string, name: string, sql: string): string {
  return `(CASE WHEN ${test} THEN error('${refusedValue} for a value of ${name}') ELSE ${sql} END)`
}
