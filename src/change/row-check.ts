import { z } from 'zod'
import type { ColumnKind, ColumnType, DeclaredColumn, Row, Value } from './column-type.js'
import { misfitsOf, valueType } from './row-misfit.js'
import { isTableSchema } from './table-schema.js'

/**
 * Tells why a decoded row does not fit its topic's schema, in a sentence that names columns and never a value; null
 * when it fits. `columns` are those the row was decoded by, the same list for rows of the same schema: it says which
 * columns the table had when the row was written, and saves looking at values whose kind the decoder vouches for.
 */
export type RowCheck = (row: Row, columns?: readonly ColumnType[]) => string | null

/**
 * The check of a topic's rows. A column that the schema does not name is left alone. One that it names and the row does
 * not have is judged by why it is missing:
 *
 * - Left out by a projection: it is not judged, nor are refinements of the whole row.
 * - Not in the table when the row was written, and nullable: it is null.
 * - Not in the table when the row was written, and not nullable: the row does not fit, except to a schema of
 *   `tableSchema`. That describes the table as it is now, and `ALTER TABLE … ADD COLUMN … NOT NULL` writes no row anew:
 *   every row from before it would be set aside for a value that its table never had.
 */
export function rowCheck(topic: string, schema: z.ZodType, columns: readonly DeclaredColumn[]): RowCheck {
  if (isTableSchema(schema)) return tableCheck(topic, columns)
  const misfits = schema instanceof z.ZodObject ? objectMisfits(schema, columns) : wholeMisfits(schema)
  return (row, decoded) => {
    const found = misfits(row, decoded)
    return found.length === 0 ? null : sentence(topic, found.slice(0, 3).join('; '))
  }
}

function sentence(topic: string, misfits: string): string {
  return `Expected a row that fits the definition of topic ${topic}, but ${misfits}. Correct the definition if it is wrong.`
}

/** The columns that have to be looked at in each row of one schema version. */
type Looked = readonly { name: string; nullable: boolean; js: string | null; expected: string }[]

/** Decoders vouch for kinds: left are nulls where none may be, and columns whose type became another. */
function tableCheck(topic: string, declared: readonly DeclaredColumn[]): RowCheck {
  const all = lookedAt(declared, [])
  const kept = new WeakMap<readonly ColumnType[], Looked>()
  const looked = (columns: readonly ColumnType[]): Looked => {
    let found = kept.get(columns)
    if (found === undefined) {
      found = lookedAt(declared, columns)
      kept.set(columns, found)
    }
    return found
  }
  return (row, columns) => {
    for (const { name, nullable, js, expected } of columns === undefined ? all : looked(columns)) {
      const value = row[name]
      if (value === undefined) continue
      const fits = value === null ? nullable : js === null || typeof value === js
      if (!fits) return sentence(topic, `column ${name}: expected ${expected}, found ${valueType(value)}`)
    }
    return null
  }
}

function lookedAt(declared: readonly DeclaredColumn[], columns: readonly ColumnType[]): Looked {
  const kinds = new Map(columns.map(({ name, kind }) => [name, kind]))
  return declared.flatMap(({ name, nullable, kind, type }) => {
    const js = kind === undefined ? null : jsTypes[kind]
    const found = kinds.get(name)
    const vouched = js === null || (found !== undefined && jsTypes[found] === js)
    if (vouched && nullable) return []
    const expected = `${type?.mysqlType ?? kind ?? 'a value'}${nullable ? '' : ' NOT NULL'}`
    return [{ name, nullable, js: vouched ? null : js, expected }]
  })
}

const jsTypes: Readonly<Record<ColumnKind, string>> = {
  int: 'number',
  bigint: 'bigint',
  double: 'number',
  decimal: 'string',
  datetime: 'number',
  timestamp: 'number',
  date: 'string',
  time: 'string',
  boolean: 'boolean',
  bytes: 'object',
  json: 'string',
  text: 'string',
}

type Misfits = (row: Row, columns?: readonly ColumnType[]) => readonly string[]

function wholeMisfits(schema: z.ZodType): Misfits {
  return row => misfitsOf(schema, row)
}

function objectMisfits(schema: z.ZodObject, declared: readonly DeclaredColumn[]): Misfits {
  const shape = schema.shape as Readonly<Record<string, z.ZodType>>
  const isStrict = schema.def.catchall instanceof z.ZodNever
  return (row, columns) => {
    const absent = declared.filter(({ name }) => row[name] === undefined)
    if (absent.length === 0 && !isStrict) return misfitsOf(schema, row)
    if (absent.some(({ name }) => columns?.some(column => column.name === name))) {
      const present = declared.filter(({ name }) => row[name] !== undefined)
      return present.flatMap(({ name }) => misfitsOf(shape[name]!, row[name]!, name))
    }
    const given: Record<string, Value> = isStrict ? {} : { ...row }
    for (const { name, nullable } of declared) {
      const value = row[name] ?? (nullable ? null : row[name])
      if (value !== undefined) given[name] = value
    }
    return misfitsOf(schema, given)
  }
}
