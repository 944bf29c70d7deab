import { z } from 'zod'
import type { Row, Value } from '../change/column-type.js'
import type { TypedTopic } from '../change/topic.js'
import { ObslabError } from '../errors.js'
import { foundText, parseOptions } from '../options.js'
import type { Aggregate } from './aggregate.js'
import type { Cell } from './cell.js'
import { milliseconds } from './duration.js'
import { requireOutputKey } from './output-key.js'
import { requireOutputSchema } from './output-schema.js'
import type { AggregateNode, DeriveNode, FoldNode, JoinNode, PivotNode, Plan, PlanNode } from './plan.js'
import type {
  Aggregated,
  Derived,
  FoldOptions,
  FromOptions,
  JoinOptions,
  LatestOptions,
  Other,
  Pivoted,
  PivotOptions,
  ToOptions,
  WindowColumns,
  WindowOptions,
} from './row-types.js'

export type { Aggregated } from './row-types.js'

/** A named transformation, complete: what it reads, what it does and the topic it writes. */
export class Pipeline<R = Row> {
  /** The pipeline as data. */
  readonly plan: Plan
  /** Only a type: the rows of the output topic. */
  declare readonly row: R

  constructor(plan: Plan) {
    this.plan = plan
  }
}

/** The plan of a pipeline that a user handed in; anything else, rows without `.to(topic)` too, is `option-invalid`. */
export function planOf(given: unknown): Plan {
  const plan: unknown = (given as { plan?: unknown } | null | undefined)?.plan
  if (typeof plan === 'object' && plan !== null && 'root' in plan) return plan as Plan
  const what = given instanceof Rows ? 'rows that are not a pipeline yet' : foundText(given)
  throw new ObslabError('option-invalid', `Expected a pipeline, which ends with .to(topic), found ${what}.`)
}

/**
 * Rows on their way through a pipeline. Every verb gives new ones; nothing runs until the pipeline is used. The functions
 * handed to a verb must depend on the rows they are called with alone, and change none.
 */
export class Rows<R> {
  readonly #name: string
  readonly #node: PlanNode

  constructor(name: string, node: PlanNode) {
    this.#name = name
    this.#node = node
  }

  /** Keeps the rows `test` is true for. */
  filter(test: (row: R) => boolean): Rows<R> {
    return this.#then({ verb: 'filter', input: this.#node, test: requireFunction(test, '.filter(…)') })
  }

  /** Each row becomes the one that `row` gives: an object of columns. */
  map<S extends object>(row: (row: R) => S): Rows<S> {
    return this.#then({ verb: 'map', input: this.#node, row: requireFunction(row, '.map(…)') })
  }

  /** Keeps the named columns, in the order named. */
  select<C extends keyof R & string>(...columns: C[]): Rows<Pick<R, C>> {
    return this.#then({ verb: 'select', input: this.#node, columns: [...columns] })
  }

