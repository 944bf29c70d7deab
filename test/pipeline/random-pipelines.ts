import fc from 'fast-check'
import { z } from 'zod'
import { type TypedTopic, topic } from '../../src/change/topic.js'
import {
  collect,
  count,
  countDistinct,
  first,
  last,
  max,
  mean,
  min,
  sum,
} from '../../src/pipeline/aggregate.js'
import { keyedStep } from '../../src/pipeline/output-key.js'
import { type Pipeline, pipeline, type Rows } from '../../src/pipeline/pipeline.js'
import type { PlanNode } from '../../src/pipeline/plan.js'
import { type LogRow, logTopics } from './legal-changes.js'

/** The columns that every step of a random pipeline gives: it may have more. */
export interface Common {
  a: number | null
  b: number | null
  c: string | null
  n: number | null
  t: number | null
}

type Step = (rows: Rows<Common>) => Rows<Common>
type Tree =
  | { verb: 'from'; topic: number }
  | { verb: 'step'; step: Step; input: Tree }
  | { verb: 'join' | 'left' | 'union'; choice: number; input: Tree; other: Tree }

/** What functions throw on purpose, and how often they have. */
export class Odd extends Error {
  static thrown = 0

  constructor() {
    super('a value of a row')
    this.name = 'Odd'
    Odd.thrown++
  }
}

function unless<T>(odd: boolean, value: T): T {
  if (odd) throw new Odd()
  return value
}

const start = pipeline('random')
const topics = logTopics.map(name =>
  topic<LogRow>(name, z.custom<LogRow>(), { key: ['id'], deleted: 'voided' }),
) as unknown as TypedTopic<Common & LogRow>[]

const tests: ((row: Common) => boolean)[] = [
  row => row.a !== null,
  row => row.b !== 1,
  row => (row.n ?? 0) < 3,
  row => unless(row.a === 2 && row.b === 0, row.c !== 'x'),
]

const maps: ((row: Common) => Common)[] = [
  row => ({ ...row, a: row.b, b: row.a }),
  row => ({ a: row.a, b: (row.b ?? 0) + 1, c: row.c, n: row.n, t: row.t }),
  row => ({ a: unless(row.b === 2, row.a), b: row.b, c: `${row.c}!`, n: row.t, t: row.t }),
  row => ({ a: row.a, b: undefined as unknown as null, c: row.c, n: row.n, t: row.t }),
]

const keys: ((row: Common) => Partial<Common>)[] = [
  row => ({ a: row.a }),
  row => ({ a: row.a, b: row.b }),
  row => ({ c: row.c }),
  row => ({ a: unless(row.a === 3 && row.t === null, row.a) }),
]

const orders: ((row: Common) => number | string | null)[] = [
  row => row.t,
  row => row.n,
  row => row.c,
  row => (row.b === 1 ? row.c : row.t),
  () => 0,
]

interface Choices {
  key: (row: Common) => Partial<Common>
  by: (row: Common) => number | string | null
  test: (row: Common) => boolean
}

/** Rows as an aggregate leaves them, with the columns that its key did not have. */
function filled(rows: Rows<object>): Rows<Common> {
  return (rows as Rows<Partial<Common>>).derive({
    a: row => row.a ?? null,
    b: row => row.b ?? null,
    c: row => row.c ?? null,
    n: row => row.n ?? null,
    t: row => row.t ?? null,
  }) as unknown as Rows<Common>
}

const grouping: ((choices: Choices) => Step)[] = [
  ({ key, test }) =>
    rows =>
      filled(
        rows.groupBy(key as (row: Common) => { a: number | null }).aggregate({
          a: count({ where: test }),
          b: sum(row => row.b),
          n: min(row => row.n, { where: test }),
          t: max(row => row.t),
        }),
      ),
  ({ key, by, test }) =>
    rows =>
      filled(
        rows.groupBy(key as (row: Common) => { a: number | null }).aggregate({
          rows: count(),
          n: sum(row => row.n, { where: test }),
          t: max(row => row.t),
          list: collect(row => ({ n: row.n, c: [row.c, row.a] }), { by }),
        }),
      ),
  ({ key, by, test }) =>
    rows =>
      filled(
        rows.groupBy(key as (row: Common) => { a: number | null }).aggregate({
          n: mean(row => row.n),
          b: countDistinct(row => row.b, { where: test }),
          least: min(row => row.c),
          greatest: max(row => row.n),
          newest: last(row => unless(row.n === 3, row.c), { by, where: test }),
          oldest: first(row => row.n, { by }),
          times: count(row => row.t),
        }),
      ),
  ({ key, by }) =>
    rows =>
      filled(
        rows
          .groupBy(key as (row: Common) => { a: number | null })
          .pivot(row => row.b, { n: 0, one: 1, t: 2 }, { value: row => unless(row.c === 'y', row.n), by }),
      ),
  ({ key, by }) =>
    rows =>
      rows.groupBy(key as (row: Common) => { a: number | null }).latest({ by }),
  ({ key, by }) =>
    rows =>
      rows.groupBy(key as (row: Common) => { a: number | null }).fold({
        by,
        start: { sum: 0, previous: null as string | null },
        step: (state, row) => ({
          sum: unless(row.b === 2 && state.sum > 2, state.sum + (row.a ?? 0)) % 5,
          previous: row.c ?? state.previous,
        }),
        emit: (state, row) => ({
          a: row.a,
          b: unless(state.sum === 4 && row.n === null, state.sum),
          c: state.previous,
          n: row.n,
          t: row.t,
        }),
      }),
]

