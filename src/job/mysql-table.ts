import type { ColumnType } from '../change/column-type.js'
import { isJsonObject, type JsonObject, parseJson } from '../change/json.js'
import { ObslabError } from '../errors.js'
import type { Cell } from '../pipeline/cell.js'
import { cellText } from '../pipeline/output.js'
import { type MysqlColumn, mysqlColumn } from './mysql-column.js'
import { type MysqlSession, named } from './mysql-session.js'
import type { OutputRecord } from './sink.js'

/** Collations that tell texts apart by their bytes, those first that count spaces at the end too. */
const binaryCollations = ['utf8mb4_0900_bin', 'utf8mb4_nopad_bin', 'utf8mb4_bin'] as const
const padding = 'utf8mb4_bin'

/** Keys of one DELETE: the server looks them up by the index, which it gives up for very many. */
const keysPerDelete = 500

/** What a table is to hold. */
export interface TableForm {
  table: string
  columns: readonly ColumnType[]
  key: readonly string[]
}

/** The table that an output's rows are in: its columns are those of the rows, its primary key the output's. */
export class MysqlTable {
  readonly #session: MysqlSession
  readonly #name: string
  readonly #columns: readonly MysqlColumn[]
  readonly #key: readonly MysqlColumn[]
  /** Bytes of one statement. */
  readonly #statementBytes: number
  /** Whether 'a' and 'a ' are one key. */
  #pads = false

  private constructor(session: MysqlSession, { table, columns, key }: TableForm, statementBytes: number) {
    this.#session = session
    this.#name = table
    this.#columns = columns.map(column => mysqlColumn(column, key.includes(column.name)))
    this.#key = key.map(name => this.#columns.find(column => column.name === name)!)
    this.#statementBytes = statementBytes
  }

