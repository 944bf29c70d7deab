import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Change } from '../../src/change/change.js'
import { type TypedTopic, topic } from '../../src/change/topic.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { checkColumns } from '../../src/pipeline/check-columns.js'
import { Engine } from '../../src/pipeline/engine.js'
import { type Pipeline, pipeline, type Rows } from '../../src/pipeline/pipeline.js'
import type { Plan } from '../../src/pipeline/plan.js'

/** Rows as a job file has them: no type checks what is read. */
type Untyped = Record<string, number>

const declared = topic(
  'visit',
  z.object({ visit_id: z.number(), patient_id: z.number(), date_created: z.number() }),
  { key: ['visit_id'] },
) as unknown as TypedTopic<Untyped>
const undeclared = topic<Untyped>('visit', z.custom<Untyped>(), { key: ['visit_id'] })

const from = (input: TypedTopic<Untyped>): Rows<Untyped> => pipeline('visits').from(input)
const byPatient = (rows: Rows<Untyped>): Rows<Untyped> =>
  rows
    .groupBy(v => ({ patient_id: v.patient_id! }))
    .aggregate({ visits: count() }) as unknown as Rows<Untyped>

const created: Change = {
  kind: 'row',
  topic: 'visit',
  partition: 0,
  offset: 0,
  timestamp: 0,
  op: 'c',
  key: { visit_id: 1 },
  before: null,
  after: { visit_id: 1, patient_id: 2, date_created: 3 },
  source: null,
  transaction: null,
  processedAt: null,
  newKey: null,
  oldKey: null,
  headers: [],
}

const slips: [string, (rows: Rows<Untyped>) => { to(topic: string): { plan: Plan } }, RegExp][] = [
  [
    'filter',
    rows => rows.filter(v => v.patientid === 1),
    /v\.patientid === 1` in \.filter\(…\).*mean patient_id\?/,
  ],
  [
    'groupBy',
    rows => rows.groupBy(v => ({ who: v.patiend_id! })).aggregate({ visits: count() }),
    /in \.groupBy\(…\) of the pipeline visits reads patiend_id, .* of visit\. Did you mean patient_id\?/,
  ],
  [
    'the value of an aggregate',
    rows =>
      rows
        .filter(v => v.visit_id! > 0)
        .groupBy(v => ({ patient_id: v.patient_id! }))
        .aggregate({ newest: last(v => v.date_creatd!, { by: v => v.visit_id! }) }),
    /v\.date_creatd` in \.aggregate\(\{ newest: … \}\).*Did you mean date_created\?/,
  ],
  [
    'the order of an aggregate',
    rows =>
      rows
        .groupBy(v => ({ patient_id: v.patient_id! }))
        .aggregate({ newest: last(v => v.visit_id!, { by: ({ nothing }) => nothing! }) }),
    /reads nothing, .*Its columns are visit_id, patient_id, date_created\./,
  ],
]

test.each(slips)('a column misspelt in %s is refused before any record is read', (_, build, told) => {
  const { plan } = build(from(declared)).to('out')
  expect(() => checkColumns(plan)).toThrow(
    expect.objectContaining({ code: 'column-unknown', message: expect.stringMatching(told) }),
  )
})

test.each(slips)(
  'without declared columns, one misspelt in %s is refused at the first row',
  (_, build, told) => {
    const { plan } = build(from(undeclared)).to('out')
    checkColumns(plan)
    expect(() => new Engine(plan).apply([created])).toThrow(told)
    expect(() => new Engine(plan).apply([created])).toThrow('declare the columns of the topic')
  },
)

test('a step after an aggregate is checked against the columns that the aggregate gives', () => {
  const { plan } = byPatient(from(declared))
    .filter(row => row.visit! > 1)
    .to('out')
  expect(() => checkColumns(plan)).toThrow(
    /reads visit, which is no column of the rows that \.aggregate\(…\) before it gives\. Did you mean visits\?/,
  )
})

const known = (rows: Rows<Untyped>): Pipeline<Untyped> =>
  byPatient(rows.filter(v => v.visit_id! > 0 && Object.hasOwn(v, 'anything')))
    .filter(row => row.visits! > 0 && row.patient_id! > 0)
    .to('out')

test.each([declared, undeclared])(
  'columns that are there pass, and so does a function that does not tell',
  input => {
    const { plan } = known(from(input))
    checkColumns(plan)
    const engine = new Engine(plan)
    engine.apply([created])
    expect(engine.flush()).toEqual([])
  },
)
