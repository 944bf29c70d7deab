import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/change/column-type.js'
import type { EncounterRow } from '../../src/openmrs/encounter.js'
import { type FlatObsItem, type FlatObsRow, flatObs } from '../../src/openmrs/flat-obs.js'
import type { ObsRow } from '../../src/openmrs/obs.js'
import type { OrdersRow } from '../../src/openmrs/orders.js'
import type { PersonRow } from '../../src/openmrs/person.js'
import type { VisitRow } from '../../src/openmrs/visit.js'
import { noon, Played } from './played.js'
import { finalTable, groupsBy, recorded } from './recorded.js'

const played = (): Played<FlatObsRow> => new Played(flatObs)
/** For each document its encounter, and the ids of its obs and orders: `10: 1 2 | 5`. */
const outline = ({ rows }: Played<FlatObsRow>): string[] =>
  rows.map(({ encounter_id, obs, orders }) => {
    const ids = obs.map(({ obs_id }) => obs_id)
    return `${encounter_id}: ${ids.join(' ')} | ${orders.map(({ order_id }) => order_id).join(' ')}`.trim()
  })
const items = ({ rows }: Played<FlatObsRow>): FlatObsItem[] => rows.flatMap(({ obs }) => obs)

test('an encounter with its visit, its person, its obs and its orders is one document', () => {
  const life = played()
    .put('person', 7)
    .put('visit', 4)
    .put('encounter', 10, { visit_id: 4 })
    .put('obs', 2, { encounter_id: 10, concept_id: 5089, value_numeric: 61.5 })
    .put('obs', 1, { encounter_id: 10, concept_id: 1839, value_coded: 1246 })
    .put('orders', 5, { encounter_id: 10, concept_id: 856 })
  const item = { voided: 0, obs_datetime: noon(1), obs_group_id: null, parent_concept_id: null }
  expect(life.rows).toEqual([
    {
      encounter_id: 10,
      patient_id: 7,
      encounter_type: 1,
      location_id: 3,
      visit_id: 4,
      visit_type_id: 5,
      encounter_datetime: noon(1),
      gender: 'F',
      birthdate: '1990-12-31',
      dead: 0,
      death_date: null,
      uuid: 'encounter',
      obs: [
        { obs_id: 1, concept_id: 1839, value: '1246', value_type: 'coded', ...item },
        { obs_id: 2, concept_id: 5089, value: '61.5', value_type: 'numeric', ...item },
      ],
      orders: [{ order_id: 5, order_concept_id: 856, date_activated: noon(1), voided: 0 }],
    },
  ])
})

test('an answer is the first of the five columns that is not null, as text', () => {
  const answers: Row[] = [
    { value_coded: 1065, value_text: 'yes' },
    { value_drug: 12, value_numeric: 3 },
    { value_datetime: Date.UTC(2026, 2, 1, 9, 30, 5) },
    { value_numeric: 0 },
    { value_numeric: 0.1 },
    { value_text: '' },
    {},
  ]
  const life = played().put('encounter', 10)
  for (const [i, answer] of answers.entries()) life.put('obs', i + 1, { encounter_id: 10, ...answer })
  expect(items(life).map(({ value_type, value }) => [value_type, value])).toEqual([
    ['coded', '1065'],
    ['drug', '12'],
    ['datetime', '2026-03-01T09:30:05'],
    ['numeric', '0'],
    ['numeric', '0.1'],
    ['text', ''],
    [null, null],
  ])
})

test('an obs that moves to another encounter leaves the document it was in', () => {
  const life = played().put('encounter', 10).put('encounter', 11)
  life
    .put('obs', 1, { encounter_id: 10 })
    .put('obs', 2, { encounter_id: 10 })
    .put('obs', 3, { encounter_id: 11 })
  expect(outline(life)).toEqual(['10: 1 2 |', '11: 3 |'])
  expect(outline(life.put('obs', 2, { encounter_id: 11 }))).toEqual(['10: 1 |', '11: 2 3 |'])
  expect(outline(life.put('obs', 1, { encounter_id: 11 }))).toEqual(['11: 1 2 3 |'])
})

