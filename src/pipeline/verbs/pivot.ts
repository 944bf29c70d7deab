import type { Value } from '../../change/column-type.js'
import { type Cell, type CellRow, isValue } from '../cell.js'
import { groupByStep } from '../group-key.js'
import { type Grouped, groupOperator, type Member } from '../grouping.js'
import { compareOrdered, type Few, lastOf, type Ordered, withEntry, withoutEntry } from '../ordered.js'
import { plainGroups } from '../plain-groups.js'
import type { PivotNode } from '../plan.js'
import { type RowId, valueId } from '../row-identity.js'
import { RowTemplate } from '../row-template.js'
import { valueCall } from '../step-call.js'
import type { Verb } from '../verb.js'

const step = '.pivot(…)'

/** `groupBy(…).pivot(…)`: one row per key, with a column for each value that is looked for. */
export const pivot: Verb<PivotNode> = {
  functions({ key, on, value, by, columns }) {
    const about = { step, takes: [0], gives: Object.keys(columns) }
    return [
      { step: groupByStep, call: key, takes: [0], gives: 'rest', returns: 'columns' },
      { ...about, call: value, returns: 'column' },
      { ...about, call: on, returns: 'other' },
      { ...about, call: by, returns: 'other' },
    ]
  },
  passes: () => [],
  identity: 'key',
  uniform: true,
  operator: (node, context, next) => groupOperator(node.key, grouped(node), context, next),
  recompute(node, [rows = []], attempt) {
    const read = reader(node)
    return plainGroups(node.key, rows, attempt, ({ id, row }) => read(id, row)).map(
      ({ id, key, members }) => {
        const row: Record<string, Cell> = { ...key }
        Object.keys(node.columns).forEach((name, column) => {
          const own = members.filter(member => member?.column === column)
          row[name] = own.sort((a, b) => compareOrdered(a!, b!)).at(-1)?.value ?? null
        })
        return { id, key, row }
      },
    )
  },
}

/** A row with the value for a column, by its place. */
interface Placed extends Ordered {
  column: number
  value: Value
}

/** Null for a row that no column looks for. Two columns that look for the same value are one: the first. */
function reader({ on, columns, value, by }: PivotNode): (id: RowId, row: CellRow) => Placed | null {
  const places = new Map<RowId, number>()
  for (const [i, sought] of Object.values(columns).entries()) {
    if (isValue(sought) && !places.has(valueId(sought))) places.set(valueId(sought), i)
  }
  const onOf = valueCall(on, step, 'on')
  const readValue = valueCall(value, step, 'value')
  const byOf = valueCall(by, step, 'by')
  return (id, row) => {
    const column = places.get(valueId(onOf(row)))
    return column === undefined ? null : { by: byOf(row), id, column, value: readValue(row) }
  }
}

/** What a row contributed: `column` is -1 for one that only makes its group exist. */
class PivotMember implements Member<Few<PivotMember>[]>, Ordered {
  group: Member<Few<PivotMember>[]>['group'] = null
  readonly id: RowId
  readonly column: number
  readonly by: Value
  readonly value: Value

  constructor(id: RowId, column: number, by: Value, value: Value) {
    this.id = id
    this.column = column
    this.by = by
    this.value = value
  }
}

function grouped(node: PivotNode): Grouped<PivotMember, Few<PivotMember>[]> {
  const read = reader(node)
  const names = Object.keys(node.columns)
  const columns = new RowTemplate(names)
  return {
    member(id, row) {
      const placed = read(id, row)
      return placed === null
        ? new PivotMember(id, -1, null, null)
        : new PivotMember(id, placed.column, placed.by, placed.value)
    },
    create: () => Array.from({ length: names.length }, () => undefined),
    add({ state }, member) {
      const { column } = member
      if (column >= 0) state[column] = withEntry(state[column], member, compareOrdered)
    },
    remove({ state }, member) {
      const { column } = member
      if (column >= 0) state[column] = withoutEntry(state[column], member)
    },
    emit({ id, key, size, state }, next) {
      if (size === 0) return next.remove(id)
      const row = columns.row(key)
      for (let i = 0; i < names.length; i++) row[names[i]!] = lastOf(state[i])?.value ?? null
      next.put(id, row)
    },
    encode: ({ column, by, value }) => [column, by, value],
    decode(cell, id) {
      const [column, by, value] = cell as [number, Value, Value]
      return new PivotMember(id, column, by, value)
    },
  }
}
