import type { ColumnType } from '../change/column-type.js'
import type { JsonValue } from '../change/json.js'
import { msOfIso } from '../change/temporal.js'
import { ObslabError } from '../errors.js'
import type { Cell } from '../pipeline/cell.js'
import { cellText } from '../pipeline/output.js'

/** Characters of a text in a key: four bytes each, three such columns fit the 3,072 bytes that InnoDB takes. */
const keyCharacters = 255

/** A column of a table in MySQL, and how a cell of an output row is written into it and read back, byte for byte. */
export interface MysqlColumn {
  readonly name: string
  /** The type as DDL writes it, without collation and NULL. */
  readonly type: string
  readonly nullable: boolean
  /** Whether it holds text, and so has a collation. */
  readonly isText: boolean
  readonly isKey: boolean
  /** Whether a column of that type, as `information_schema` writes it without display widths, will do as well. */
  takes(type: string): boolean
  /** The cell as a literal of SQL; one that would not be read back as it is fails as `output-failed`. */
  literal(cell: JsonValue, quote: (text: string) => string): string
  /** What was read, as JSON. */
  json(value: unknown): string
}

interface Form {
  type: string
  isText?: boolean
  takes?: RegExp
  /** The literal; null where the value is none of the column. */
  literal(cell: Exclude<JsonValue, null>, quote: (text: string) => string): string | null
  json(value: unknown): string
}

/**
 * The table's column for a column of the output:
 *
 * | kind | type in the table |
 * | --- | --- |
 * | `int` | `BIGINT` |
 * | `bigint` | `BIGINT`, or `BIGINT UNSIGNED` where the declared MySQL type is |
 * | `double` | `DOUBLE` |
 * | `decimal` | the declared `DECIMAL(p,s)`, else its text, because a computed one has any scale |
 * | `datetime`, `timestamp` | `DATETIME(6)`, in UTC: the row's milliseconds to the microsecond |
 * | `date` | `DATE` |
 * | `time` | its text, `VARCHAR(32)`: MySQL's TIME has one number of digits for all |
 * | `boolean` | `TINYINT(1)` |
 * | `bytes` | `LONGBLOB`, in a key `VARBINARY(255)` |
 * | `json` | `LONGTEXT`: MySQL's JSON would order its properties anew |
 * | `text` | `LONGTEXT`, in a key `VARCHAR(255)` |
 *
 * Texts are utf8mb4 and compared by their bytes.
 */
export function mysqlColumn(column: ColumnType, isKey: boolean): MysqlColumn {
  const { name, nullable } = column
  const form = formOf(column, isKey)
  const takes = form.takes ?? new RegExp(`^${form.type.toLowerCase().replaceAll(/[()]/g, '\\$&')}$`)
  return {
    name,
    type: form.type,
    nullable: nullable && !isKey,
    isText: form.isText ?? false,
    isKey,
    takes: type => takes.test(type),
    literal(cell, quote) {
      if (cell === null) return 'NULL'
      const literal = form.literal(cell, quote)
      if (literal !== null) return literal
      throw new ObslabError(
        'output-failed',
        `Expected values of ${column.mysqlType ?? column.kind} in the column ${name}, found one that ${form.type} does not ` +
          'keep as it is. Declare the column as what it holds in the schema of .to(…).',
      )
    },
    json: value => (value === null ? 'null' : form.json(value)),
  }
}