  /** Adds a column for each function, or replaces the one of that name: `.derive({ bmi: row => … })`. */
  derive<D extends Readonly<Record<string, (row: R) => unknown>>>(columns: D): Rows<Derived<R, D>> {
    for (const [name, column] of Object.entries(columns)) requireFunction(column, `.derive({ ${name}: … })`)
    return this.#then({
      verb: 'derive',
      input: this.#node,
      columns: columns as unknown as DeriveNode['columns'],
    })
  }

  /** Each row becomes those that `rows` gives: a list of objects of columns, empty for none. */
  flatMap<S extends object>(rows: (row: R) => readonly S[]): Rows<S> {
    return this.#then({ verb: 'flatMap', input: this.#node, rows: requireFunction(rows, '.flatMap(…)') })
  }

  /**
   * Puts rows with the same `key(row)` together. The key is an object whose properties become the first columns of the
   * output and the key of its records, where none may be null.
   */
  groupBy<K extends { readonly [column in keyof K]: Value }>(key: (row: R) => K): Groups<R, K> {
    return new Groups(this.#name, this.#node, requireFunction(key, '.groupBy(…)'))
  }

  /**
   * Puts each row together with every row of `other` that has the same value, into the row that `row` gives:
   * `.join(encounters, { on: o => o.encounter_id, to: e => e.encounter_id }, (o, e) => ({ … }))`.
   */
  join<S, T extends object, Kind extends 'inner' | 'left' = 'inner'>(
    other: Rows<S>,
    options: JoinOptions<R, S, Kind>,
    row: (row: R, other: Other<S, Kind>) => T,
  ): Rows<T> {
    const kind: unknown = options?.kind ?? 'inner'
    if (typeof options?.on !== 'function' || typeof options.to !== 'function') {
      throw new ObslabError(
        'pipeline-invalid',
        `A .join(…) of the pipeline ${this.#name} has no keys: say what its rows have in common, ` +
          '{ on: row => row.encounter_id, to: other => other.encounter_id }.',
      )
    }
    if (kind !== 'inner' && kind !== 'left') {
      throw new ObslabError('option-invalid', `A join is 'inner' or 'left'; found ${foundText(kind)}.`)
    }
    const { on, to } = options as unknown as JoinNode
    const made: JoinNode['row'] = requireFunction(row, '.join(…)')
    return this.#then({
      verb: 'join',
      kind,
      input: this.#node,
      other: Rows.#nodeOf(other),
      on,
      to,
      row: made,
    })
  }

  /** Adds the rows of others, which have the same columns. None is left out, be they equal. */
  union(...others: readonly Rows<R>[]): Rows<R> {
    return this.#then({ verb: 'union', inputs: [this.#node, ...others.map(Rows.#nodeOf)] })
  }

  /**
   * Adds the columns `window_start` and `window_end`: the tumbling window that the time `on` gives falls into,
   * milliseconds since the epoch. A row without a time is left out. To count per window, group by `window_start`.
   */
  window(on: (row: R) => number | null, options: WindowOptions): Rows<R & WindowColumns> {
    const size = milliseconds(options?.size, 'the size of a window')
    const offset = milliseconds(options.offset ?? 0, 'the offset of a window')
    if (size <= 0) throw new ObslabError('option-invalid', `A window has a size above 0; found ${size} ms.`)
    return this.#then({
      verb: 'window',
      input: this.#node,
      on: requireFunction(on, '.window(…)'),
      size,
      offset,
    })
  }

  /**
   * Declares that the named columns tell nothing that has to be masked, although functions behind them may read a
   * sensitive column: a decision to be made knowingly.
   */
  declassify(...columns: (keyof R & string)[]): Rows<R> {
    return this.#then({ verb: 'declassify', input: this.#node, columns: [...columns] })
  }

  /** Ends the pipeline: its rows are the records of `topic`. */
  to<S extends R = R>(topic: string, options: ToOptions<R, S> = {}): Pipeline<R> {
    const { key, schema, settings } = parseOptions(toOptions, options, 'Option of .to(…)')
    const plan: Plan = {
      name: this.#name,
      output: topic,
      key: key ?? null,
      root: this.#node,
      ...(schema !== undefined && { schema: requireOutputSchema(schema, topic, key ?? []) }),
      ...(settings !== undefined && { settings }),
    }
    requireOutputKey(plan)
    return new Pipeline(plan)
  }

  static #nodeOf(rows: unknown): PlanNode {
    if (rows instanceof Rows) return rows.#node
    throw new ObslabError(
      'option-invalid',
      `Expected rows of a pipeline, such as pipeline('…').from(topic); found ${foundText(rows)}.`,
    )
  }

  #then<S>(node: PlanNode): Rows<S> {
    return new Rows(this.#name, node)
  }
}

/** Rows put together by key, to be made one, or one after another. */
export class Groups<R, K> {
  readonly #name: string
  readonly #input: PlanNode
  readonly #key: AggregateNode['key']

  constructor(name: string, input: PlanNode, key: AggregateNode['key']) {
    this.#name = name
    this.#input = input
    this.#key = key
  }