const others: Step[] = [
  rows => rows.select('a', 'c', 'n', 't', 'b'),
  rows => rows.derive({ n: row => (row.n ?? 0) * 2, extra: row => row.c }),
  rows => rows.derive({ a: row => unless(row.c === 'é', row.a), sure: row => row.b !== null }),
  rows =>
    rows
      .window(row => row.t, { size: '2h', offset: '1h' })
      .map(row => ({ a: row.a, b: row.b, c: row.c, n: row.window_start, t: row.t })),
  rows =>
    rows.flatMap(row =>
      Array.from({ length: unless(row.b === 1 && row.a === 1, (row.a ?? 1) % 3) }, (_, i) => ({
        ...row,
        b: i,
      })),
    ),
  rows => rows.declassify('c'),
]

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(...tests).map(
    (test): Step =>
      rows =>
        rows.filter(test),
  ),
  fc.constantFrom(...maps).map(
    (map): Step =>
      rows =>
        rows.map(map),
  ),
  fc.constantFrom(...others),
  fc
    .tuple(
      fc.constantFrom(...grouping),
      fc.record({
        key: fc.constantFrom(...keys),
        by: fc.constantFrom(...orders),
        test: fc.constantFrom(...tests),
      }),
    )
    .map(([make, choices]) => make(choices)),
)

const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'tree' },
    { weight: 2, arbitrary: fc.record({ verb: fc.constant('from' as const), topic: fc.nat(1) }) },
    { weight: 6, arbitrary: fc.record({ verb: fc.constant('step' as const), step, input: tie('tree') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        verb: fc.constantFrom('join', 'left', 'union'),
        choice: fc.nat(3),
        input: tie('tree'),
        other: tie('tree'),
      }),
    },
  ),
})).tree

function rowsOf(one: Tree): Rows<Common> {
  switch (one.verb) {
    case 'from':
      return start.from(topics[one.topic]!)
    case 'step':
      return one.step(rowsOf(one.input))
    case 'union':
      return rowsOf(one.input).union(rowsOf(one.other))
    default:
      return rowsOf(one.input).join(
        rowsOf(one.other),
        {
          kind: one.verb === 'left' ? 'left' : 'inner',
          on: [
            (r: Common) => r.a,
            (r: Common) => [r.a, r.b],
            (r: Common) => r.c,
            (r: Common) => unless(r.n === 0.1, r.b),
          ][one.choice]!,
          to: [(r: Common) => r.b, (r: Common) => [r.b, r.a], (r: Common) => r.c, (r: Common) => r.b][
            one.choice
          ]!,
        },
        (row, other: Common | null) => ({
          a: row.a,
          b: other === null ? null : other.b,
          c: unless(other?.c === 'y' && row.a === 1, row.c),
          n: other?.n ?? row.n,
          t: row.t,
        }),
      )
  }
}

/** Pipelines of all verbs, with functions that throw on some rows among theirs. */
export const randomPipeline: fc.Arbitrary<Pipeline<Common>> = fc
  .tuple(tree, fc.constantFrom<(keyof Common)[]>(['a'], ['a', 'b'], ['c', 'a'], ['t']), fc.boolean())
  .map(([one, key, named]) => {
    const rows = rowsOf(one)
    const keyless = keyedStep((rows.to('x', { key }) as Pipeline<Common>).plan.root) === null
    return rows.to('out', keyless || named ? { key } : {})
  })

/** The verbs of a pipeline, from the last to the first, for who reads a counterexample. */
export function verbsOf(node: PlanNode): string {
  if (node.verb === 'from') return node.topic
  const inputs = 'inputs' in node ? node.inputs : 'other' in node ? [node.input, node.other] : [node.input]
  return `${node.verb}(${inputs.map(verbsOf).join(', ')})`
}
