import { afterAll, expect, test } from 'vitest'
import { fixedSource } from '../../src/export/fixed-source.js'
import { fixtureOf } from '../../src/export/fixture.js'
import { recordedRun } from '../../src/export/recorded-run.js'
import { outputOf } from '../../src/job/output-of.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { count } from '../../src/pipeline/aggregate.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import { openSource } from '../../src/source/open-source.js'

const recording = await openSource('datasets/openmrs')
const source = await fixedSource(recording)
afterAll(() => recording.close())

type Line = { op: string; key: object; after: Record<string, unknown> | null }
const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Line)

test('a fixture of vitals is small, has each kind of change, and gives every column a value', async () => {
  const fixture = fixtureOf(vitals as Pipeline<object>, await recordedRun(source, vitals.plan))
  expect(fixture.counts.changes).toBeLessThanOrEqual(50)
  const lines = linesOf(fixture.changes)
  expect(new Set(lines.map(({ op }) => op))).toEqual(new Set(['r', 'c', 'u', 'd']))
  expect(lines.some(({ after }) => after?.voided === 1)).toBe(true)
  expect(outputOf(vitals, fixture.changes)).toBe(fixture.expected)
  // A row that went later gave some of them.
  const ever = lines.flatMap((_, i) => {
    const held = outputOf(
      vitals,
      lines
        .slice(0, i + 1)
        .map(line => JSON.stringify(line))
        .join('\n'),
    )
    return held.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line).row as object]))
  })
  for (const column of ['weight', 'height', 'temperature', 'spo2', 'systolic', 'diastolic', 'pulse', 'bmi']) {
    expect([column, ever.some(row => (row as Record<string, unknown>)[column] !== null)]).toEqual([
      column,
      true,
    ])
  }
})

test('values of sensitive columns are masked, dates as dates, and the rows expected follow from the masked ones', async () => {
  const names = pipeline('names')
    .from(openmrs.person)
    .derive({ year: person => person.birthdate?.slice(0, 4) ?? null })
    .select('person_id', 'birthdate', 'year')
    .to('names')
  const fixture = fixtureOf(names as unknown as Pipeline<object>, await recordedRun(source, names.plan))
  const dates = linesOf(fixture.changes).flatMap(({ after }) => (after === null ? [] : [after.birthdate]))
  expect(dates.length).toBeGreaterThan(0)
  for (const date of dates) expect(date === null || /^19[7-9]\d-\d{2}-\d{2}$/.test(String(date))).toBe(true)
  expect(fixture.expected).toMatch(/"birthdate":"1970-\d{2}-\d{2}","year":"1970"/)
})

test('the same recording gives the same fixture', async () => {
  const visits = pipeline('visits')
    .from(openmrs.visit)
    .groupBy(visit => ({ location_id: visit.location_id as number }))
    .aggregate({ visits: count() })
    .to('visits')
  const run = await recordedRun(source, visits.plan)
  const one = fixtureOf(visits as unknown as Pipeline<object>, run)
  expect(fixtureOf(visits as unknown as Pipeline<object>, run)).toEqual(one)
})
