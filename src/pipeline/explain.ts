import { z } from 'zod'
import { printAs } from '../inspect.js'
import { parseOptions } from '../options.js'
import { columnsNeeded } from './columns-needed.js'
import { type ColumnsRead, columnGiven, columnsRead } from './columns-read.js'
import { graphOf } from './explain-graph.js'
import { treeOf } from './explain-tree.js'
import type { ExplainedPlan, ExplainedState, ExplainedStep } from './explained-plan.js'
import { textOf } from './expression.js'
import { functionSource } from './function-source.js'
import { planOf } from './pipeline.js'
import { inputsOf, type Plan, type PlanNode, planTopics, stepsOf } from './plan.js'
import { planSql } from './plan-sql.js'
import type { OperatorProfile } from './profile.js'
import { sensitiveColumns } from './sensitivity.js'
import type { SqlTable } from './sql-relation.js'
import { columnsOf } from './step-columns.js'
import { verbOf } from './verbs.js'

type AnyFunction = (...parameters: never[]) => unknown

/** What is known besides the plan. */
export interface ExplainOptions {
  /** What the operators of an engine took: `engine.profile()`. Default: nothing was measured. */
  profile?: readonly OperatorProfile[]
  /** Rows of each topic, by the name the plan gives it, to estimate the memory of operators by. Default: not known. */
  rows?: Readonly<Record<string, number>>
}

export type { ExplainedState, ExplainedStep } from './explained-plan.js'

const optionsSchema: z.ZodType<ExplainOptions> = z.strictObject({
  profile: z
    .array(
      z.object({
        operator: z.string(),
        rows: z.number(),
        ms: z.number(),
        entries: z.number(),
        bytes: z.number(),
      }),
    )
    .optional(),
  rows: z.record(z.string(), z.number()).optional(),
})

/** A plan, told step by step: as a tree of text, and as a graph. */
export class Explanation implements ExplainedPlan {
  /** The pipeline's name. */
  readonly pipeline: string
  /** The topic it writes. */
  readonly output: string
  /** The columns of its key; null for those that the last step groups by, or the topic's. */
  readonly key: readonly string[] | null
  /** The columns that it may read of each topic. */
  readonly topics: ReadonlyMap<string, ColumnsRead>
  /** The steps, each after those that give it its rows. */
  readonly steps: readonly ExplainedStep[]

  constructor(parts: ExplainedPlan) {
    this.pipeline = parts.pipeline
    this.output = parts.output
    this.key = parts.key
    this.topics = parts.topics
    this.steps = parts.steps
  }

  /** Whether a DuckDB query can give the same. */
  get sql(): boolean {
    return this.steps.every(({ notSql }) => notSql === null)
  }

  /** The plan as a tree, the last step first, at most 110 columns wide. */
  text(): string {
    return treeOf(this)
  }

  /** The plan as a drawing, SVG that needs nothing from elsewhere. */
  graph(): string {
    return graphOf(this)
  }

  /** The text, and the drawing for a notebook. */
  mimeBundle(): Readonly<Record<string, unknown>> {
    return { 'text/plain': this.text(), 'image/svg+xml': this.graph() }
  }
}
printAs(Explanation, explanation => explanation.text())

/**
 * Tells what a pipeline does: its steps, the columns they read and give, which are sensitive, what is remembered and
 * whether SQL has a faithful form of it. `explain(p)` prints as a tree, and `show(explain(p))` draws it in a notebook.
 * Pass `profile` to see what each step took, `rows` to have its memory estimated.
 */
export function explain(pipeline: { readonly plan: Plan }, options: ExplainOptions = {}): Explanation {
  const { profile = [], rows = {} } = parseOptions(optionsSchema, options)
  const plan = planOf(pipeline)
  const steps = stepsOf(plan.root)
  const refused = planSql(plan, declaredTables(plan))
  const reasons = 'sql' in refused ? [] : refused
  const nameOf = new Map(steps.map(({ name, node }) => [node, name]))
  const explained = steps.map(({ name, node }): ExplainedStep => {
    const columns = columnsOf(node)
    const measured = profile.find(({ operator }) => operator === name) ?? null
    const reason = reasons.find(({ operator }) => operator === name)
    return {
      name,
      does: doing(node),
      inputs: inputsOf(node).map(input => nameOf.get(input)!),
      reads: inputsOf(node).map((_, i) => readsOf(node, i)),
      columns,
      sensitive: columns === null ? [] : [...sensitiveColumns(node, columns)],
      state: measured === null ? estimated(node, rows) : measuredState(measured),
      profile: measured,
      notSql: reason === undefined ? null : `\`${reason.expression}\`: ${reason.reason}`,
    }
  })
  return new Explanation({
    pipeline: plan.name,
    output: plan.output,
    key: plan.key,
    topics: columnsNeeded(plan),
    steps: explained,
  })
}

