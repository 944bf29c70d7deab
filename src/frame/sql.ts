import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBValue } from '@duckdb/node-api'
import type { Row } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { loadPackage } from '../optional-package.js'
import type { Column } from './column.js'
import { Frame } from './frame.js'
import { columnsScanned } from './sql-plan.js'
import { resultColumns } from './sql-result.js'
import { appendColumns, type DuckDB, presence, type SqlColumn, sqlColumn } from './sql-table.js'

/** A frame of any rows. */
type AnyFrame = Pick<Frame, 'columns' | 'length'>

/** A value bound to a query. */
export type SqlParameter = string | number | bigint | boolean | null | Date | Uint8Array

/**
 * What may stand in `${…}` of a query: a frame, which is a table there; a value, bound as a parameter (a Date as a
 * TIMESTAMP in UTC); an array of values, which becomes a list in parentheses for IN.
 */
export type SqlValue = AnyFrame | SqlParameter | readonly SqlParameter[]

/** A frame as the query sees it: the view `name` of the table `data`, whose columns are named `c0`, `c1`, … */
interface SqlFrame {
  name: string
  data: string
  length: number
  columns: readonly SqlColumn[]
}

/** A query taken apart: its text with names and `$1`, `$2`, … in place of the values. */
interface SqlQuery {
  text: string
  frames: readonly AnyFrame[]
  parameters: readonly SqlParameter[]
}

/**
 * Runs one SELECT in DuckDB over frames: only the columns it reads are copied there, and values are bound, never
 * written into the text. What stands in the template reaches DuckDB as it is written, backslashes included.
 *
 * A column of the result is sensitive when DuckDB, asked for it alone, would read a sensitive column of a frame, be it
 * under another name, in an expression, a condition or an order. What cannot be told is sensitive.
 *
 * A query that DuckDB refuses is a `sql-failed` error, one that holds no row values. Needs `@duckdb/node-api`
 * (`package-missing`).
 */
