import { describe, expect, test } from 'vitest'
import type { EncounterRow } from '../../src/openmrs/encounter.js'
import { type HivSummaryRow, hivSummary } from '../../src/openmrs/hiv-summary.js'
import type { ObsRow } from '../../src/openmrs/obs.js'
import type { OrdersRow } from '../../src/openmrs/orders.js'
import { noon, Played } from './played.js'
import { finalTable, groupsBy, recorded } from './recorded.js'

/** A patient with encounters 1 to 4 of type 1, on the first four days of March. */
const played = (): Played<HivSummaryRow> => {
  const life = new Played(hivSummary)
  for (const day of [1, 2, 3, 4]) life.put('encounter', day, { encounter_datetime: noon(day) })
  return life
}
const columnOf =
  <C extends keyof HivSummaryRow>(column: C) =>
  ({ rows }: Played<HivSummaryRow>): HivSummaryRow[C][] =>
    rows.map(row => row[column])
const enrolled = columnOf('enrollment_date')
const outOfCare = columnOf('out_of_care')
const ordered = columnOf('viral_load_ordered')
const arvAt = columnOf('arv_location_id')

test('a row has the encounter and what is known of the patient’s care after it', () => {
  const life = new Played(hivSummary)
    .put('encounter', 10)
    .put('obs', 1, { encounter_id: 10, concept_id: 1088, value_coded: 631 })
    .put('orders', 5, { encounter_id: 10, concept_id: 856 })
  expect(life.rows).toEqual([
    {
      encounter_id: 10,
      patient_id: 7,
      encounter_datetime: noon(1),
      encounter_type: 1,
      location_id: 3,
      enrollment_date: '2026-03-01',
      out_of_care: false,
      viral_load_ordered: true,
      arv_location_id: 3,
    },
  ])
})

test('only encounters of the clinical types have rows, but all are carried forward', () => {
  const life = new Played(hivSummary)
  const types = [1, 2, 3, 4, 5, 10, 14, 15, 17, 19, 20, 21, 26, 31, 32, 33, 34, 47, 48, 105, 106, 112, 113]
  types.push(114, 115, 117, 120, 127, 128, 129, 138, 153, 154, 158, 159, 999, 99999)
  for (const type of types) life.put('encounter', type, { encounter_type: type, patient_id: type })
  const without = new Set([5, 20, 21, 31, 48, 115, 159, 999, 99999])
  expect(life.rows.map(row => row.encounter_type)).toEqual(types.filter(type => !without.has(type)))
  const other = played().put('encounter', 1, { encounter_type: 5 })
  other
    .put('obs', 1, { encounter_id: 1, concept_id: 1250 })
    .put('orders', 5, { encounter_id: 1, concept_id: 856 })
  expect(other.rows).toMatchObject(
    [2, 3, 4].map(encounter_id => ({
      encounter_id,
      enrollment_date: '2026-03-01',
      viral_load_ordered: true,
      arv_location_id: 3,
    })),
  )
})

test('encounters are in the order of their time, those of one time in the order of their ids', () => {
  const life = new Played(hivSummary)
  for (const id of [10, 9, 101]) life.put('encounter', id)
  life.put('obs', 1, { encounter_id: 10, concept_id: 1596 })
  expect(life.rows.map(row => [row.encounter_id, row.out_of_care])).toEqual([
    [9, false],
    [10, true],
    [101, true],
  ])
  life.put('encounter', 9, { encounter_datetime: noon(2) })
  expect(outOfCare(life)).toEqual([true, true, true])
})

