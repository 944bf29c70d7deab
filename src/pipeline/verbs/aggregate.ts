import { type Accumulator, accumulator } from '../accumulator.js'
import type { Aggregate } from '../aggregate.js'
import { aggregateStep, type OrderedPart, type Part, partReader } from '../aggregate-part.js'
import type { Cell } from '../cell.js'
import { groupByStep } from '../group-key.js'
import { type Grouped, groupOperator, type Member } from '../grouping.js'
import { plainAggregate } from '../plain-aggregate.js'
import { plainGroups } from '../plain-groups.js'
import type { AggregateNode } from '../plan.js'
import { RowTemplate } from '../row-template.js'
import type { StepFunction, Verb } from '../verb.js'

/** `groupBy(…).aggregate({ … })`: one row per key, with a column for each aggregate. */
export const aggregate: Verb<AggregateNode> = {
  functions: ({ key, aggregates }) => [
    { step: groupByStep, call: key, takes: [0], gives: 'rest', returns: 'columns' },
    ...Object.entries(aggregates).flatMap(([name, one]) => functionsOf(name, one)),
  ],
  passes: () => [],
  adds: ({ aggregates }) => Object.keys(aggregates).filter(name => isCountOfRows(aggregates[name]!)),
  identity: 'key',
  uniform: true,
  operator: (node, context, next) => groupOperator(node.key, grouped(node), context, next),
  recompute(node, [rows = []], attempt) {
    const names = Object.keys(node.aggregates)
    const readers = names.map(name => partReader(name, node.aggregates[name]!))
    const groups = plainGroups(node.key, rows, attempt, ({ id, row }) => readers.map(read => read(id, row)))
    return groups.map(({ id, key, members }) => {
      const row: Record<string, Cell> = { ...key }
      names.forEach((name, i) => {
        const parts = members.map(parts => parts[i]).filter(part => part !== undefined)
        row[name] = plainAggregate(node.aggregates[name]!.kind, parts)
      })
      return { id, key, row }
    })
  },
}

function isCountOfRows({ value, where, by }: Aggregate): boolean {
  return value === null && where === null && by === null
}

function functionsOf(name: string, { kind, value, where, by }: Aggregate): StepFunction[] {
  const step = aggregateStep(name)
  const about = { step, takes: [0], gives: [name] }
  const returns = returned[kind]
  return [
    ...(value === null ? [] : [{ ...about, call: value, returns }]),
    ...(by === null ? [] : [{ ...about, call: by, returns: 'other' as const }]),
    ...(where === null ? [] : [{ ...about, call: where, returns: 'other' as const }]),
  ]
}

const returned = {
  count: 'other',
  countDistinct: 'other',
  mean: 'other',
  sum: 'sum',
  min: 'column',
  max: 'column',
  first: 'column',
  last: 'column',
  collect: 'list',
} as const

/** What a row contributes to each aggregate, in their order. */
interface AggregateMember extends Member<readonly Accumulator[]> {
  parts: readonly (Part | undefined)[]
}

function grouped({ aggregates }: AggregateNode): Grouped<AggregateMember, readonly Accumulator[]> {
  const names = Object.keys(aggregates)
  const readers = names.map(name => partReader(name, aggregates[name]!))
  const kinds = names.map(name => aggregates[name]!.kind)
  const ordered = names.map(name => aggregates[name]!.by !== null)
  const columns = new RowTemplate(names)
  return {
    member: (id, row) => ({ group: null, parts: readers.map(read => read(id, row)) }),
    create: () => kinds.map(accumulator),
    add({ state }, { parts }) {
      for (let i = 0; i < parts.length; i++) if (parts[i] !== undefined) state[i]!.add(parts[i]!)
    },
    remove({ state }, { parts }) {
      for (let i = 0; i < parts.length; i++) if (parts[i] !== undefined) state[i]!.remove(parts[i]!)
    },
    emit({ id, key, size, state }, next) {
      if (size === 0) return next.remove(id)
      const row = columns.row(key)
      for (let i = 0; i < names.length; i++) row[names[i]!] = state[i]!.value()
      next.put(id, row)
    },
    encode: ({ parts }) =>
      parts.map((part, i) => {
        if (part === undefined) return null
        return ordered[i] ? [(part as OrderedPart).by, (part as OrderedPart).value] : (part as Cell)
      }),
    decode: (cell, id) => ({
      group: null,
      parts: (cell as readonly Cell[]).map((part, i) => {
        if (part === null || !ordered[i]) return part ?? undefined
        const [by, value] = part as [OrderedPart['by'], Cell]
        return { by, id, value }
      }),
    }),
  }
}
