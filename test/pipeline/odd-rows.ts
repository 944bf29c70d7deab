import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { ColumnKind } from '../../src/change/column-type.js'
import { expressionOf } from '../../src/pipeline/expression.js'
import { type SqlRow, SqlTranslator } from '../../src/pipeline/sql-expression.js'
import { tableColumns } from '../../src/pipeline/sql-relation.js'
import { type DuckRow, loadRows } from './duckdb-rows.js'

/** A row of values that SQL and JavaScript may treat differently. */
export interface OddRow {
  id: number
  n: number | null
  m: number
  k: number | null
  s: string | null
  t: string
  t2: string
  /** Of ASCII. */
  p: string
  b: boolean | null
  g: bigint | null
  /** A time. */
  d: number | null
  /** A decimal. */
  e: string | null
  /** A date. */
  f: string
}

const numbers = [
  null,
  0,
  -0,
  1,
  -1,
  2.5,
  -2.5,
  0.5,
  -0.5,
  0.49999999999999994,
  1e21,
  1e-7,
  123456789012345680000,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53),
  0.1,
  1 / 3,
  5e-324,
  1.7976931348623157e308,
  1e16,
  100,
  1e5,
  1.5e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
] as const
const texts = [
  null,
  '',
  'a',
  'ß',
  '😀',
  'a😀b',
  ' a\u00a0',
  '\u2003x\ufeff\n',
  "it's",
  'A',
  'null',
  '\ud7ff',
  '\uffee',
  'a\0b',
  '\\d',
] as const
const bigints = [null, 0n, 5n, -7n, 9007199254740993n, 18446744073709551615n, 36893488147419103235n] as const
const times = [
  null,
  0,
  1772355600000,
  1772355600123.456,
  -1,
  -0.5,
  951782400000,
  253402300799999,
  -62167219200000,
  4102444800000.9,
] as const

/** Every pair of numbers, with texts and the rest in turn. */
function oddRows(): OddRow[] {
  const rows: OddRow[] = []
  for (const n of numbers) {
    for (const m of numbers.slice(1)) {
      const i = rows.length
      rows.push({
        id: i,
        n,
        m: m ?? 0,
        k: numbers[(i * 7) % numbers.length] ?? null,
        s: texts[i % texts.length] ?? null,
        t: texts[1 + ((i * 3 + (i >> 4)) % (texts.length - 1))] ?? '',
        t2: texts[1 + ((i * 5) % (texts.length - 1))] ?? '',
        p: ['', 'a', 'Ab', 'xYz', 'Hello world', '  '][i % 6]!,
        b: [null, true, false][i % 3]!,
        g: bigints[i % bigints.length] ?? null,
        d: times[i % times.length] ?? null,
        e: [null, '7.90', '-0.10', '123456789012345678901234567890.12', '0'][i % 5]!,
        f: ['2026-01-01', '2026-03-01', '1999-12-31'][i % 3]!,
      })
    }
  }
  return rows
}

const kinds: Readonly<Record<keyof OddRow, ColumnKind>> = {
  id: 'int',
  n: 'double',
  m: 'double',
  k: 'double',
  s: 'text',
  t: 'text',
  t2: 'text',
  p: 'text',
  b: 'boolean',
  g: 'bigint',
  d: 'datetime',
  e: 'decimal',
  f: 'date',
}

const columns = Object.entries(kinds).map(([name, kind]) => ({
  name,
  kind,
  nullable: ['n', 'k', 's', 'b', 'g', 'd', 'e'].includes(name),
}))

/** A value as text, such that no two differ in JavaScript: -0, NaN and the infinities too. */
export function told(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value ?? null)
}

/** Odd rows, in JavaScript and in a table of DuckDB. */
export class OddRows {
  readonly rows: readonly OddRow[] = oddRows()
  readonly sqlRow: SqlRow = {
    columns: new Map(
      tableColumns({ name: 'odd', columns, stored: 'values' }).map(({ name, value }) => [name, value]),
    ),
    present: null,
  }
  readonly #instance: DuckDBInstance
  #connection: DuckDBConnection | null = null

  constructor(instance: DuckDBInstance) {
    this.#instance = instance
  }

  async load(): Promise<void> {
    this.#connection = await this.#instance.connect()
    await loadRows(this.#connection, 'odd', columns, this.rows as readonly unknown[] as DuckRow[])
  }

  /** What DuckDB makes of the translation, one encoded value a row. */
  async evaluate(compute: (row: OddRow) => unknown): Promise<string[]> {
    const { sql } = new SqlTranslator([this.sqlRow]).value(expressionOf(compute))
    return await this.query(sql)
  }

  async query(sql: string): Promise<string[]> {
    const result = await this.#connection!.runAndReadAll(`SELECT ${sql} FROM odd ORDER BY id`)
    return result.getRowsJS().map(([value]) => told(value))
  }

  close(): void {
    this.#connection?.closeSync()
    this.#instance.closeSync()
  }
}