test('an order that moves to another encounter leaves the document it was in', () => {
  const life = played().put('encounter', 10).put('encounter', 11).put('orders', 5, { encounter_id: 10 })
  expect(outline(life)).toEqual(['10:  | 5'])
  expect(outline(life.put('orders', 5, { encounter_id: 11 }))).toEqual(['11:  | 5'])
})

test('the document of an encounter goes when it is voided, and comes back with what happened meanwhile', () => {
  const life = played().put('encounter', 10).put('obs', 1, { encounter_id: 10 })
  expect(outline(life.put('encounter', 10, { voided: 1 }))).toEqual([])
  expect(outline(life.put('obs', 2, { encounter_id: 10 }))).toEqual([])
  expect(outline(life.put('encounter', 10, { voided: 0 }))).toEqual(['10: 1 2 |'])
})

test('when its last obs is voided, a document stays if it has orders and goes if it has nothing', () => {
  const life = played().put('encounter', 10).put('encounter', 11).put('orders', 5, { encounter_id: 10 })
  life.put('obs', 1, { encounter_id: 10 }).put('obs', 2, { encounter_id: 11 })
  expect(outline(life)).toEqual(['10: 1 | 5', '11: 2 |'])
  life.put('obs', 1, { voided: 1 }).put('obs', 2, { voided: 1 })
  expect(outline(life)).toEqual(['10:  | 5'])
  expect(outline(life.put('orders', 5, { voided: 1 }))).toEqual([])
  expect(outline(life.put('obs', 2, { voided: 0 }))).toEqual(['11: 2 |'])
})

test('an encounter that has neither obs nor orders has no document', () => {
  expect(played().put('person', 7).put('encounter', 10).rows).toEqual([])
})

test('a person who changes after the encounters changes every document', () => {
  const life = played().put('person', 7).put('encounter', 10).put('encounter', 11)
  life.put('obs', 1, { encounter_id: 10 }).put('obs', 2, { encounter_id: 11 }).put('obs', 3)
  life.put('person', 7, { gender: 'O', birthdate: '1991-01-01', dead: 1, death_date: noon(9) })
  const changed = { gender: 'O', birthdate: '1991-01-01', dead: 1, death_date: noon(9) }
  expect(life.rows).toMatchObject([changed, changed, changed])
  const unknown = { gender: null, birthdate: null, dead: null, death_date: null }
  expect(life.put('person', 7, { voided: 1 }).rows).toMatchObject([unknown, unknown, unknown])
  expect(life.put('person', 7, { voided: 0 }).rows).toMatchObject([changed, changed, changed])
})

test('a person, a visit and an encounter may arrive after what refers to them', () => {
  const life = played().put('obs', 1, { encounter_id: 10 }).put('orders', 5, { encounter_id: 10 })
  expect(life.rows).toEqual([])
  life.put('encounter', 10, { visit_id: 4 })
  expect(life.rows).toMatchObject([{ visit_id: 4, visit_type_id: null, gender: null }])
  life.put('visit', 4, { visit_type_id: 6 }).put('person', 7)
  expect(life.rows).toMatchObject([{ visit_id: 4, visit_type_id: 6, gender: 'F' }])
  expect(outline(life)).toEqual(['10: 1 | 5'])
})

test('a voided visit keeps its id in the document and has no type', () => {
  const life = played()
    .put('visit', 4)
    .put('encounter', 10, { visit_id: 4 })
    .put('obs', 1, { encounter_id: 10 })
  expect(life.put('visit', 4, { voided: 1 }).rows).toMatchObject([{ visit_id: 4, visit_type_id: null }])
})

