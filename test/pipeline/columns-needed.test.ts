import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Change } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { topic } from '../../src/change/topic.js'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { hivSummary } from '../../src/openmrs/hiv-summary.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { columnsNeeded } from '../../src/pipeline/columns-needed.js'
import { Engine } from '../../src/pipeline/engine.js'
import { type Pipeline, pipeline, type Rows } from '../../src/pipeline/pipeline.js'
import type { Plan } from '../../src/pipeline/plan.js'
import { bindPlan } from '../../src/pipeline/plan-changes.js'
import { openSource } from '../../src/source/open-source.js'
import { legalChanges } from './legal-changes.js'
import { randomPipeline, verbsOf } from './random-pipelines.js'

type AnyRow = Record<'id' | 'a' | 'b' | 'c' | 'd' | 'voided', number>
const start = pipeline('p')
const from = (name: string): Rows<AnyRow> =>
  start.from(topic<AnyRow>(name, z.custom<AnyRow>(), { key: ['id'], deleted: 'voided' }))

let left: AnyRow | null = null
const name: keyof AnyRow = 'c'

test.each<[string, Pipeline<never> | Pipeline<object>, Record<string, string[] | 'all'>]>([
  [
    'rows as they are',
    from('x')
      .filter(row => row.a > 1)
      .to('out'),
    { x: 'all' },
  ],
  [
    'selected',
    from('x')
      .filter(row => row.a > 1)
      .select('b')
      .to('out'),
    { x: ['a', 'b', 'id', 'voided'] },
  ],
  [
    'aggregated',
    from('x')
      .groupBy(row => ({ a: row.a }))
      .aggregate({ n: count({ where: row => row.b > 0 }), v: last(row => row.c, { by: row => row.d }) })
      .to('out'),
    { x: ['a', 'b', 'c', 'd', 'id', 'voided'] },
  ],
  [
    'derived, then selected',
    from('x')
      .derive({ sum: row => row.a + row.b })
      .select('sum')
      .to('out'),
    { x: ['a', 'b', 'id', 'sum', 'voided'] },
  ],
  [
    'joined',
    from('x')
      .join(from('y'), { on: x => x.a, to: y => y.b }, (x, y) => ({ c: x.c, d: y.d }))
      .to('out', { key: ['c'] }),
    { x: ['a', 'c', 'id', 'voided'], y: ['b', 'd', 'id', 'voided'] },
  ],
  [
    'one topic in two places',
    from('x')
      .select('a')
      .union(from('x').map(row => ({ a: row.c })))
      .to('out', { key: ['a'] }),
    { x: ['a', 'c', 'id', 'voided'] },
  ],
  [
    'folded',
    from('x')
      .groupBy(row => ({ a: row.a }))
      .fold({
        by: row => row.b,
        start: 0,
        step: (sum, row) => sum + row.c,
        emit: (sum, row) => ({ sum, d: row.d }),
      })
      .to('out'),
    { x: ['a', 'b', 'c', 'd', 'id', 'voided'] },
  ],
  [
    'a row that escapes',
    from('x')
      .map(row => Object.keys(row))
      .to('out'),
    { x: 'all' },
  ],
  [
    'a row left in a variable for another function',
    from('x')
      .filter(row => {
        left = row
        return row.a > 1
      })
      .map(row => ({ a: row.a, b: left?.b }))
      .to('out'),
    { x: 'all' },
  ],
  [
    'a column whose name is computed',
    from('x')
      .map(row => ({ a: row[`${'a'}` as 'a'], b: row[name] }))
      .to('out'),
    { x: 'all' },
  ],
])('of %s, no column is needed that no function reads', (_, { plan }, expected) => {
  const needed = [...columnsNeeded(plan)].map(([name, columns]) => [
    name,
    columns === 'all' ? columns : [...columns].sort(),
  ])
  expect(Object.fromEntries(needed)).toEqual(expected)
})

/** The changes with what a plan needs of their rows alone: whatever else is read of them is not there. */
function projected(plan: Plan, changes: readonly Change[]): Change[] {
  const needed = columnsNeeded(plan)
  const project = (topic: string, row: Row | null): Row | null => {
    const columns = needed.get(topic) ?? 'all'
    if (row === null || columns === 'all') return row
    return Object.fromEntries(Object.entries(row).filter(([column]) => columns.has(column)))
  }
  return changes.map(change => {
    if (change.kind !== 'row') return change
    const { topic, before, after } = change
    return { ...change, before: project(topic, before), after: project(topic, after) }
  })
}

function outputOf(plan: Plan, changes: readonly Change[]): string[] {
  const engine = new Engine(plan)
  engine.apply(changes)
  engine.flush()
  return Array.from(engine.output, ([key, row]) => `${key} ${row}`).sort()
}

test('whatever the pipeline and the changes, no other column makes a difference to the output', () => {
  fc.assert(
    fc.property(randomPipeline, legalChanges(), ({ plan }, log) => {
      const changes = log.map(({ change }) => change)
      expect(outputOf(plan, projected(plan, changes)), verbsOf(plan.root)).toEqual(outputOf(plan, changes))
    }),
    { numRuns: 300 },
  )
})

test.each([vitals, flatObs, hivSummary] as Pipeline<object>[])(
  'nor to that of $plan.name on the recording, of whose columns it needs some',
  async pipeline => {
    const source = await openSource('datasets/openmrs')
    const { plan, changes } = await bindPlan(source, pipeline.plan)
    const counted: Change[] = []
    for await (const chunk of changes) {
      for (const { change, redelivered } of chunk.changes) if (!redelivered) counted.push(change as Change)
    }
    await source.close()
    expect([...columnsNeeded(plan).values()]).not.toContain('all')
    const output = outputOf(plan, counted)
    expect(output.length).toBeGreaterThan(100)
    expect(outputOf(plan, projected(plan, counted))).toEqual(output)
  },
  30_000,
)
