import { z } from 'zod'
import type { ColumnKind, ColumnType, Encoding } from '../change/column-type.js'
import { columnOfMysqlType, parseMysqlType } from '../change/mysql-type.js'
import { columnKinds } from './column-kinds.js'
import { outputKeyColumns } from './output-key.js'
import { fits } from './output-schema.js'
import { type Plan, planTopics } from './plan.js'
import { columnsOf } from './step-columns.js'

/** How an output row's JSON writes each kind of column. */
const written: Readonly<Record<ColumnKind, Encoding>> = {
  int: 'number',
  bigint: 'int64',
  double: 'number',
  decimal: 'decimal-text',
  datetime: 'epoch-ms',
  timestamp: 'epoch-ms',
  date: 'iso-date',
  time: 'iso-time',
  boolean: 'boolean',
  bytes: 'base64',
  json: 'struct',
  text: 'text',
}

/**
 * The columns of a pipeline's output, in order, each with its kind and how the row's JSON writes it. They are those of the
 * schema that `.to(…)` declares; without one, what steps and topics tell, where columns but those of the key may be null.
 * Null when that leaves the kind of a column open.
 *
 * In a schema `z.int()` is an int, `z.number()` a double, `z.bigint()` a bigint, `z.boolean()` a boolean, `z.string()` and
 * enums are text, `z.iso.date()` a date, `z.iso.time()` a time, lists and objects json. What a number or a text is besides
 * is said by `.meta({ mysqlType: 'DATETIME' })`.
 */
export function outputColumns(plan: Plan): readonly ColumnType[] | null {
  const key = outputKeyColumns(plan) ?? []
  if (plan.schema !== undefined) return schemaColumns(plan.schema)
  const names = columnsOf(plan.root)
  if (names === null) return null
  const topics = new Map(planTopics(plan.root).map(({ topic, columns }) => [topic, columns]))
  const declared = (topic: string, name: string) => topics.get(topic)?.find(column => column.name === name)
  const kinds = columnKinds(plan.root, names, (topic, name) => declared(topic, name)?.kind)
  const columns = names.map(name => {
    const kind = kinds[name]
    if (kind === undefined) return null
    // A row holds the document of a JSON column as text.
    const encoding = kind === 'json' && isGiven(plan, name) ? 'text' : written[kind]
    return columnOf(name, kind, !key.includes(name), encoding)
  })
  return columns.every(column => column !== null) ? columns : null
}

/** The columns that a schema declares. */
export function schemaColumns(schema: z.ZodObject): readonly ColumnType[] {
  return Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>).map(([name, field]) => {
    const nullable = fits(field, null)
    const inner = unwrapped(field)
    const mysqlType = field.meta()?.mysqlType ?? inner.meta()?.mysqlType
    if (typeof mysqlType === 'string') {
      const type = columnOfMysqlType(name, parseMysqlType(mysqlType), { nullable, origin: 'declared' })
      // A document from a JSON column is a text in a row, and not the list or object that it stands for.
      return { ...type, encoding: type.kind === 'json' ? 'text' : written[type.kind] }
    }
    const enumValues = textsOf(inner)
    return { ...columnOf(name, kindOf(inner), nullable), ...(enumValues !== null && { enumValues }) }
  })
}

function columnOf(
  name: string,
  kind: ColumnKind,
  nullable: boolean,
  encoding: Encoding = written[kind],
): ColumnType {
  return { name, kind, encoding, nullable, origin: 'declared' }
}

/** Whether a column is one of a topic's as it is, and not a list of such. */
function isGiven(plan: Plan, name: string): boolean {
  return columnKinds(plan.root, [name], () => 'text')[name] === 'text'
}

/** A schema without what makes it nullable, read-only and the like. */
export function unwrapped(field: z.ZodType): z.ZodType {
  let inner = field
  while (inner instanceof z.ZodNullable || inner instanceof z.ZodOptional || inner instanceof z.ZodReadonly) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}

function kindOf(field: z.ZodType): ColumnKind {
  if (field instanceof z.ZodNumber) return field.isInt ? 'int' : 'double'
  if (field instanceof z.ZodBigInt) return 'bigint'
  if (field instanceof z.ZodBoolean) return 'boolean'
  if (field instanceof z.ZodISODate) return 'date'
  if (field instanceof z.ZodISOTime) return 'time'
  if (field instanceof z.ZodString || field instanceof z.ZodStringFormat) return 'text'
  if (field instanceof z.ZodTemplateLiteral) return 'text'
  if (field instanceof z.ZodLiteral) return kindOfValues([...field.values])
  if (field instanceof z.ZodEnum) return kindOfValues(field.options)
  if (field instanceof z.ZodUnion) {
    const kinds = new Set(
      (field.options as readonly z.ZodType[]).filter(isNotNull).map(one => kindOf(unwrapped(one))),
    )
    return oneKind(kinds)
  }
  const isBytes = fits(field, new Uint8Array()) && !fits(field, []) && !fits(field, {})
  return isBytes ? 'bytes' : 'json'
}

function isNotNull(field: z.ZodType): boolean {
  return !(field instanceof z.ZodNull)
}

function kindOfValues(values: readonly unknown[]): ColumnKind {
  const kinds = values
    .filter(value => value !== null)
    .map((value): ColumnKind => {
      switch (typeof value) {
        case 'number':
          return Number.isSafeInteger(value) ? 'int' : 'double'
        case 'bigint':
          return 'bigint'
        case 'boolean':
          return 'boolean'
        default:
          return 'text'
      }
    })
  return oneKind(new Set(kinds))
}

/** The kind that has room for values of all these kinds. */
function oneKind(kinds: ReadonlySet<ColumnKind>): ColumnKind {
  const [first, ...others] = kinds
  if (first !== undefined && others.length === 0) return first
  const isNumeric = kinds.size > 0 && [...kinds].every(kind => kind === 'int' || kind === 'double')
  return isNumeric ? 'double' : 'json'
}

/** The texts that a column may hold, where they are listed. */
function textsOf(field: z.ZodType): readonly string[] | null {
  const values: readonly unknown[] =
    field instanceof z.ZodEnum ? field.options : field instanceof z.ZodLiteral ? [...field.values] : []
  const texts = values.filter(value => typeof value === 'string')
  return texts.length === 0 || texts.length < values.length ? null : texts
}