describe('an edit', () => {
  test('as OpenMRS 2 does it, a new version beside the voided old one, replaces the item', () => {
    const life = played().put('encounter', 10).put('obs', 1, { encounter_id: 10, value_numeric: 61 })
    life.put('obs', 2, { encounter_id: 10, value_numeric: 62, previous_version: 1 })
    expect(outline(life)).toEqual(['10: 1 2 |'])
    expect(items(life.put('obs', 1, { voided: 1 }))).toMatchObject([{ obs_id: 2, value: '62' }])
  })

  test('in place, as older versions do it, changes the item', () => {
    const life = played().put('encounter', 10).put('obs', 1, { encounter_id: 10, value_numeric: 61 })
    life.put('obs', 1, { value_numeric: null, value_text: 'sixty-two' })
    expect(items(life)).toMatchObject([{ obs_id: 1, value: 'sixty-two', value_type: 'text' }])
  })

  test('of the primary key, a delete and a new row, moves the item', () => {
    const life = played()
      .put('encounter', 10)
      .put('obs', 1, { encounter_id: 10 })
      .put('obs', 2, { encounter_id: 10 })
    life.delete('obs', 1).put('obs', 9, { encounter_id: 10 })
    expect(outline(life)).toEqual(['10: 2 9 |'])
    life.delete('encounter', 10).put('encounter', 12)
    expect(outline(life)).toEqual([])
    expect(outline(life.put('obs', 2, { encounter_id: 12 }))).toEqual(['12: 2 |'])
  })
})

describe('the question of the group an obs is part of', () => {
  const grouped = (): Played<FlatObsRow> =>
    played().put('encounter', 10).put('obs', 2, { encounter_id: 10, obs_group_id: 1, value_coded: 3 })
  const parents = (life: Played<FlatObsRow>): unknown[] =>
    items(life).map(({ obs_id, parent_concept_id }) => [obs_id, parent_concept_id])

  test('is known when the group arrives later', () => {
    const life = grouped()
    expect(parents(life)).toEqual([[2, null]])
    life.put('obs', 1, { encounter_id: 10, concept_id: 1295 })
    expect(parents(life)).toEqual([
      [1, null],
      [2, 1295],
    ])
  })

  test('stays when the group is voided, and goes when it is deleted', () => {
    const life = grouped().put('obs', 1, { encounter_id: 10, concept_id: 1295 })
    expect(parents(life.put('obs', 1, { voided: 1 }))).toEqual([[2, 1295]])
    expect(parents(life.delete('obs', 1))).toEqual([[2, null]])
  })

  test('is that of a group in another encounter, and follows when the group asks something else', () => {
    const life = grouped().put('encounter', 11).put('obs', 1, { encounter_id: 11, concept_id: 1295 })
    life.put('obs', 1, { concept_id: 1296 })
    expect(parents(life)).toEqual([
      [2, 1296],
      [1, null],
    ])
    expect(parents(life.put('obs', 2, { obs_group_id: null }))).toEqual([
      [2, null],
      [1, null],
    ])
  })
})

describe('an obs without an encounter', () => {
  test('is a document of its own, past 2^31', () => {
    const life = played()
      .put('person', 7)
      .put('obs', 2_147_483_647, { value_numeric: 5, location_id: 8, obs_datetime: noon(2), uuid: 'loose' })
    expect(life.rows).toMatchObject([
      {
        encounter_id: 12_147_483_647,
        patient_id: 7,
        encounter_type: 999,
        location_id: 8,
        visit_id: 0,
        visit_type_id: 999,
        encounter_datetime: noon(2),
        gender: 'F',
        uuid: 'loose',
        obs: [{ obs_id: 2_147_483_647, value: '5' }],
        orders: [],
      },
    ])
  })

  test('is in the encounter’s document once it gets one, and on its own again when it loses it', () => {
    const life = played().put('encounter', 10).put('obs', 1)
    expect(outline(life)).toEqual(['10000000001: 1 |'])
    expect(outline(life.put('obs', 1, { encounter_id: 10 }))).toEqual(['10: 1 |'])
    expect(outline(life.put('obs', 1, { encounter_id: null }))).toEqual(['10000000001: 1 |'])
    expect(outline(life.put('obs', 1, { voided: 1 }))).toEqual([])
  })

  test('is none whose encounter is late or voided', () => {
    const life = played().put('obs', 1, { encounter_id: 10 })
    expect(outline(life)).toEqual([])
    life.put('encounter', 10)
    expect(outline(life)).toEqual(['10: 1 |'])
    expect(outline(life.put('encounter', 10, { voided: 1 }))).toEqual([])
  })
})

