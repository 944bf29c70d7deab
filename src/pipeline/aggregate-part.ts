import type { Aggregate, AggregateKind } from './aggregate.js'
import type { Cell, CellRow } from './cell.js'
import { parseDecimal } from './decimal-sum.js'
import type { Ordered } from './ordered.js'
import type { RowId } from './row-identity.js'
import { cellCall, testCall, valueCall } from './step-call.js'
import { StepFailure } from './step-failure.js'

/** What one row contributes to a `first`, `last` or `collect`. */
export interface OrderedPart extends Ordered {
  value: Cell
}

/** What one row contributes to an aggregate: true to the count of rows, a value, or one with its place. */
export type Part = Exclude<Cell, null> | OrderedPart

/** Reads what a row contributes to an aggregate; undefined when that is nothing. */
export type PartOf = (id: RowId, row: CellRow) => Part | undefined

/** How messages name an aggregate. */
export function aggregateStep(name: string): string {
  return `.aggregate({ ${name}: … })`
}

/** How the rows of a group are read for the aggregate `name`: by its functions, which may fail on one. */
export function partReader(name: string, { kind, value, where, by }: Aggregate): PartOf {
  const step = aggregateStep(name)
  const read = valueReader(kind, value, step, name)
  const takes = where === null ? null : testCall(where, step)
  if (by === null) {
    return (_, row) => (takes === null || takes(row) ? (read(row) as Part | null) : null) ?? undefined
  }
  const order = valueCall(by, step, name)
  return (id, row) => (takes === null || takes(row) ? { by: order(row), id, value: read(row) } : undefined)
}

function valueReader(
  kind: AggregateKind,
  value: Aggregate['value'],
  step: string,
  name: string,
): (row: CellRow) => Cell {
  if (value === null) return () => true
  if (kind === 'collect') return cellCall(value, step, name)
  const read = valueCall(value as (row: CellRow) => never, step, name)
  if (kind !== 'sum' && kind !== 'mean') return read
  return row => {
    const given = read(row)
    if (given === null || typeof given === 'number' || typeof given === 'bigint') return given
    if (typeof given === 'string' && parseDecimal(given) !== null) return given
    const advice = 'Give a number, a bigint, a decimal as text, or null.'
    throw StepFailure.gave(step, value, typeof given === 'string' ? 'text' : given, advice, ` for ${name}`)
  }
}
