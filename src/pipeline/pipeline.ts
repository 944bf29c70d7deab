import type { Row, Value } from '../change/column-type.js'
import type { TypedTopic } from '../change/topic.js'
import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'
import type { Aggregate } from './aggregate.js'
import type { AggregateNode, Plan, PlanNode } from './plan.js'

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

/** Rows on their way through a pipeline. Every verb gives a new one; nothing runs until the pipeline is used. */
export class Rows<R> {
  readonly #name: string
  readonly #node: PlanNode

  constructor(name: string, node: PlanNode) {
    this.#name = name
    this.#node = node
  }

  /** Keeps the rows `test` is true for. It must depend on the row alone. */
  filter(test: (row: R) => boolean): Rows<R> {
    return new Rows(this.#name, { verb: 'filter', input: this.#node, test: test as (row: Row) => boolean })
  }

  /**
   * Puts rows with the same `key(row)` together. The key is an object whose properties become the first columns of the
   * output and the key of its records; none may be null.
   */
  groupBy<K extends Readonly<Record<string, Value>>>(key: (row: R) => K): Groups<R, K> {
    return new Groups(this.#name, this.#node, key)
  }

  /** Ends the pipeline: its rows are the records of `topic`. */
  to(topic: string): Pipeline<R> {
    return new Pipeline({ name: this.#name, output: topic, root: this.#node })
  }
}

/** The output row of `aggregate`: the key's columns and one per aggregate. */
export type Aggregated<K, A> = { [column in keyof K]: K[column] } & {
  [column in keyof A]: A[column] extends Aggregate<never, infer V> ? V : never
}

/** Rows put together by key, to be aggregated. */
export class Groups<R, K extends Readonly<Record<string, Value>>> {
  readonly #name: string
  readonly #input: PlanNode
  readonly #key: (row: R) => K

  constructor(name: string, input: PlanNode, key: (row: R) => K) {
    this.#name = name
    this.#input = input
    this.#key = key
  }

  /** One row per group: the key, then each aggregate under its name. A group without rows has no row. */
  aggregate<A extends Readonly<Record<string, Aggregate<R>>>>(aggregates: A): Rows<Aggregated<K, A>> {
    const node: AggregateNode = {
      verb: 'aggregate',
      input: this.#input,
      key: this.#key as (row: Row) => K,
      aggregates: aggregates as unknown as AggregateNode['aggregates'],
    }
    return new Rows(this.#name, node)
  }
}

/** The first word of a pipeline, waiting for `from`. */
export class PipelineStart {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  /** Reads a typed topic: one row per key, rows its definition counts as deleted left out. */
  from<R>(topic: TypedTopic<R>): Rows<R> {
    return new Rows(this.#name, {
      verb: 'from',
      topic: topic.name,
      key: topic.key,
      deleted: topic.deleted,
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