  /**
   * The table, created where it is missing. One that lacks a column, has another type for one, another primary key or a
   * second unique index is an `output-foreign` error; columns more are left alone where a row can do without them.
   */
  static async open(session: MysqlSession, form: TableForm, statementBytes: number): Promise<MysqlTable> {
    const table = new MysqlTable(session, form, statementBytes)
    const collations = await session.run(
      'SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN (?)',
      [binaryCollations],
    )
    const collation = binaryCollations.find(one => collations.some(({ name }) => name === one)) ?? padding
    if (!(await hasTable(session, form.table))) await session.run(table.#definition(collation))
    await table.#check()
    return table
  }

  /** The statements that write records: of several of one key the last counts. */
  *statements(records: readonly OutputRecord[]): Generator<string> {
    const last = new Map(records.map(({ key, row }) => [key, row]))
    const upserts = [...last].filter((one): one is [string, string] => one[1] !== null)
    const others = this.#columns.filter(({ isKey }) => !isKey)
    const updated = others.length > 0 ? others : this.#key
    yield* this.#stretches({
      begin: `INSERT INTO ${named(this.#name)} (${this.#columns.map(one => named(one.name)).join(', ')}) VALUES `,
      parts: mapped(upserts, ([key, row]) => this.#tuple(key, row)),
      end: ` ON DUPLICATE KEY UPDATE ${updated.map(({ name }) => `${named(name)} = VALUES(${named(name)})`).join(', ')}`,
      between: ', ',
      most: Number.POSITIVE_INFINITY,
    })
    const gone = [...last].filter(([, row]) => row === null)
    yield* this.#stretches({
      begin: `DELETE FROM ${named(this.#name)} WHERE `,
      parts: mapped(gone, ([key]) => this.#condition(key)),
      end: '',
      between: ' OR ',
      most: keysPerDelete,
    })
  }

  /** All rows: encoded key to encoded row. */
  async rows(): Promise<Map<string, string>> {
    const names = this.#columns.map(({ name }) => JSON.stringify(name))
    const keyAt = this.#key.map(column => this.#columns.indexOf(column))
    const rows = new Map<string, string>()
    const sql = `SELECT ${this.#columns.map(({ name }) => named(name)).join(', ')} FROM ${named(this.#name)}`
    for await (const values of this.#session.rows(sql)) {
      const members = this.#columns.map((column, i) => `${names[i]}:${column.json(values[i])}`)
      rows.set(`{${keyAt.map(i => members[i]).join(',')}}`, `{${members.join(',')}}`)
    }
    return rows
  }

  *#stretches({ begin, parts, end, between, most }: Stretches): Generator<string> {
    let taken: string[] = []
    let bytes = 0
    for (const part of parts) {
      const own = Buffer.byteLength(part) + between.length
      if (taken.length > 0 && (bytes + own > this.#statementBytes || taken.length === most)) {
        yield begin + taken.join(between) + end
        taken = []
        bytes = 0
      }
      taken.push(part)
      bytes += own
    }
    if (taken.length > 0) yield begin + taken.join(between) + end
  }

  #tuple(key: string, row: string): string {
    const cells = parsed(row)
    const names = Object.keys(cells)
    if (names.length !== this.#columns.length || this.#columns.some(({ name }, i) => names[i] !== name)) {
      throw this.#misfit(`a row of the columns ${names.join(', ')}`)
    }
    const identity = parsed(key)
    for (const { name } of this.#key) {
      if (cellText((identity[name] ?? null) as Cell) === cellText(cells[name] as Cell)) continue
      throw this.#misfit(`a row whose ${name} is not the one of its key`)
    }
    return `(${this.#columns.map(column => this.#literal(column, cells)).join(', ')})`
  }

  #condition(key: string): string {
    const identity = parsed(key)
    return `(${this.#key.map(column => `${named(column.name)} = ${this.#literal(column, identity)}`).join(' AND ')})`
  }

  #literal(column: MysqlColumn, cells: JsonObject): string {
    const cell = cells[column.name] ?? null
    if (column.isKey && typeof cell === 'string') {
      if (/\p{Surrogate}/u.test(cell)) throw this.#misfit(`a ${column.name} with half of a character`)
      if (this.#pads && column.isText && cell.endsWith(' ')) {
        throw this.#misfit(
          `a ${column.name} that ends in a space, which this server does not tell from one without: trim it in a step before`,
        )
      }
    }
    return column.literal(cell, this.#session.quote)
  }

  #misfit(found: string): ObslabError {
    return new ObslabError(
      'output-failed',
      `Expected rows of the columns ${this.#columns.map(({ name }) => name).join(', ')} with the key ` +
        `${this.#key.map(({ name }) => name).join(', ')} for the table ${this.#name}, found ${found}.`,
    )
  }

  #definition(collation: string): string {
    const columns = this.#columns.map(column => definitionOf(column, collation))
    const key = this.#key.map(({ name }) => named(name)).join(', ')
    return (
      `CREATE TABLE IF NOT EXISTS ${named(this.#name)} (${columns.join(', ')}, PRIMARY KEY (${key})) ` +
      'ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4'
    )
  }

  async #check(): Promise<void> {
    const columns = await this.#session.run(
      `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS standard, EXTRA AS extra,
        COLLATION_NAME AS collation FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
      [this.#name],
    )
    const found = new Map(columns.map(column => [String(column.name), column]))
    for (const column of this.#columns) this.#checkColumn(column, found.get(column.name))
    for (const [name, { nullable, standard, extra }] of found) {
      if (this.#columns.some(column => column.name === name)) continue
      const isFilled =
        nullable === 'YES' || standard !== null || /auto_increment|GENERATED/i.test(String(extra))
      if (!isFilled) throw this.#foreign(`a column ${name} more that no row can do without`)
    }
    await this.#checkIndexes()
    this.#pads = this.#key.some(({ name, isText }) => isText && found.get(name)?.collation === padding)
  }

  #checkColumn(column: MysqlColumn, found: Record<string, unknown> | undefined): void {
    const { name, isText, isKey, nullable } = column
    const expected = `${name} ${column.type}`
    const cure = `ALTER TABLE ${named(this.#name)} ${found === undefined ? 'ADD' : 'MODIFY'} COLUMN ${definitionOf(column, padding)}`
    if (found === undefined) throw this.#foreign(`no column ${expected}`, cure)
    const type = withoutWidth(String(found.type).toLowerCase())
    if (!column.takes(type))
      throw this.#foreign(`the column ${name} of type ${found.type}, not ${column.type}`, cure)
    if (nullable && found.nullable === 'NO')
      throw this.#foreign(`the column ${name} NOT NULL, where rows have null`, cure)
    const collation = String(found.collation)
    const isBinary = binaryCollations.some(one => one === collation)
    if (isText && (isKey ? !isBinary : !collation.startsWith('utf8mb4')))
      throw this.#foreign(`the column ${name} with the collation ${collation}, not ${padding}`, cure)
  }

  async #checkIndexes(): Promise<void> {
    const [table] = await this.#session.run(
      'SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
      [this.#name],
    )
    if (table?.engine !== 'InnoDB')
      throw this.#foreign(`a table of the engine ${table?.engine}, which has no transactions`)
    const indexed = await this.#session.run(
      `SELECT INDEX_NAME AS name, COLUMN_NAME AS member FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
        AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
      [this.#name],
    )
    const other = indexed.find(({ name }) => name !== 'PRIMARY')
    if (other !== undefined)
      throw this.#foreign(`a second unique index, ${other.name}, by which a row could take another's place`)
    const key = indexed.map(({ member }) => String(member))
    const expected = this.#key.map(({ name }) => name)
    if (key.join('\0') !== expected.join('\0'))
      throw this.#foreign(`the primary key ${key.join(', ') || '(none)'}, not ${expected.join(', ')}`)
  }

  #foreign(found: string, cure?: string): ObslabError {
    return new ObslabError(
      'output-foreign',
      `Expected the table ${this.#name} to have the columns and key of this job's rows, found ${found}. Nothing was written: ` +
        `${cure === undefined ? 'change it' : `${cure},`} or name another table.`,
    )
  }
}

interface Stretches {
  begin: string
  parts: Iterable<string>
  end: string
  between: string
  most: number
}

/** Whether the session's database has a table: asking needs no right to create one. */
export async function hasTable(session: MysqlSession, table: string): Promise<boolean> {
  const found = await session.run(
    'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [table],
  )
  return found.length > 0
}

function definitionOf({ name, type, isText, nullable }: MysqlColumn, collation: string): string {
  const text = isText ? ` CHARACTER SET utf8mb4 COLLATE ${collation}` : ''
  return `${named(name)} ${type}${text} ${nullable ? 'NULL' : 'NOT NULL'}`
}

/** `bigint(20)` is what older servers call `bigint`. */
function withoutWidth(type: string): string {
  return type.replace(/^(\w*int)\(\d+\)/, '$1')
}

function parsed(text: string): JsonObject {
  const value = parseJson(text)
  return isJsonObject(value) ? value : {}
}

function* mapped<T, U>(values: Iterable<T>, make: (value: T) => U): Generator<U> {
  for (const value of values) yield make(value)
}
