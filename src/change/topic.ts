import type { z } from 'zod'
import { ObslabError } from '../errors.js'
import type { DeclaredColumn, Row } from './column-type.js'
import { type ConnectorSettings, connectorSettings } from './mysql-type.js'
import { type RowCheck, rowCheck } from './row-check.js'
import { declaredColumns, requireUnchanging } from './row-schema.js'

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
  /**
   * The configuration of the connector that writes the topic, by Debezium's own names, as far as it says how values are
   * written: `decimal.handling.mode`, `time.precision.mode`, `binary.handling.mode`,
   * `bigint.unsigned.handling.mode`. What else is in it is passed over. Needed where one is not Debezium's default and
   * records carry no schema, and for binary columns written as text. Default: Debezium's defaults.
   */
  connector?: Readonly<Record<string, string>>
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
  /** How the connector writes values, where its configuration was given. */
  readonly connector?: ConnectorSettings
  /** The row schema. */
  readonly schema: z.ZodType<R>
  /** Why a decoded row does not fit the schema, or null when it does. Without it, every row does. */
  readonly check?: RowCheck
}

/**
 * Declares a topic: its name, the zod schema of its rows, its key, what counts as deleted, which columns are
 * sensitive. The row type is inferred from the schema, or given: `topic<ObsRow>('obs', …)` is lighter for a notebook.
 * `z.bigint()` and `z.boolean()` fix a column's kind; `.meta({ mysqlType: 'DECIMAL(10,2)' })` fixes its whole type,
 * which is what decimals, dates and times need when neither a schema nor the DDL topic is there. `tableSchema` makes a
 * schema of MySQL's types alone, and `obslab types` writes whole definitions.
 *
 * A row that does not fit the schema is quarantined with the columns and what was expected of them, never cast. Columns
 * that the schema does not name are kept. One that the table did not have yet when the row was written is null, and so
 * the row does not fit where null does not, except to a schema of `tableSchema`. A schema that would change rows, by a
 * transform, a default or a coercion, is an `option-invalid` error.
 *
 * Columns that OpenMRS names `given_name`, `birthdate`, `value_text` and the like are masked without being listed,
 * unless `declassified`. A key, deleted, sensitive or declassified column that the schema does not have is an
 * `option-invalid` error.
 */
export function topic<R>(name: string, schema: z.ZodType<R>, options: TopicOptions<R>): TypedTopic<R> {
  requireUnchanging(name, schema)
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
  const check = rowCheck(name, schema, columns)
  const connector = options.connector === undefined ? {} : { connector: connectorSettings(options.connector) }
  return {
    name,
    key: [...options.key],
    deleted,
    sensitive,
    declassified,
    columns,
    schema,
    check,
    ...connector,
  }
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