describe('the enrollment date', () => {
  test('is the date of the first encounter whose type is neither 21 nor 99999', () => {
    const life = played().put('encounter', 1, { encounter_type: 21 })
    expect(enrolled(life)).toEqual(['2026-03-02', '2026-03-02', '2026-03-02'])
    life.put('encounter', 2, { encounter_type: 99999 })
    expect(enrolled(life)).toEqual(['2026-03-03', '2026-03-03'])
    life.put('encounter', 1, { encounter_type: 31 })
    expect(enrolled(life)).toEqual(['2026-03-01', '2026-03-01'])
  })

  test('is that of obs 7013, else of 7015, from the encounter on that records it', () => {
    const life = played().put('obs', 1, { encounter_id: 2, concept_id: 7015, value_datetime: noon(15) })
    expect(enrolled(life)).toEqual(['2026-03-01', '2026-03-15', '2026-03-15', '2026-03-15'])
    life.put('obs', 2, { encounter_id: 2, concept_id: 7013, value_datetime: noon(13) })
    expect(enrolled(life)).toEqual(['2026-03-01', '2026-03-13', '2026-03-13', '2026-03-13'])
    life.put('obs', 3, { encounter_id: 4, concept_id: 7015, value_datetime: noon(16) })
    expect(enrolled(life)).toEqual(['2026-03-01', '2026-03-13', '2026-03-13', '2026-03-16'])
    life.put('obs', 2, { voided: 1 }).put('obs', 1, { value_datetime: null })
    expect(enrolled(life)).toEqual(['2026-03-01', '2026-03-01', '2026-03-01', '2026-03-16'])
  })

  test('is the last of several in an encounter by time, then by obs_id', () => {
    const life = played()
      .put('obs', 9, { encounter_id: 1, concept_id: 7013, value_datetime: noon(9), obs_datetime: noon(1) })
      .put('obs', 1, { encounter_id: 1, concept_id: 7013, value_datetime: noon(11), obs_datetime: noon(2) })
      .put('obs', 2, { encounter_id: 1, concept_id: 7013, value_datetime: noon(12), obs_datetime: noon(2) })
      .put('obs', 3, { encounter_id: 1, concept_id: 7013, obs_datetime: noon(3) })
    expect(enrolled(life)[0]).toBe('2026-03-12')
  })

  test('that an obs records in an encounter of type 21 counts, and none is known before', () => {
    const life = new Played(hivSummary).put('encounter', 1, { encounter_type: 21 })
    life.put('encounter', 2, { encounter_datetime: noon(2) })
    life.put('obs', 1, { encounter_id: 1, concept_id: 7013, value_datetime: noon(20) })
    expect(enrolled(life)).toEqual(['2026-03-20'])
  })
})

describe('out of care', () => {
  const leaving = [
    { concept: 1946, answers: [1065] },
    { concept: 1285, answers: [1287, 9068] },
    { concept: 9082, answers: [159, 9083, 1287, 9068, 9079, 9504, 1285] },
    { concept: 1596, answers: [null, 1] },
  ]

  test.each(leaving)(
    'follows from obs $concept answered by $answers, and from then on',
    ({ concept, answers }) => {
      for (const value_coded of answers) {
        const life = played().put('obs', 1, { encounter_id: 2, concept_id: concept, value_coded })
        expect(outOfCare(life)).toEqual([false, true, true, true])
        expect(outOfCare(life.put('obs', 1, { voided: 1 }))).toEqual([false, false, false, false])
      }
    },
  )

  test.each([1946, 1285, 9082])('does not follow from another or no answer to obs %i', concept_id => {
    const life = played().put('obs', 1, { encounter_id: 2, concept_id, value_coded: 1066 })
    expect(outOfCare(life)).toEqual([false, false, false, false])
    expect(outOfCare(life.put('obs', 1, { value_coded: null }))).toEqual([false, false, false, false])
  })

  test('follows from an encounter of type 31, which has no row, until it is voided', () => {
    const life = played().put('encounter', 2, { encounter_type: 31 })
    expect(outOfCare(life)).toEqual([false, true, true])
    expect(outOfCare(life.put('encounter', 2, { voided: 1 }))).toEqual([false, false, false])
    expect(outOfCare(life.put('encounter', 2, { voided: 0 }))).toEqual([false, true, true])
  })

  test('does not follow from an obs without an encounter, or whose encounter is late or voided', () => {
    const life = played()
      .put('obs', 1, { concept_id: 1596 })
      .put('obs', 2, { encounter_id: 5, concept_id: 1596 })
    expect(outOfCare(life)).toEqual([false, false, false, false])
    life.put('encounter', 5, { encounter_datetime: noon(2) })
    expect(outOfCare(life)).toEqual([false, false, true, true, true])
    life.put('encounter', 5, { voided: 1 })
    expect(outOfCare(life)).toEqual([false, false, false, false])
  })
})

test('a viral load that was ordered is so from that encounter on, until the order is voided or moved', () => {
  const life = played()
    .put('orders', 5, { encounter_id: 2, concept_id: 856 })
    .put('orders', 6, { encounter_id: 1 })
  expect(ordered(life)).toEqual([false, true, true, true])
  expect(ordered(life.put('orders', 5, { encounter_id: 3 }))).toEqual([false, false, true, true])
  expect(ordered(life.put('orders', 5, { voided: 1 }))).toEqual([false, false, false, false])
})