describe('on the recording', () => {
  test('kept up change by change, the documents are those computed from MySQL’s final tables', async () => {
    const { incremental, recomputed, rows } = await recorded(flatObs)
    expect(incremental).toEqual(recomputed)
    const expected = documents()
    expect(expected.length).toBeGreaterThan(5_000)
    expect(rows).toEqual(expected)
  })
})

/** The documents in the plainest way, from the rows that MySQL held. */
function documents(): FlatObsRow[] {
  const byId = <R>(rows: R[], id: keyof R): Map<unknown, R> => new Map(rows.map(row => [row[id], row]))
  const concepts = byId(finalTable<ObsRow>('obs', { includeVoided: true }), 'obs_id')
  const persons = byId(finalTable<PersonRow>('person'), 'person_id')
  const visits = byId(finalTable<VisitRow>('visit'), 'visit_id')
  const obs = finalTable<ObsRow>('obs').sort((a, b) => a.obs_id - b.obs_id)
  const orders = finalTable<OrdersRow>('orders').sort((a, b) => a.order_id - b.order_id)
  const itemsOf = groupsBy(obs, row => row.encounter_id)
  const ordersOf = groupsBy(orders, row => row.encounter_id)
  const personOf = (id: number): Pick<FlatObsRow, 'gender' | 'birthdate' | 'dead' | 'death_date'> => {
    const { gender = null, birthdate = null, dead = null, death_date = null } = persons.get(id) ?? {}
    return { gender, birthdate, dead, death_date }
  }
  const itemOf = (row: ObsRow): FlatObsItem => {
    const { obs_id, voided, concept_id, obs_datetime, obs_group_id } = row
    const types = ['coded', 'drug', 'datetime', 'numeric', 'text'] as const
    const type = types.find(one => row[`value_${one}`] !== null) ?? null
    const value = type === null ? null : row[`value_${type}`]
    return {
      obs_id,
      voided,
      concept_id,
      obs_datetime,
      value:
        type === 'datetime'
          ? new Date(value!).toISOString().slice(0, 19)
          : value === null
            ? null
            : `${value}`,
      value_type: type,
      obs_group_id,
      parent_concept_id: concepts.get(obs_group_id)?.concept_id ?? null,
    }
  }
  const ofEncounters = finalTable<EncounterRow>('encounter').map(row => ({
    encounter_id: row.encounter_id,
    patient_id: row.patient_id,
    encounter_type: row.encounter_type,
    location_id: row.location_id,
    visit_id: row.visit_id,
    visit_type_id: visits.get(row.visit_id)?.visit_type_id ?? null,
    encounter_datetime: row.encounter_datetime,
    ...personOf(row.patient_id),
    uuid: row.uuid,
    obs: (itemsOf.get(row.encounter_id) ?? []).map(itemOf),
    orders: (ordersOf.get(row.encounter_id) ?? []).map(
      ({ order_id, concept_id, date_activated, voided }) => ({
        order_id,
        order_concept_id: concept_id,
        date_activated,
        voided,
      }),
    ),
  }))
  const loose = (itemsOf.get(null) ?? []).map(row => ({
    encounter_id: row.obs_id + 10 ** 10,
    patient_id: row.person_id,
    encounter_type: 999,
    location_id: row.location_id,
    visit_id: 0,
    visit_type_id: 999,
    encounter_datetime: row.obs_datetime,
    ...personOf(row.person_id),
    uuid: row.uuid,
    obs: [itemOf(row)],
    orders: [],
  }))
  return [...ofEncounters, ...loose]
    .filter(row => row.obs.length + row.orders.length > 0)
    .sort((a, b) => a.encounter_id - b.encounter_id)
}