export async function sqlFrame<R extends object = Row>(
  strings: TemplateStringsArray,
  values: readonly SqlValue[],
): Promise<Frame<R>> {
  const query = parseQuery(strings, values)
  const duckdb = await loadPackage('@duckdb/node-api', 'sql``', () => import('@duckdb/node-api'))
  const instance = await duckdb.DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' })
  const connection = await instance.connect()
  try {
    return Frame.fromColumns<R>(await new SqlRun(duckdb, connection, query).columns())
  } catch (error) {
    throw error instanceof ObslabError ? error : failure(error)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function parseQuery(strings: TemplateStringsArray, values: readonly SqlValue[]): SqlQuery {
  if (!Array.isArray(strings) || strings.raw === undefined) {
    throw new ObslabError(
      'option-invalid',
      'Expected sql before a template, as in sql`select 1`, so that values can be bound, found an ordinary call.',
    )
  }
  if (values.length === 0 && strings.raw.join('').trim() === '') {
    throw new ObslabError('option-invalid', 'Expected a query, as in sql`select 1`, found an empty text.')
  }
  const frames: AnyFrame[] = []
  const parameters: SqlParameter[] = []
  const nameOf = (value: SqlValue): string => {
    if (isFrame(value)) {
      if (!frames.includes(value)) frames.push(value)
      return frameName(frames.indexOf(value))
    }
    if (Array.isArray(value)) return `(${value.length === 0 ? 'NULL' : value.map(nameOf).join(', ')})`
    parameters.push(requireParameter(value))
    return `$${parameters.length}`
  }
  const text = strings.raw.reduce((before, part, i) => `${before} ${nameOf(values[i - 1]!)} ${part}`)
  return { text, frames, parameters }
}

function frameName(index: number): string {
  return `frame_${index + 1}`
}

function isFrame(value: unknown): value is AnyFrame {
  return value instanceof Frame
}

function requireParameter(value: unknown): SqlParameter {
  const scalar = ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
  if (scalar || value === null || value instanceof Date || value instanceof Uint8Array) {
    return value as SqlParameter
  }
  const found = typeof value === 'object' ? `an object of ${value?.constructor?.name}` : typeof value
  throw new ObslabError(
    'option-invalid',
    `Expected a frame, a value or an array of values in sql\`\`, found ${found}. A table gives a frame by current().`,
  )
}

/** One query in one database of its own. */
class SqlRun {
  readonly #duckdb: DuckDB
  readonly #connection: DuckDBConnection
  readonly #query: SqlQuery
  readonly #frames: readonly SqlFrame[]

  constructor(duckdb: DuckDB, connection: DuckDBConnection, query: SqlQuery) {
    this.#duckdb = duckdb
    this.#connection = connection
    this.#query = query
    this.#frames = query.frames.map(({ columns, length }, i) => ({
      name: frameName(i),
      data: `data_${i + 1}`,
      length,
      columns: columns.map(column => sqlColumn(duckdb, column)),
    }))
  }

  /** The columns of the result. */
  async columns(): Promise<Column[]> {
    await this.#connection.run("SET TimeZone = 'UTC'")
    for (const frame of this.#frames) await this.#create(frame, () => true)
    const statement = await this.#prepare(this.#query.text)
    if (statement.statementType !== this.#duckdb.StatementType.SELECT) throw notOneSelect()

    const optimizers = await this.#withoutStatistics()
    const scanned = await this.#scanned(this.#query.text)
    const sensitive = await this.#sensitive(scanned, statement.columnCount)
    await this.#connection.run(`SET disabled_optimizers = '${optimizers}'`)

    for (const frame of this.#frames) {
      const isRead = (c: number): boolean => scanned === null || scanned.has(`${frame.data}.c${c}`)
      await this.#create(frame, isRead)
      await this.#fill(frame, isRead)
    }
    const result = await (await this.#prepare(this.#query.text)).run()
    return await resultColumns(this.#duckdb, result, sensitive)
  }

  async #prepare(text: string): Promise<DuckDBPreparedStatement> {
    const statement = await this.#connection.prepare(text)
    this.#query.parameters.forEach((value, i) => {
      const bound = this.#parameter(value)
      if (Number.isInteger(bound))
        statement.bindValue(i + 1, bound, integerType(this.#duckdb, bound as number))
      else statement.bindValue(i + 1, bound)
    })
    return statement
  }

  #parameter(value: SqlParameter): DuckDBValue {
    if (value instanceof Date) return this.#duckdb.timestampValue(BigInt(value.getTime()) * 1000n)
    return value instanceof Uint8Array ? this.#duckdb.blobValue(value) : value
  }

  /** The frame's empty table and its view; columns that are not read are null in the view and not in the table. */
  async #create({ name, data, columns }: SqlFrame, isRead: (column: number) => boolean): Promise<void> {
    const kept = columns.flatMap(({ type }, c) => (isRead(c) ? [`c${c} ${typeName(type)}`] : []))
    const seen = columns.map(
      ({ column, type }, c) =>
        `${isRead(c) ? `c${c}` : `NULL::${typeName(type)}`} AS ${this.#duckdb.quotedIdentifier(column.name)}`,
    )
    await this.#connection.run(`CREATE OR REPLACE TABLE ${data} (${['present BOOLEAN', ...kept].join(', ')})`)
    await this.#connection.run(`CREATE OR REPLACE VIEW ${name} AS SELECT ${seen.join(', ')} FROM ${data}`)
  }

  async #fill({ data, columns, length }: SqlFrame, isRead: (column: number) => boolean): Promise<void> {
    const present = sqlColumn(this.#duckdb, presence(length))
    const read = columns.filter((_, c) => isRead(c))
    await appendColumns(this.#duckdb, this.#connection, data, [present, ...read], length)
  }

  /** Leaves the optimizer nothing but leaving columns out, which needs no look at data. Gives what was set before. */
  async #withoutStatistics(): Promise<string> {
    const optimizers = await this.#connection.runAndReadAll('SELECT name FROM duckdb_optimizers()')
    const others = optimizers.getRows().flatMap(([name]) => (name === 'unused_columns' ? [] : [name]))
    const before = await this.#connection.runAndReadAll("SELECT current_setting('disabled_optimizers')")
    await this.#connection.run(`SET disabled_optimizers = '${others.join(',')}'`)
    return String(before.getRows()[0]?.[0] ?? '')
  }

  async #scanned(text: string): Promise<ReadonlySet<string> | null> {
    const explain = await this.#prepare(`EXPLAIN (FORMAT json) ${text}`)
    const [row] = (await explain.runAndReadAll()).getRows()
    return columnsScanned(String(row?.[1]))
  }

  /** Which columns of the result may tell something of a sensitive column. */
  async #sensitive(scanned: ReadonlySet<string> | null, count: number): Promise<ReadonlySet<number>> {
    const names = this.#frames.flatMap(({ data, columns }) =>
      columns.flatMap(({ column }, c) => (column.sensitive ? [`${data}.c${c}`] : [])),
    )
    const tells = (read: ReadonlySet<string> | null): boolean =>
      names.length > 0 && (read === null || names.some(name => read.has(name)))
    const sensitive = new Set<number>()
    if (!tells(scanned)) return sensitive
    for (let c = 0; c < count; c++) if (tells(await this.#scannedFor(c, count))) sensitive.add(c)
    return sensitive
  }

  /** What is read for one column of the result alone; null when it cannot be told. */
  async #scannedFor(c: number, count: number): Promise<ReadonlySet<string> | null> {
    const aliases = Array.from({ length: count }, (_, i) => `r${i}`).join(', ')
    const inner = this.#query.text.replace(/[\s;]+$/, '')
    try {
      return await this.#scanned(`SELECT r${c} FROM (${inner}\n) AS result(${aliases})`)
    } catch {
      return null
    }
  }
}

function typeName(type: SqlColumn['type']): string {
  return type.alias ?? String(type)
}

function integerType(duckdb: DuckDB, value: number): SqlColumn['type'] {
  if (Math.abs(value) < 2 ** 31) return duckdb.INTEGER
  return Number.isSafeInteger(value) ? duckdb.BIGINT : duckdb.DOUBLE
}

function notOneSelect(): ObslabError {
  return new ObslabError('sql-failed', 'Expected one SELECT, found another statement or several.')
}

/** Errors of DuckDB's that speak of the query and of files, never of what rows hold. */
const aboutQuery: ReadonlySet<string> = new Set(['Parser', 'Binder', 'Catalog', 'Syntax', 'IO'])

function failure(error: unknown): ObslabError {
  const message = error instanceof Error ? error.message : String(error)
  if (message.includes('Cannot prepare multiple statements')) return notOneSelect()
  const [, kind = 'Unknown'] = /^([A-Z][\w ]*?) Error:/.exec(message) ?? []
  if (aboutQuery.has(kind)) {
    const told = message.split(/\n+LINE \d/)[0]!.replaceAll(/\s*\n\s*/g, ' ')
    return new ObslabError('sql-failed', `DuckDB cannot run this query. ${told}`)
  }
  return new ObslabError(
    'sql-failed',
    `DuckDB stopped with its ${kind} Error while it ran the query. A value did not fit the expression it was used ` +
      'in: try_cast() gives null instead.',
  )
}