function formOf({ kind, encoding, mysqlType, scale }: ColumnType, isKey: boolean): Form {
  switch (kind) {
    case 'int':
      return { type: 'BIGINT', takes: /^bigint$/, literal: wholeLiteral, json: String }
    case 'bigint': {
      const unsigned = /^BIGINT.* UNSIGNED|^SERIAL/i.test(mysqlType ?? '')
      const type = unsigned ? 'BIGINT UNSIGNED' : 'BIGINT'
      return { type, takes: unsigned ? /^bigint unsigned$/ : /^bigint$/, literal: wholeLiteral, json: String }
    }
    case 'double':
      return {
        type: 'DOUBLE',
        literal: cell => (isNumber(cell) ? doubleLiteral(cell) : null),
        json: value => cellText(value as number),
      }
    case 'boolean':
      return {
        type: 'TINYINT(1)',
        takes: /^tinyint$/,
        literal: cell => (typeof cell === 'boolean' ? String(Number(cell)) : null),
        json: value => String(value !== 0),
      }
    case 'datetime':
    case 'timestamp':
      return { type: 'DATETIME(6)', literal: instantLiteral, json: value => String(msOfIso(String(value))) }
    case 'date':
      return { type: 'DATE', literal: textLike(/^\d{4}-\d\d-\d\d$/), json: textJson }
    case 'time':
      return {
        type: 'VARCHAR(32)',
        isText: true,
        takes: /^varchar\(\d+\)$/,
        literal: textLiteral,
        json: textJson,
      }
    case 'decimal':
      return decimalForm(mysqlType, scale)
    case 'bytes':
      return {
        type: isKey ? `VARBINARY(${keyCharacters})` : 'LONGBLOB',
        takes: isKey ? /^varbinary\(\d+\)$/ : /blob$/,
        literal: cell =>
          typeof cell === 'string' ? `X'${Buffer.from(cell, 'base64').toString('hex')}'` : null,
        json: value => JSON.stringify((value as Buffer).toString('base64')),
      }
    case 'json':
      if (encoding === 'text') return { ...longText, literal: textLiteral, json: textJson }
      return { ...longText, literal: (cell, quote) => quote(cellText(cell as Cell)), json: String }
    case 'text':
      return isKey ? keyText : { ...longText, literal: textLiteral, json: textJson }
  }
}

const longText = { type: 'LONGTEXT', isText: true, takes: /^(varchar\(\d+\)|(medium|long|)text)$/ }

const keyText: Form = {
  type: `VARCHAR(${keyCharacters})`,
  isText: true,
  takes: /^varchar\(\d+\)$/,
  literal: textLiteral,
  json: textJson,
}

function decimalForm(mysqlType: string | undefined, scale: number | undefined): Form {
  const size = /^(?:DECIMAL|NUMERIC|DEC|FIXED)\((\d+)(?:,\s*\d+)?\)/i.exec(mysqlType ?? '')?.[1]
  if (size === undefined || scale === undefined) {
    return {
      type: 'VARCHAR(80)',
      isText: true,
      takes: /^varchar\(\d+\)$/,
      literal: textLiteral,
      json: textJson,
    }
  }
  const digits = scale === 0 ? '' : `\\.\\d{${scale}}`
  return {
    type: `DECIMAL(${size},${scale})`,
    literal: textLike(new RegExp(`^-?(0|[1-9]\\d*)${digits}$`)),
    json: textJson,
  }
}

function isNumber(cell: JsonValue): cell is number | bigint {
  return typeof cell === 'number' || typeof cell === 'bigint'
}

function wholeLiteral(cell: JsonValue): string | null {
  return typeof cell === 'bigint' || Number.isSafeInteger(cell) ? String(cell) : null
}

/** With an exponent it is a double for MySQL too, and not a DECIMAL of at most 30 digits behind the point. */
function doubleLiteral(cell: number | bigint): string {
  const text = String(cell)
  return text.includes('e') ? text : `${text}e0`
}

function instantLiteral(cell: JsonValue): string | null {
  if (!isNumber(cell)) return null
  const ms = Number(cell)
  const whole = Math.floor(ms)
  const date = new Date(whole)
  if (Number.isNaN(date.getTime())) return null
  const micros = String(Math.round((ms - whole) * 1000)).padStart(3, '0')
  const text = `${date.toISOString().slice(0, -1).replace('T', ' ')}${micros}`
  return /^\d{4}-/.test(text) && !text.startsWith('0000') && msOfIso(text) === ms ? `'${text}'` : null
}

function textLiteral(cell: JsonValue, quote: (text: string) => string): string | null {
  return typeof cell === 'string' ? quote(cell) : null
}

function textLike(form: RegExp): Form['literal'] {
  return cell => (typeof cell === 'string' && form.test(cell) ? `'${cell}'` : null)
}

function textJson(value: unknown): string {
  return JSON.stringify(String(value))
}
