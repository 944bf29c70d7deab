import { z } from 'zod'
import type { ColumnKind } from './column-type.js'
import { columnOfMysqlType, parseMysqlType } from './mysql-type.js'

/** The MySQL type of every column of a row, `'INT NOT NULL'`, `'DECIMAL(10,2)'`, in the order of the table. */
export type TableColumns<R> = { readonly [C in keyof R]-?: string }

/**
 * The zod schema of a table's rows from its columns' MySQL types. A column without `NOT NULL` may be null. Each column
 * has its type in `.meta({ mysqlType })`, from where `topic()` takes its kind and how Debezium writes it.
 */
export function tableSchema<R>(columns: TableColumns<R>): z.ZodType<R> {
  const shape = Object.entries<string>(columns).map(([name, mysqlType]) => [
    name,
    columnSchema(name, mysqlType),
  ])
  const schema = z.object(Object.fromEntries(shape))
  tableSchemas.add(schema)
  return schema as unknown as z.ZodType<R>
}

const tableSchemas = new WeakSet<z.ZodType>()

/** Whether a schema is one of {@link tableSchema}, as it was made: it says no more than MySQL's types do. */
export function isTableSchema(schema: z.ZodType): boolean {
  return tableSchemas.has(schema)
}

function columnSchema(name: string, mysqlType: string): z.ZodType {
  const nullable = !/\bNOT NULL\b/i.test(mysqlType)
  const { kind } = columnOfMysqlType(name, parseMysqlType(mysqlType), { nullable, origin: 'declared' })
  const value = valueSchema(kind)
  return (nullable ? value.nullable() : value).meta({ mysqlType })
}

function valueSchema(kind: ColumnKind): z.ZodType {
  switch (kind) {
    case 'int':
    case 'double':
    case 'datetime':
    case 'timestamp':
      return z.number()
    case 'bigint':
      return z.bigint()
    case 'boolean':
      return z.boolean()
    case 'bytes':
      return z.instanceof(Uint8Array)
    default:
      return z.string()
  }
}
