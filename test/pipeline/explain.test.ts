import { expect, test } from 'vitest'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { explain } from '../../src/pipeline/explain.js'
import { pipeline } from '../../src/pipeline/pipeline.js'

const start = pipeline('newest')
const newest = start
  .from(openmrs.obs)
  .filter(o => o.value_numeric !== null)
  .join(start.from(openmrs.person), { on: o => o.person_id, to: p => p.person_id }, (o, p) => ({
    person_id: o.person_id,
    birthdate: p.birthdate,
    value: o.value_numeric,
    at: o.obs_datetime,
  }))
  .groupBy(row => ({ person_id: row.person_id }))
  .aggregate({
    rows: count(),
    value: last(row => row.value, { by: row => row.at }),
    born: last(row => row.birthdate, { by: row => row.at }),
  })
  .to('newest')

test('a plan is told as a tree with what each step reads, remembers and masks', () => {
  expect(explain(newest, { rows: { obs: 1000, person: 100 } }).text()).toBe(`newest: writes newest
└─ 4:aggregate  by { person_id: row.person_id }: rows: count, value: last value, born: last birthdate
   │    reads person_id, value, at, birthdate
   │    sensitive: born
   │    remembers at most 1,100 rows, about 158.4 kB
   └─ 3:join  inner, o.person_id = p.person_id
      │    reads person_id, value_numeric, obs_datetime; person_id, birthdate
      │    sensitive: birthdate
      │    remembers at most 1,100 rows, about 176.0 kB
      ├─ 1:filter  o.value_numeric !== null
      │  │    reads value_numeric
      │  └─ 0:from  obs by obs_id, not where voided
      │          sensitive: accession_number, value_text, value_complex, comments, void_reason
      └─ 2:from  person by person_id, not where voided
              sensitive: birthdate, death_date, void_reason, birthtime, cause_of_death_non_coded
reads of obs: person_id, value_numeric, obs_datetime, obs_id, voided
reads of person: person_id, birthdate, voided
SQL: the whole plan`)
})

test('a plan is data, step by step', () => {
  const { steps, topics } = explain(newest)
  expect(steps.map(({ name, inputs }) => [name, inputs])).toEqual([
    ['0:from', []],
    ['1:filter', ['0:from']],
    ['2:from', []],
    ['3:join', ['1:filter', '2:from']],
    ['4:aggregate', ['3:join']],
  ])
  expect(steps[4]).toMatchObject({
    reads: [new Set(['person_id', 'value', 'at', 'birthdate'])],
    sensitive: ['born'],
    state: null,
    notSql: null,
  })
  expect(new Set(steps[4]!.columns)).toEqual(new Set(['person_id', 'rows', 'value', 'born']))
  expect(topics.get('person')).toEqual(new Set(['person_id', 'birthdate', 'voided']))
})

test('what an engine measured is told in place of estimates', () => {
  const text = explain(newest, {
    profile: [{ operator: '4:aggregate', rows: 12_000, ms: 34.5, entries: 900, bytes: 123_456 }],
  }).text()
  expect(text).toContain('took 12,000 rows in 35 ms')
  expect(text).toContain('remembers 900 rows, 123.5 kB')
})

test('a step that has no SQL says why, and no line is wider than 110 columns', () => {
  const explained = explain(
    start
      .from(openmrs.obs)
      .filter(
        o =>
          Math.log(o.value_numeric ?? 1) > 1 ||
          (o.comments ?? '').includes('a comment that makes the expression long enough'),
      )
      .to('t'),
  )
  expect(explained.sql).toBe(false)
  expect(explained.text()).toContain('no SQL: `Math.log(o.value_numeric ?? 1)`: Math.log has no translation')
  expect(
    Math.max(
      ...explained
        .text()
        .split('\n')
        .map(line => line.length),
    ),
  ).toBeLessThanOrEqual(110)
})

test('a plan is drawn with a box for each step, and what is written in it is escaped', () => {
  const svg = explain(
    start
      .from(openmrs.obs)
      .filter(o => o.obs_id < 5 && o.uuid !== '<script>')
      .to('t'),
  ).graph()
  expect(svg.match(/<rect /g)).toHaveLength(3)
  expect(svg).toContain('o.obs_id &lt; 5 &amp;&amp; ')
  expect(svg).not.toContain('<script>')
})