describe('the location of antiretroviral drugs', () => {
  test('is that of the latest encounter with 1255 answered, or any of 1250, 1088 and 2154', () => {
    const life = played().put('encounter', 2, { location_id: 8 }).put('encounter', 4, { location_id: 9 })
    life.put('obs', 1, { encounter_id: 1, concept_id: 1255 })
    expect(arvAt(life)).toEqual([null, null, null, null])
    expect(arvAt(life.put('obs', 1, { value_coded: 1256 }))).toEqual([3, 3, 3, 3])
    expect(arvAt(life.put('obs', 2, { encounter_id: 2, concept_id: 2154 }))).toEqual([3, 8, 8, 8])
    expect(arvAt(life.put('obs', 3, { encounter_id: 4, concept_id: 1250 }))).toEqual([3, 8, 8, 9])
    expect(arvAt(life.put('obs', 2, { concept_id: 1088 }))).toEqual([3, 8, 8, 9])
    expect(arvAt(life.put('obs', 2, { encounter_id: 3 }))).toEqual([3, 3, 3, 9])
  })

  test.each([
    { value_coded: 1 },
    { value_drug: 1 },
    { value_datetime: 0 },
    { value_numeric: 0 },
    { value_text: '' },
  ])('follows from 1255 with %o', value => {
    expect(arvAt(played().put('obs', 1, { encounter_id: 4, concept_id: 1255, ...value } as never))).toEqual([
      null,
      null,
      null,
      3,
    ])
  })

  test('stays the one before where an encounter has none', () => {
    const life = played().put('encounter', 2, { location_id: null })
    life
      .put('obs', 1, { encounter_id: 1, concept_id: 1250 })
      .put('obs', 2, { encounter_id: 2, concept_id: 1250 })
    expect(arvAt(life)).toEqual([3, 3, 3, 3])
  })
})

describe('a patient has no rows while an obs says', () => {
  test.each([
    { concept_id: 9082, value_coded: 9036 },
    { concept_id: 5303, value_coded: 822 },
    { concept_id: 5303, value_coded: 664 },
  ])('$concept_id = $value_coded, in any encounter or none', answer => {
    const life = played().put('encounter', 20, { patient_id: 8 })
    for (const encounter_id of [null, 2, 999]) {
      life.put('obs', 1, { encounter_id, ...answer, voided: 0 })
      expect(life.rows.map(row => row.encounter_id)).toEqual([20])
      life.put('obs', 1, { voided: 1 })
      expect(life.rows.map(row => row.encounter_id)).toEqual([1, 2, 3, 4, 20])
    }
  })

  test('so twice, until both are voided, and until it says so of somebody else', () => {
    const negative = { concept_id: 9082, value_coded: 9036 }
    const life = played().put('obs', 1, negative).put('obs', 2, negative).put('obs', 1, { voided: 1 })
    expect(life.rows).toEqual([])
    expect(life.put('obs', 2, { person_id: 8 }).rows).toHaveLength(4)
  })

  test('so, and has them from the start on once it says otherwise', () => {
    const life = played().put('obs', 1, { encounter_id: 1, concept_id: 5303, value_coded: 822 })
    life.put('orders', 5, { encounter_id: 1, concept_id: 856 })
    expect(life.rows).toEqual([])
    life.put('obs', 1, { value_coded: 703 })
    expect(ordered(life)).toEqual([true, true, true, true])
  })
})

describe('a change of an encounter corrects those after it', () => {
  const drugs = (): Played<HivSummaryRow> => played().put('obs', 1, { encounter_id: 2, concept_id: 1250 })

  test('when it comes late, is voided, un-voided or deleted', () => {
    const life = drugs().put('encounter', 5, { encounter_datetime: noon(0), location_id: 6 })
    expect(enrolled(life)).toEqual(Array(5).fill('2026-02-28'))
    life.put('encounter', 2, { voided: 1 })
    expect(arvAt(life)).toEqual([null, null, null, null])
    life.put('encounter', 2, { voided: 0 })
    expect(arvAt(life)).toEqual([null, 3, 3, 3, null])
    expect(arvAt(life.delete('encounter', 2))).toEqual([null, null, null, null])
  })

  test('when it moves in time, to another place or to another patient', () => {
    const life = drugs()
    expect(arvAt(life.put('encounter', 2, { location_id: 8 }))).toEqual([null, 8, 8, 8])
    expect(arvAt(life.put('encounter', 2, { encounter_datetime: noon(9) }))).toEqual([null, 8, null, null])
    life.put('encounter', 2, { patient_id: 8 })
    expect(life.rows.map(row => [row.patient_id, row.enrollment_date, row.arv_location_id])).toEqual([
      [7, '2026-03-01', null],
      [8, '2026-03-09', 8],
      [7, '2026-03-01', null],
      [7, '2026-03-01', null],
    ])
  })

  test('when an obs moves to it, is edited in place, or as a new version beside the voided old one', () => {
    const life = drugs()
    expect(arvAt(life.put('obs', 1, { encounter_id: 3 }))).toEqual([null, null, 3, 3])
    expect(arvAt(life.put('obs', 1, { concept_id: 1251 }))).toEqual([null, null, null, null])
    life.put('obs', 1, { concept_id: 1250 }).put('obs', 2, { encounter_id: 3, concept_id: 1251 })
    expect(arvAt(life.put('obs', 1, { voided: 1 }))).toEqual([null, null, null, null])
  })
})

