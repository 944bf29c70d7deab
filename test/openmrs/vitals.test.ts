import { expect, test } from 'vitest'
import type { ObsRow } from '../../src/openmrs/obs.js'
import { type VitalsRow, vitals } from '../../src/openmrs/vitals.js'
import { noon, Played } from './played.js'
import { finalTable, groupsBy, recorded } from './recorded.js'

const played = (): Played<VitalsRow> => new Played(vitals)
const weightOf = ({ rows }: Played<VitalsRow>): unknown[] =>
  rows.map(({ encounter_id, weight }) => [encounter_id, weight])

test('an encounter has a row with each sign by its concept, and the body mass index to one decimal', () => {
  const life = played()
  const signs = { 5089: 61.5, 5090: 165, 5088: 36.9, 5092: 97, 5085: 118, 5086: 76, 5087: 64 }
  for (const [i, [concept, value]] of Object.entries(signs).entries()) {
    life.put('obs', i + 1, { encounter_id: 10, concept_id: Number(concept), value_numeric: value })
  }
  life.put('obs', 8, { encounter_id: 10, concept_id: 1839, value_coded: 1246 })
  expect(life.rows).toEqual([
    {
      encounter_id: 10,
      person_id: 7,
      weight: 61.5,
      height: 165,
      temperature: 36.9,
      spo2: 97,
      systolic: 118,
      diastolic: 76,
      pulse: 64,
      visit_type: 1246,
      bmi: 22.6,
    },
  ])
})

test.each([
  { weight: 70, height: 175, bmi: 22.9 },
  { weight: 3.9, height: 61, bmi: 10.5 },
  { weight: null, height: 175, bmi: null },
  { weight: 70, height: null, bmi: null },
  { weight: 70, height: 0, bmi: null },
])('the body mass index of $weight kg and $height cm is $bmi', ({ weight, height, bmi }) => {
  const life = played()
    .put('obs', 1, { encounter_id: 10, concept_id: 5089, value_numeric: weight })
    .put('obs', 2, { encounter_id: 10, concept_id: 5090, value_numeric: height })
  expect(life.rows).toMatchObject([{ weight, height, bmi }])
  expect(life.recomputed[0]?.bmi).toBe(bmi)
})

test('of a sign taken twice the newest counts, and of the same time that of the higher obs_id', () => {
  const weight = { encounter_id: 10, concept_id: 5089 }
  const life = played()
    .put('obs', 3, { ...weight, value_numeric: 60, obs_datetime: noon(1) })
    .put('obs', 1, { ...weight, value_numeric: 61, obs_datetime: noon(2) })
  expect(weightOf(life)).toEqual([[10, 61]])
  expect(weightOf(life.put('obs', 2, { ...weight, value_numeric: 62, obs_datetime: noon(2) }))).toEqual([
    [10, 62],
  ])
  expect(weightOf(life.put('obs', 2, { voided: 1 }))).toEqual([[10, 61]])
  expect(weightOf(life.put('obs', 1, { value_numeric: null }))).toEqual([[10, null]])
})

test('a sign is taken of the column it is kept in', () => {
  const life = played()
    .put('obs', 1, { encounter_id: 10, concept_id: 5089, value_coded: 1 })
    .put('obs', 2, { encounter_id: 10, concept_id: 1839, value_numeric: 2 })
  expect(life.rows).toMatchObject([{ weight: null, visit_type: null }])
})

test('an obs that moves to another encounter takes its sign along, and a row without any obs goes', () => {
  const life = played()
    .put('obs', 1, { encounter_id: 10, concept_id: 5089, value_numeric: 61 })
    .put('obs', 2, { encounter_id: 11, concept_id: 1 })
  expect(weightOf(life)).toEqual([
    [10, 61],
    [11, null],
  ])
  expect(weightOf(life.put('obs', 1, { encounter_id: 11 }))).toEqual([[11, 61]])
  expect(weightOf(life.put('obs', 1, { encounter_id: null }))).toEqual([[11, null]])
  expect(weightOf(life.put('obs', 2, { voided: 1 }))).toEqual([])
})

test('an edit replaces a sign, be it a new version beside the voided old one or in place', () => {
  const life = played().put('obs', 1, { encounter_id: 10, concept_id: 5089, value_numeric: 61 })
  life.put('obs', 2, { encounter_id: 10, concept_id: 5089, value_numeric: 62 }).put('obs', 1, { voided: 1 })
  expect(weightOf(life)).toEqual([[10, 62]])
  expect(weightOf(life.put('obs', 2, { value_numeric: 63 }))).toEqual([[10, 63]])
  life.delete('obs', 2).put('obs', 3, { encounter_id: 10, concept_id: 5089, value_numeric: 63 })
  expect(weightOf(life)).toEqual([[10, 63]])
})

test('on the recording, kept up change by change, the rows are those computed from MySQL’s final tables', async () => {
  const { incremental, recomputed, rows } = await recorded(vitals)
  expect(incremental).toEqual(recomputed)
  const expected = vitalsOf(finalTable<ObsRow>('obs'))
  expect(expected.length).toBeGreaterThan(4_000)
  expect(rows.sort(byKey)).toEqual(expected)
})

const byKey = (a: VitalsRow, b: VitalsRow): number =>
  a.encounter_id - b.encounter_id || a.person_id - b.person_id

/** The rows in the plainest way. */
function vitalsOf(obs: ObsRow[]): VitalsRow[] {
  const inOrder = obs.sort((a, b) => a.obs_datetime - b.obs_datetime || a.obs_id - b.obs_id)
  const groups = groupsBy(
    inOrder.filter(row => row.encounter_id !== null),
    row => `${row.encounter_id} ${row.person_id}`,
  )
  return Array.from(groups.values(), rows => {
    const lastOf = (concept: number, column: 'value_numeric' | 'value_coded'): number | null =>
      rows.findLast(row => row.concept_id === concept)?.[column] ?? null
    const [weight, height] = [lastOf(5089, 'value_numeric'), lastOf(5090, 'value_numeric')]
    return {
      encounter_id: rows[0]!.encounter_id!,
      person_id: rows[0]!.person_id,
      weight,
      height,
      temperature: lastOf(5088, 'value_numeric'),
      spo2: lastOf(5092, 'value_numeric'),
      systolic: lastOf(5085, 'value_numeric'),
      diastolic: lastOf(5086, 'value_numeric'),
      pulse: lastOf(5087, 'value_numeric'),
      visit_type: lastOf(1839, 'value_coded'),
      bmi: weight && height ? Math.round((weight / ((height / 100) * (height / 100))) * 10) / 10 : null,
    }
  }).sort(byKey)
}
