import { groupByOperators } from '@tanstack/db-ivm'
import type { Aggregate } from '../../src/pipeline/aggregate.js'
import type { OrderedPart, Part } from '../../src/pipeline/aggregate-part.js'
import type { Cell, CellRow } from '../../src/pipeline/cell.js'
import { plainAggregate } from '../../src/pipeline/plain-aggregate.js'
import type { AggregateNode } from '../../src/pipeline/plan.js'
import type { RowId } from '../../src/pipeline/row-identity.js'

/** What a row contributes to each aggregate; to some nothing. */
export function partsOf(
  aggregates: AggregateNode['aggregates'],
  id: RowId,
  row: CellRow,
): Record<string, Part | undefined> {
  const parts = Object.entries(aggregates).map(([name, { value, where, by }]) => {
    if (where !== null && !where(row)) return [name, undefined] as const
    const cell = value === null ? true : (value(row) ?? null)
    return [
      name,
      by === null ? (cell ?? undefined) : ({ by: by(row) ?? null, id, value: cell } as OrderedPart),
    ] as const
  })
  return Object.fromEntries(parts)
}

/** Whether it has an operator for an aggregate. */
export function isTheirs({ kind }: Aggregate): boolean {
  return kind === 'count' || kind === 'sum' || kind === 'min' || kind === 'max'
}

/** What it has operators for. */
export type TheirKind = 'count' | 'sum' | 'min' | 'max'

/** What one row contributes. */
export interface Contribution {
  parts: Record<string, Part | undefined>
}

interface Operator {
  reduce(parts: [number, number][]): number | undefined
}

/** Its aggregate where a group has integers only, and the plain one else. */
export function aggregateOf(
  kind: TheirKind,
  name: string,
): {
  preMap(one: Contribution): Part | undefined
  reduce(parts: [Part | undefined, number][]): Cell
} {
  const operators = groupByOperators as unknown as Record<TheirKind, () => Operator>
  const { reduce: theirs } = operators[kind]()
  return {
    preMap: ({ parts }) => parts[name],
    reduce(all) {
      if (kind === 'count')
        return theirs(all.map(([part, times]) => [part === undefined ? 0 : 1, times])) ?? null
      const parts = all.filter(([part]) => part !== undefined) as [Part, number][]
      if (parts.length > 0 && parts.every(([part]) => Number.isSafeInteger(part))) {
        return theirs(parts as [number, number][]) ?? null
      }
      return plainAggregate(
        kind,
        parts.flatMap(([part, times]) => Array.from({ length: times }, () => part)),
      )
    },
  }
}
