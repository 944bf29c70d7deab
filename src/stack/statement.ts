/** A value of a statement. Dates and times are text, decimals too, so that no driver or time zone touches them. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** Column names and values of one row; columns left out get their default. */
export type SqlRow = Readonly<Record<string, SqlValue>>

/** One SQL statement with `?` for each value. */
export interface Statement {
  sql: string
  values: readonly SqlValue[]
}

/** What a step of the simulation does. Every kind comes up in every life. */
export type StepKind =
  | 'metadata'
  | 'patient'
  | 'visit'
  | 'form'
  | 'loose-obs'
  | 'edit-in-place'
  | 'edit-new-version'
  | 'void'
  | 'unvoid'
  | 'empty-encounter'
  | 'void-encounter'
  | 'unvoid-encounter'
  | 'move'
  | 'reschedule'
  | 'stop-order'
  | 'change-person'
  | 'death'
  | 'delete'
  | 'key-change'
  | 'no-change'
  | 'rollback'
  | 'types'
  | 'bulk'
  | 'alter'

/** Statements that belong together: one transaction, except for DDL, which MySQL commits by itself. */
export interface Step {
  kind: StepKind
  statements: readonly Statement[]
  /** How many rows it inserts, updates or deletes: the changes that Debezium will see. */
  rows: number
  /** Whether the transaction is rolled back instead of committed. */
  rollback?: boolean
}

/** `INSERT` of rows that all have the columns of the first. */
export function insert(table: string, rows: readonly SqlRow[]): Statement {
  const columns = Object.keys(rows[0] ?? {})
  const tuple = `(${columns.map(() => '?').join(',')})`
  return {
    sql: `INSERT INTO ${table} (${columns.join(',')}) VALUES ${rows.map(() => tuple).join(',')}`,
    values: rows.flatMap(row => columns.map(column => row[column] ?? null)),
  }
}

/** `UPDATE` of the row whose `key` column holds `id`. */
export function update(table: string, key: string, id: number, set: SqlRow): Statement {
  const columns = Object.keys(set)
  return {
    sql: `UPDATE ${table} SET ${columns.map(column => `${column}=?`).join(',')} WHERE ${key}=?`,
    values: [...columns.map(column => set[column] ?? null), id],
  }
}

/** A statement without values. */
export function plain(sql: string): Statement {
  return { sql, values: [] }
}

/** `YYYY-MM-DD hh:mm:ss` in UTC of milliseconds since the epoch. */
export function datetime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/** `YYYY-MM-DD` in UTC of milliseconds since the epoch. */
export function date(ms: number): string {
  return datetime(ms).slice(0, 10)
}
