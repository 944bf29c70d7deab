import type { DeclaredColumn, Row, Value } from '../change/column-type.js'
import type { Aggregate } from './aggregate.js'

/** The topic a pipeline reads: one row per key, rows that count as deleted left out. */
export interface FromNode {
  verb: 'from'
  topic: string
  key: readonly string[]
  /** The columns of which a truthy value means that the row is deleted. */
  deleted: readonly string[]
  sensitive: readonly string[]
  /** Columns known by their names to be sensitive that the definition shows. Default: none. */
  declassified?: readonly string[]
  /** What the topic's definition fixes about its columns. */
  columns: readonly DeclaredColumn[]
}

/** Keeps the rows `test` is true for. */
export interface FilterNode {
  verb: 'filter'
  input: PlanNode
  test: (row: Row) => boolean
}

/** One row per distinct `key(row)`: the key's columns, then one column per aggregate. */
export interface AggregateNode {
  verb: 'aggregate'
  input: PlanNode
  key: (row: Row) => Readonly<Record<string, Value>>
  aggregates: Readonly<Record<string, Aggregate>>
}

/** A step of a plan; its input is the step before it. */
export type PlanNode = FromNode | FilterNode | AggregateNode

/** A pipeline as data: its name, which is also its output topic's, and the tree of its steps, the last one first. */
export interface Plan {
  name: string
  output: string
  root: PlanNode
}

/** The topics a plan reads, each once, in the order it names them. */
export function planTopics(node: PlanNode): readonly FromNode[] {
  return node.verb === 'from' ? [node] : planTopics(node.input)
}

/** The plan with the names of its topics replaced: short ones by full ones. */
export function renameTopics(plan: Plan, fullName: (topic: string) => string): Plan {
  const rename = (node: PlanNode): PlanNode =>
    node.verb === 'from' ? { ...node, topic: fullName(node.topic) } : { ...node, input: rename(node.input) }
  return { ...plan, root: rename(plan.root) }
}
