import { z } from 'zod'
import { ObslabError } from '../errors.js'
import type { DeclaredColumn, Row } from './column-type.js'
import { columnOfMysqlType, parseMysqlType } from './mysql-type.js'

/** What a typed topic says besides its name and row schema. */
export interface TopicOptions<R> {
  /** The columns that identify a row, in the order of the table's primary key. At least one. */
  key: readonly (keyof R & string)[]
  /**
   * The column, or columns, that mark a row as deleted: the row counts as deleted when one of them is truthy after
   * decoding (1, 7, true; not 0, false, null). Default: none, only Debezium's deletes count.
   */
  deleted?: (keyof R & string) | readonly (keyof R & string)[]
  /** The columns that displays mask, besides those known by their names, such as `given_name`. Default: none. */
  sensitive?: readonly (keyof R & string)[]
  /**
   * Columns that displays would mask for their names, `value` or `city_village`, and are to show: a decision to be made
   * knowingly. What is in `sensitive` too stays masked. Default: none.
   */
  declassified?: readonly (keyof R & string)[]
}

/** A topic whose rows have a known type: what {@link topic} makes. */
export interface TypedTopic<R = Row> {
  /** The short name (`obs`, for the one topic that ends in `.obs`) or the full name. */
  readonly name: string
  /** The key's columns, in order. */
  readonly key: readonly string[]
  /** The columns that mark a row as deleted; often none or one. */
  readonly deleted: readonly string[]
  /** The columns that displays mask, besides those known by their names. */
  readonly sensitive: readonly string[]
  /** The columns that displays show although their names are known to be sensitive. */
  readonly declassified: readonly string[]
  /** The columns the schema names, in its order, with what it fixes about them. Empty when it is not an object. */
  readonly columns: readonly DeclaredColumn[]
  /** The row schema. */
  readonly schema: z.ZodType<R>
}

/**
 * Declares a topic: its name, the zod schema of its rows, its key, what counts as deleted, which columns are
 * sensitive. The row type is inferred from the schema, or given: `topic<ObsRow>('obs', …)` is lighter for a notebook.
 * `z.bigint()` and `z.boolean()` fix a column's kind; `.meta({ mysqlType: 'DECIMAL(10,2)' })` fixes its whole type,
 * which is what decimals, dates and times need when neither a schema nor the DDL topic is there. Columns that OpenMRS
 * names `given_name`, `birthdate`, `value_text` and the like are masked without being listed, unless `declassified`. A
 * key, deleted, sensitive or declassified column that the schema does not have is an `option-invalid` error.
 */
export function topic<R>(name: string, schema: z.ZodType<R>, options: TopicOptions<R>): TypedTopic<R> {
  const columns = declaredColumns(schema)
  const deleted = typeof options.deleted === 'string' ? [options.deleted] : [...(options.deleted ?? [])]
  const sensitive = [...(options.sensitive ?? [])]
  const declassified = [...(options.declassified ?? [])]
  if (options.key.length === 0) {
    throw new ObslabError(
      'option-invalid',
      `Expected the key columns of topic ${name}, found none. Name at least one.`,
    )
  }
  requireColumns(name, columns, [...options.key, ...deleted, ...sensitive, ...declassified])
  return { name, key: [...options.key], deleted, sensitive, declassified, columns, schema }
}

/** Whether a decoded row counts as deleted by its topic's definition. */
export function isDeleted(definition: Pick<TypedTopic, 'deleted'>, row: object): boolean {
  return definition.deleted.some(column => Boolean((row as Row)[column]))
}

function requireColumns(name: string, columns: readonly DeclaredColumn[], used: readonly string[]): void {
  if (columns.length === 0) return
  const known = new Set(columns.map(column => column.name))
  const missing = used.filter(column => !known.has(column))
  if (missing.length === 0) return
  throw new ObslabError(
    'option-invalid',
    `Expected the key, deleted, sensitive and declassified columns of topic ${name} to be in its schema, did not ` +
      `find ${missing.join(', ')}. Its columns are ${[...known].join(', ')}.`,
  )
}

function declaredColumns(schema: z.ZodType): readonly DeclaredColumn[] {
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) =>
    declaredColumn(name, field),
  )
}

function declaredColumn(name: string, field: z.ZodType): DeclaredColumn {
  const nullable = field.safeParse(null).success
  const mysqlType = field.meta()?.mysqlType
  if (typeof mysqlType === 'string') {
    const type = columnOfMysqlType(name, parseMysqlType(mysqlType), { nullable, origin: 'declared' })
    return { name, nullable, kind: type.kind, type }
  }
  const inner = withoutWrappers(field)
  if (inner instanceof z.ZodBigInt) return { name, nullable, kind: 'bigint' }
  if (inner instanceof z.ZodBoolean) return { name, nullable, kind: 'boolean' }
  return { name, nullable }
}

function withoutWrappers(field: z.ZodType): z.ZodType {
  let inner = field
  while (inner instanceof z.ZodNullable || inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}