/** Tables of the columns that definitions tell, as far as they tell their kinds. */
function declaredTables({ root }: Plan): Map<string, SqlTable> {
  return new Map(
    planTopics(root).map(({ topic, columns }) => {
      const known = columns.flatMap(({ name, kind, nullable }) =>
        kind === undefined ? [] : [{ name, kind, nullable }],
      )
      return [topic, { name: 'topic', columns: known, stored: 'values' }]
    }),
  )
}

function readsOf(node: PlanNode, input: number): ColumnsRead {
  const columns = new Set(verbOf(node).mentions?.(node) ?? [])
  for (const { call, takes } of verbOf(node).functions(node)) {
    for (const [parameter, taken] of takes.entries()) {
      if (taken !== input) continue
      const read = columnsRead(call as AnyFunction, parameter)
      if (read === 'all') return 'all'
      for (const column of read) columns.add(column)
    }
  }
  return columns
}

function doing(node: PlanNode): string {
  switch (node.verb) {
    case 'from': {
      const deleted = node.deleted.length === 0 ? '' : `, not where ${node.deleted.join(' or ')}`
      return `${node.topic} by ${node.key.join(', ')}${deleted}`
    }
    case 'filter':
      return bodyOf(node.test)
    case 'map':
      return bodyOf(node.row)
    case 'flatMap':
      return bodyOf(node.rows)
    case 'select':
    case 'declassify':
      return node.columns.join(', ')
    case 'derive':
      return Object.entries(node.columns)
        .map(([name, call]) => `${name}: ${bodyOf(call)}`)
        .join(', ')
    case 'aggregate': {
      const aggregates = Object.entries(node.aggregates).map(([name, one]) => {
        const where = one.where === null ? '' : ` where ${bodyOf(one.where)}`
        const value =
          one.value === null ? '' : ` ${columnGiven(one.value as AnyFunction) ?? bodyOf(one.value)}`
        return `${name}: ${one.kind}${value}${where}`
      })
      return `by ${bodyOf(node.key)}: ${aggregates.join(', ')}`
    }
    case 'pivot':
      return `by ${bodyOf(node.key)}, on ${bodyOf(node.on)}: ${Object.keys(node.columns).join(', ')}`
    case 'join':
      return `${node.kind}, ${bodyOf(node.on)} = ${bodyOf(node.to)}`
    case 'union':
      return `of ${node.inputs.length}`
    case 'latest':
      return `by ${bodyOf(node.key)}, the last by ${bodyOf(node.by)}`
    case 'window':
      return `of ${node.size.toLocaleString('en')} ms on ${bodyOf(node.on)}`
    case 'fold':
      return `by ${bodyOf(node.key)}, in the order of ${bodyOf(node.by)}`
  }
}

/** What a function gives, as written. */
function bodyOf(given: unknown): string {
  const source = functionSource(given as AnyFunction)
  if (source === null) return 'a function'
  const { body } = source.node
  return body.type === 'BlockStatement'
    ? textOf(String(given))
    : textOf(source.text.slice(body.start, body.end))
}

function measuredState({ entries, bytes }: OperatorProfile): ExplainedState | null {
  return entries === 0 ? null : { rows: entries, bytes, estimated: false }
}

const stateful: ReadonlySet<string> = new Set(['aggregate', 'pivot', 'join', 'latest', 'fold', 'flatMap'])
/** Of an entry besides its values, and of a value: rough guesses, which a profile replaces by what an engine holds. */
const bytesPerEntry = 80
const bytesPerValue = 16

/** At most one entry for each row of the topics behind it, of the columns that the step reads. */
function estimated(node: PlanNode, rows: Readonly<Record<string, number>>): ExplainedState | null {
  if (!stateful.has(node.verb)) return null
  const counts = planTopics(node).map(({ topic }) => rows[topic])
  const known = counts.filter(count => count !== undefined)
  if (known.length < counts.length) return null
  const entries = known.reduce((sum, count) => sum + count, 0)
  const width = inputsOf(node).reduce((sum, _, i) => {
    const read = node.verb === 'latest' ? 'all' : readsOf(node, i)
    return sum + (read === 'all' ? (columnsOf(inputsOf(node)[i]!)?.length ?? 20) : read.size)
  }, 0)
  return { rows: entries, bytes: entries * (bytesPerEntry + bytesPerValue * width), estimated: true }
}
