import type { z } from 'zod'
import type { DeclaredColumn, Row, Value } from '../change/column-type.js'
import type { Aggregate } from './aggregate.js'
import type { Cell, CellRow } from './cell.js'
import type { BoundParams } from './param.js'

export type { Cell, CellRow }

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

/** Keeps the rows `test` is true for. A row keeps its identity. */
export interface FilterNode {
  verb: 'filter'
  input: PlanNode
  test: (row: CellRow) => boolean
}

/** Each row becomes another. It keeps its identity. */
export interface MapNode {
  verb: 'map'
  input: PlanNode
  row: (row: CellRow) => CellRow
}

/** Each row with the named columns only, in the order named. It keeps its identity. */
export interface SelectNode {
  verb: 'select'
  input: PlanNode
  columns: readonly string[]
}

/** Each row with a column more for each function, or another in place of the one of that name. It keeps its identity. */
export interface DeriveNode {
  verb: 'derive'
  input: PlanNode
  columns: Readonly<Record<string, (row: CellRow) => Cell>>
}

/** Each row becomes several: row i of those of a row has its identity followed by i. */
export interface FlatMapNode {
  verb: 'flatMap'
  input: PlanNode
  rows: (row: CellRow) => readonly CellRow[]
}

/** What rows are put together by: an object whose properties are the columns of the key. */
export type KeyFunction = (row: CellRow) => Row

/** One row per distinct `key(row)`: the key's columns, then one column per aggregate. Its identity is the key. */
export interface AggregateNode {
  verb: 'aggregate'
  input: PlanNode
  key: KeyFunction
  aggregates: Readonly<Record<string, Aggregate>>
}

/**
 * One row per distinct `key(row)`: the key's columns, then for each name in `columns` the `value` of the last row, in
 * the order of `by`, of which `on` gives that value; null without one. Its identity is the key.
 */
export interface PivotNode {
  verb: 'pivot'
  input: PlanNode
  key: KeyFunction
  on: (row: CellRow) => Value
  columns: Readonly<Record<string, Value>>
  value: (row: CellRow) => Value
  by: (row: CellRow) => Value
}

/**
 * Rows of `input` with those of `other` whose `to` equals their `on`. SQL's equality: a null equals nothing. The
 * identity of a row is that of both.
 */
export interface JoinNode {
  verb: 'join'
  /** `left` keeps rows of `input` that have no other; `row` is then called with null. */
  kind: 'inner' | 'left'
  input: PlanNode
  other: PlanNode
  on: (row: CellRow) => Value | readonly Value[]
  to: (row: CellRow) => Value | readonly Value[]
  row: (row: CellRow, other: CellRow | null) => CellRow
}

/** The rows of all inputs. A row's identity is its input's place in the list, then its identity there. */
export interface UnionNode {
  verb: 'union'
  inputs: readonly PlanNode[]
}

/** Of the rows with the same `key(row)` the last in the order of `by`, whole. Its identity is the key. */
export interface LatestNode {
  verb: 'latest'
  input: PlanNode
  key: KeyFunction
  by: (row: CellRow) => Value
}

/**
 * Each row with the columns `window_start` and `window_end`: the tumbling window, milliseconds since the epoch, that
 * its time falls into. A row whose time is null is in no window and left out. A row keeps its identity.
 */
export interface WindowNode {
  verb: 'window'
  input: PlanNode
  on: (row: CellRow) => number | null
  /** Milliseconds. */
  size: number
  /** Where the first window after the epoch begins, milliseconds. */
  offset: number
}

/**
 * Of the rows with the same `key(row)`, in the order of `by`, each gives one row: `emit` of the state after it and
 * of the row. A row keeps its identity.
 */
export interface FoldNode {
  verb: 'fold'
  input: PlanNode
  key: KeyFunction
  by: (row: CellRow) => Value
  start: Cell
  step: (state: Cell, row: CellRow) => Cell
  emit: (state: Cell, row: CellRow) => CellRow
}

/** Declares that columns tell nothing of a sensitive one any more. */
export interface DeclassifyNode {
  verb: 'declassify'
  input: PlanNode
  columns: readonly string[]
}

/** A step of a plan, with the steps that give it its rows. */
export type PlanNode =
  | FromNode
  | FilterNode
  | MapNode
  | SelectNode
  | DeriveNode
  | FlatMapNode
  | AggregateNode
  | PivotNode
  | JoinNode
  | UnionNode
  | LatestNode
  | WindowNode
  | FoldNode
  | DeclassifyNode

/** A pipeline as data: its name, its output topic and key, and the tree of its steps, the last one first. */
export interface Plan {
  name: string
  output: string
  /** The columns of the output row that are its key; null for the key of the last step that groups, or of the topic. */
  key: readonly string[] | null
  root: PlanNode
  /** What the rows of the output are declared to be. Default: nothing is declared. */
  schema?: z.ZodObject
  /** Settings of the output topic. Default: none. */
  settings?: Readonly<Record<string, string>>
  /** The values of its params in a run. Default: theirs. */
  params?: BoundParams
}

/** The steps that give a step its rows. */
export function inputsOf(node: PlanNode): readonly PlanNode[] {
  switch (node.verb) {
    case 'from':
      return []
    case 'union':
      return node.inputs
    case 'join':
      return [node.input, node.other]
    default:
      return [node.input]
  }
}

/**
 * The topics a plan reads, each once, in the order it names them. Of one that is read with and without its deleted rows,
 * no row counts as deleted.
 */
export function planTopics(node: PlanNode): readonly FromNode[] {
  if (node.verb === 'from') return [node]
  const topics = new Map<string, FromNode>()
  for (const from of inputsOf(node).flatMap(planTopics)) {
    const { deleted } = topics.get(from.topic) ?? from
    topics.set(from.topic, {
      ...(topics.get(from.topic) ?? from),
      deleted: deleted.filter(column => from.deleted.includes(column)),
    })
  }
  return [...topics.values()]
}

/** The plan with the names of its topics replaced: short ones by full ones. */
export function renameTopics(plan: Plan, fullName: (topic: string) => string): Plan {
  const rename = (node: PlanNode): PlanNode => {
    switch (node.verb) {
      case 'from':
        return { ...node, topic: fullName(node.topic) }
      case 'union':
        return { ...node, inputs: node.inputs.map(rename) }
      case 'join':
        return { ...node, input: rename(node.input), other: rename(node.other) }
      default:
        return { ...node, input: rename(node.input) }
    }
  }
  return { ...plan, root: rename(plan.root) }
}

/** A step of a plan under a name that is its own: its place in the order rows flow and its verb, `2:aggregate`. */
export interface NamedStep {
  name: string
  node: PlanNode
}

/** All steps of a plan, each after those that give it its rows. One that is used twice is there twice. */
export function stepsOf(root: PlanNode): NamedStep[] {
  const inOrder = (node: PlanNode): PlanNode[] => [...inputsOf(node).flatMap(inOrder), node]
  return inOrder(root).map((node, i) => ({ name: `${i}:${node.verb}`, node }))
}
