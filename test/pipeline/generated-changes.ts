import type { Change } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { collect, count, last } from '../../src/pipeline/aggregate.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import { rowChange } from './legal-changes.js'

/** How many changes of which shape. */
export interface Generated {
  changes: number
  /** Changes of obs for each encounter. Default 10. */
  perEncounter?: number
  /** Encounters of each patient. Default 20. */
  perPatient?: number
}

const concepts = [5089, 5090, 5088, 5092, 5085, 5086, 5087, 1839, 1255, 7013]

/**
 * Changes of obs, decoded: three of four create a row, the others update or void one that was created before. Their number
 * alone says what they are.
 */
export function* obsChanges({ changes, perEncounter = 10, perPatient = 20 }: Generated): Generator<Change> {
  let created = 0
  for (let i = 0; i < changes; i++) {
    const random = mixed(i)
    const isNew = i % 4 !== 3
    const id = isNew ? ++created : 1 + (random % created)
    const encounter = 1 + Math.floor((id * 4) / 3 / perEncounter)
    yield rowChange({
      topic: 'obs',
      op: isNew ? 'c' : 'u',
      offset: i,
      key: { obs_id: id },
      after: obsRow(id, encounter, 1 + Math.floor(encounter / perPatient), random),
    })
  }
}

function obsRow(id: number, encounter: number, person: number, random: number): Row {
  return {
    obs_id: id,
    person_id: person,
    concept_id: concepts[id % concepts.length]!,
    encounter_id: random % 50 === 0 ? null : encounter,
    order_id: null,
    obs_datetime: 1_700_000_000_000 + encounter * 60_000 + (random % 1000),
    location_id: random % 30,
    obs_group_id: null,
    value_coded: id % 10 === 7 ? 1246 : null,
    value_datetime: null,
    value_numeric: (random % 2000) / 10,
    value_text: null,
    creator: 1,
    date_created: 1_700_000_000_000 + id,
    voided: random % 20 === 0 ? 1 : 0,
    status: 'FINAL',
  }
}

/** Changes of encounter: each is created once. */
export function* encounterChanges({ changes, perPatient = 20 }: Generated): Generator<Change> {
  for (let i = 0; i < changes; i++) {
    const id = i + 1
    const row = {
      encounter_id: id,
      encounter_type: mixed(i) % 40,
      patient_id: 1 + Math.floor(id / perPatient),
      location_id: mixed(i) % 30,
      visit_id: null,
      encounter_datetime: 1_700_000_000_000 + id * 60_000,
      voided: 0,
      uuid: `encounter-${id}`,
    }
    yield rowChange({ topic: 'encounter', op: 'c', offset: i, key: { encounter_id: id }, after: row })
  }
}

/** Changes of person: each is created once. */
export function* personChanges({ changes }: Generated): Generator<Change> {
  for (let i = 0; i < changes; i++) {
    const row = {
      person_id: i + 1,
      gender: i % 2 === 0 ? 'F' : 'M',
      birthdate: '1990-01-01',
      dead: false,
      voided: 0,
    }
    yield rowChange({ topic: 'person', op: 'c', offset: i, key: { person_id: i + 1 }, after: row })
  }
}

/** A number between 0 and 2^31 that looks random and is the same each time. */
function mixed(i: number): number {
  let x = Math.imul(i + 1, 0x9e3779b1)
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b)
  return (x ^ (x >>> 13)) >>> 1
}

/** Vital signs: a filter and a pivot. */
export const vitalsPivot: Pipeline<object> = pipeline('vitals')
  .from(openmrs.obs)
  .filter(o => o.encounter_id !== null)
  .groupBy(o => ({ encounter_id: o.encounter_id, person_id: o.person_id }))
  .pivot(
    o => o.concept_id,
    {
      weight: 5089,
      height: 5090,
      temperature: 5088,
      spo2: 5092,
      systolic: 5085,
      diastolic: 5086,
      pulse: 5087,
    },
    { value: o => o.value_numeric, by: o => o.obs_datetime },
  )
  .to('vitals')

/** One group that takes all obs. */
export const hotGroup: Pipeline<object> = pipeline('hot')
  .from(openmrs.obs)
  .groupBy(() => ({ all: 1 }))
  .aggregate({
    rows: count(),
    newest: last(o => o.value_numeric, { by: o => o.obs_datetime }),
  })
  .to('hot')

const flat = pipeline('flat_obs')

/** Documents of encounters: their obs collected, joined with encounter and person. */
export const flatDocuments: Pipeline<object> = flat
  .from(openmrs.obs)
  .filter(o => o.encounter_id !== null)
  .groupBy(o => ({ encounter_id: o.encounter_id }))
  .aggregate({
    obs: collect(
      o => ({
        obs_id: o.obs_id,
        concept_id: o.concept_id,
        value: o.value_numeric,
        obs_datetime: o.obs_datetime,
      }),
      { by: o => o.obs_datetime },
    ),
  })
  .join(
    flat.from(openmrs.encounter),
    { on: o => o.encounter_id, to: e => e.encounter_id, kind: 'left' },
    (o, e) => ({
      encounter_id: o.encounter_id,
      patient_id: e?.patient_id ?? null,
      encounter_type: e?.encounter_type ?? null,
      encounter_datetime: e?.encounter_datetime ?? null,
      obs: o.obs,
    }),
  )
  .join(flat.from(openmrs.person), { on: d => d.patient_id, to: p => p.person_id, kind: 'left' }, (d, p) => ({
    ...d,
    gender: p?.gender ?? null,
  }))
  .to('flat_obs', { key: ['encounter_id'] })

/** Rows of a patient in order of time, each with the sum so far. */
export const runningTotals: Pipeline<object> = pipeline('running')
  .from(openmrs.obs)
  .groupBy(o => ({ person_id: o.person_id }))
  .fold({
    by: o => o.obs_datetime,
    start: { rows: 0, last_weight: null as number | null },
    step: (state, o) => ({
      rows: state.rows + 1,
      last_weight: o.concept_id === 5089 ? o.value_numeric : state.last_weight,
    }),
    emit: (state, o) => ({ obs_id: o.obs_id, ...state }),
  })
  .to('running')