test('on the recording, kept up change by change, the rows are those computed from MySQL’s final tables', async () => {
  const { incremental, recomputed, rows } = await recorded(hivSummary)
  expect(incremental).toEqual(recomputed)
  const expected = summaries()
  expect(expected.length).toBeGreaterThan(1_000)
  expect(rows).toEqual(expected)
})

const clinicalTypes = new Set([
  1, 2, 3, 4, 10, 14, 15, 17, 19, 26, 32, 33, 34, 47, 105, 106, 112, 113, 114, 117, 120, 127, 128, 129, 138,
  153, 154, 158,
])

/** The rows in the plainest way: what is carried forward is looked up among all the patient's encounters so far. */
function summaries(): HivSummaryRow[] {
  const obs = finalTable<ObsRow>('obs').sort((a, b) => b.obs_datetime - a.obs_datetime || b.obs_id - a.obs_id)
  const obsOf = groupsBy(obs, row => row.encounter_id)
  const orders = finalTable<OrdersRow>('orders').filter(row => row.concept_id === 856)
  const ordering = new Set(orders.map(row => row.encounter_id))
  const is = (row: ObsRow, concept: number, ...answers: number[]): boolean =>
    row.concept_id === concept && answers.includes(row.value_coded ?? -1)
  const excluded = new Set(
    obs.filter(row => is(row, 9082, 9036) || is(row, 5303, 822, 664)).map(row => row.person_id),
  )
  const leaves = (row: ObsRow): boolean =>
    is(row, 1946, 1065) ||
    is(row, 1285, 1287, 9068) ||
    row.concept_id === 1596 ||
    is(row, 9082, 159, 9036, 9083, 1287, 9068, 9079, 9504, 1285)
  const takesArv = (row: ObsRow): boolean =>
    [1250, 1088, 2154].includes(row.concept_id) ||
    (row.concept_id === 1255 &&
      (row.value_coded ?? row.value_drug ?? row.value_datetime ?? row.value_numeric ?? row.value_text) !==
        null)
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const dateOf = ({ encounter_id }: EncounterRow): number | null => {
    const dates = (obsOf.get(encounter_id) ?? []).filter(row => row.value_datetime !== null)
    const found = dates.find(row => row.concept_id === 7013) ?? dates.find(row => row.concept_id === 7015)
    return found?.value_datetime ?? null
  }
  const patients = groupsBy(finalTable<EncounterRow>('encounter'), row => row.patient_id)
  return [...patients.values()]
    .flatMap(encounters => {
      encounters.sort(
        (a, b) => a.encounter_datetime - b.encounter_datetime || a.encounter_id - b.encounter_id,
      )
      return encounters.map((row, i): HivSummaryRow => {
        const soFar = encounters.slice(0, i + 1)
        const some = (test: (row: ObsRow) => boolean): ((row: EncounterRow) => boolean) => {
          return ({ encounter_id }) => (obsOf.get(encounter_id) ?? []).some(test)
        }
        const recordedDate = soFar.map(dateOf).findLast(date => date !== null) ?? null
        const first = soFar.find(one => ![21, 99999].includes(one.encounter_type))?.encounter_datetime ?? null
        const date = recordedDate ?? first
        return {
          encounter_id: row.encounter_id,
          patient_id: row.patient_id,
          encounter_datetime: row.encounter_datetime,
          encounter_type: row.encounter_type,
          location_id: row.location_id,
          enrollment_date: date === null ? null : day(date),
          out_of_care: soFar.some(one => one.encounter_type === 31 || some(leaves)(one)),
          viral_load_ordered: soFar.some(one => ordering.has(one.encounter_id)),
          arv_location_id:
            soFar.findLast(one => one.location_id !== null && some(takesArv)(one))?.location_id ?? null,
        }
      })
    })
    .filter(row => clinicalTypes.has(row.encounter_type) && !excluded.has(row.patient_id))
    .sort((a, b) => a.encounter_id - b.encounter_id)
}
