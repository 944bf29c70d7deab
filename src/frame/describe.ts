import type { ColumnKind, Value } from '../change/column-type.js'
import { type Aggregate, aggregateGroups, max, mean, min } from './aggregate.js'
import type { Column } from './column.js'
import { columnOf } from './column-builder.js'
import { encodeColumn } from './encode.js'
import { formatValue } from './format.js'

/** What a description says of each column. */
export interface Description {
  readonly column: string
  readonly kind: string
  /** Rows that are not null. */
  readonly count: number
  readonly nulls: number
  /** Distinct values, null aside. */
  readonly distinct: number
  /** As displays show it; null without values. */
  readonly min: string | null
  readonly max: string | null
  /** Null for what is not a number. */
  readonly mean: number | null
}

/** How {@link describeColumns} treats sensitive columns. */
export interface DescribeOptions {
  /** Show smallest, largest and mean of sensitive columns. Default false: they are masked, the mean is null. */
  unmask?: boolean | undefined
}

/** One row a column: its name, kind, count of values, nulls, distinct values, smallest, largest and mean. */
export function describeColumns(columns: readonly Column[], options: DescribeOptions): Column[] {
  const rows = columns.map(column => describeColumn(column, column.sensitive && !(options.unmask ?? false)))
  return Object.entries(kinds).map(([name, kind]) =>
    columnOf(
      name,
      rows.map(row => row[name as keyof Description]),
      { kind },
    ),
  )
}

const kinds: { readonly [K in keyof Description]: ColumnKind } = {
  column: 'text',
  kind: 'text',
  count: 'int',
  nulls: 'int',
  distinct: 'int',
  min: 'text',
  max: 'text',
  mean: 'double',
}

const numeric: readonly ColumnKind[] = ['int', 'bigint', 'double', 'decimal', 'boolean']

function describeColumn(column: Column, masked: boolean): Description {
  const { name, kind, length, nullCount } = column
  const { first } = encodeColumn(column)
  const values = column.take(first)
  const extreme = (aggregate: Aggregate): string | null => {
    const value = overall(values, aggregate)
    return value === null ? null : formatValue(kind, value, { masked })
  }
  return {
    column: name,
    kind,
    count: length - nullCount,
    nulls: nullCount,
    distinct: first.length - (nullCount > 0 ? 1 : 0),
    min: extreme(min(name)),
    max: extreme(max(name)),
    mean: masked || !numeric.includes(kind) ? null : (overall(column, mean(name)) as number | null),
  }
}

/** The aggregate over all rows. */
function overall(column: Column, aggregate: Aggregate): Value {
  return aggregateGroups(column.name, aggregate, column, {
    ids: new Int32Array(column.length),
    count: 1,
  }).at(0)
}