  /**
   * One row per group: the key, then each aggregate under its name. A group without rows has no row. Nulls are treated
   * as in SQL: sum, mean, min, max, countDistinct and count of a value leave them out, and of none are null, or 0.
   */
  aggregate<A extends Readonly<Record<string, Aggregate<R, unknown>>>>(
    aggregates: A,
  ): Rows<Aggregated<K, A>> {
    for (const [name, one] of Object.entries(aggregates)) requireAggregate(one, name)
    return this.#then({
      verb: 'aggregate',
      ...this.#about,
      aggregates: aggregates as unknown as AggregateNode['aggregates'],
    })
  }

  /**
   * One row per group: the key, then a column for each name in `columns` that holds the value of the last row of which
   * `on` gives what the name stands for: `.pivot(o => o.concept_id, { weight: 5089, height: 5090 }, { value, by })`.
   */
  pivot<C extends Readonly<Record<string, Value>>, V extends Value>(
    on: (row: R) => Value,
    columns: C,
    options: PivotOptions<R, V>,
  ): Rows<Pivoted<K, C, V>> {
    const { value, by } = options as unknown as PivotNode
    for (const one of [on, value, by]) requireFunction(one, '.pivot(…)')
    return this.#then({
      verb: 'pivot',
      ...this.#about,
      on: on as PivotNode['on'],
      columns: { ...columns },
      value,
      by,
    })
  }

  /** Of each group the last row in the order of `by`, whole. It is keyed by the group's key. */
  latest(options: LatestOptions<R>): Rows<R> {
    return this.#then({
      verb: 'latest',
      ...this.#about,
      by: requireFunction(options?.by, '.latest({ by: … })'),
    })
  }

  /**
   * Goes through the rows of each group in order, carrying a state: each row becomes what `emit` gives for the state
   * after it. For values carried forward, running totals, differences to the row before. A late row changes those after
   * it, as far as their state becomes another.
   */
  fold<State, Out extends object>(options: FoldOptions<R, State, Out>): Rows<Out> {
    const { by, start, step, emit } = options as unknown as FoldNode
    for (const one of [by, step, emit]) requireFunction(one, '.fold(…)')
    return this.#then({ verb: 'fold', ...this.#about, by, start: (start ?? null) as Cell, step, emit })
  }

  get #about(): { input: PlanNode; key: AggregateNode['key'] } {
    return { input: this.#input, key: this.#key }
  }

  #then<S>(node: PlanNode): Rows<S> {
    return new Rows(this.#name, node)
  }
}

function requireAggregate(given: unknown, name: string): void {
  if (typeof given === 'object' && given !== null && 'kind' in given) return
  throw new ObslabError(
    'option-invalid',
    `Expected count(), sum(…) or another aggregate in .aggregate({ ${name}: … }), found ${foundText(given)}.`,
  )
}

/** `given` as a function of a plan: types are the user's, and stripped at run time. */
function requireFunction<F>(given: unknown, step: string): F {
  if (typeof given === 'function') return given as F
  throw new ObslabError('option-invalid', `Expected a function in ${step}, found ${foundText(given)}.`)
}

const toOptions = z.strictObject({
  key: z.array(z.string()).optional(),
  schema: z.unknown().optional(),
  settings: z.record(z.string(), z.string()).optional(),
})

const fromOptions: z.ZodType<FromOptions> = z.strictObject({ includeDeleted: z.boolean().optional() })

/** The first word of a pipeline, waiting for `from`. */
export class PipelineStart {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  /**
   * Reads a typed topic: one row per key, rows its definition counts as deleted left out if not asked for. Other branches of the pipeline
   * begin here too: `const p = pipeline('x'); p.from(a).join(p.from(b), …)`.
   */
  from<R>(topic: TypedTopic<R>, options: FromOptions = {}): Rows<R> {
    const { includeDeleted = false } = parseOptions(fromOptions, options)
    return new Rows(this.#name, {
      verb: 'from',
      topic: topic.name,
      key: topic.key,
      deleted: includeDeleted ? [] : topic.deleted,
      sensitive: topic.sensitive,
      declassified: topic.declassified,
      columns: topic.columns,
    })
  }
}

/**
 * Begins a pipeline. Its name is the name of its job and, prefixed, of everything the job keeps; it consists of letters,
 * digits, `.`, `_` and `-`, as a Kafka topic's does.
 */
export function pipeline(name: string): PipelineStart {
  if (!/^[\w.-]{1,200}$/.test(name)) {
    throw new ObslabError(
      'pipeline-invalid',
      `A pipeline's name is 1 to 200 letters, digits, '.', '_' or '-', as a Kafka topic's is; found '${name}'.`,
    )
  }
  return new PipelineStart(name)
}
