import { z } from 'zod'
import { collect } from '../pipeline/aggregate.js'
import { type Pipeline, pipeline } from '../pipeline/pipeline.js'
import { encounter } from './encounter.js'
import { obs } from './obs.js'
import { orders } from './orders.js'
import { person } from './person.js'
import { visit } from './visit.js'

/** The document of one encounter, or of one obs that was recorded outside encounters. */
export interface FlatObsRow {
  /** Which encounter; 10,000,000,000 more than the `obs_id` for an obs without one. */
  encounter_id: number
  /** Patient, `patient.patient_id`. */
  patient_id: number
  /** What kind of meeting, `encounter_type.encounter_type_id`; 999 for an obs without an encounter. */
  encounter_type: number
  location_id: number | null
  /** 0 for an obs without an encounter. */
  visit_id: number | null
  /** 999 for an obs without an encounter. Null while the visit is not there, or voided. */
  visit_type_id: number | null
  /** When it took place, milliseconds as if the local time were UTC; `obs_datetime` for an obs without an encounter. */
  encounter_datetime: number
  /** `'F'`, `'M'`, `'O'` or `'U'`. This and what else is of the person is null while the person is not there, or voided. */
  gender: string | null
  /** Date of birth, `'1990-12-31'`. */
  birthdate: string | null
  /** 1 when the person has died. */
  dead: number | null
  /** When the person died, milliseconds as if the local time were UTC. */
  death_date: number | null
  /** Of the encounter, or of the obs without one. */
  uuid: string
  /** What was observed, in the order of `obs_id`. */
  obs: FlatObsItem[]
  /** What was ordered, in the order of `order_id`. */
  orders: FlatObsOrder[]
}

/** An obs in a document. */
export interface FlatObsItem {
  obs_id: number
  /** Always 0: voided obs are in no document. */
  voided: number
  /** The question, `concept.concept_id`. */
  concept_id: number
  /** When it was observed, milliseconds as if the local time were UTC. */
  obs_datetime: number
  /** The answer as text: a concept or a drug by its id, a time as `'2026-12-31T23:59:59'`. */
  value: string | null
  /** What kind of answer it is; null for none, as in an obs that only holds a group together. */
  value_type: FlatObsValueType | null
  /** The obs it is a part of, `obs.obs_id`. */
  obs_group_id: number | null
  /** The question of that obs, even where it is voided. */
  parent_concept_id: number | null
}

/** The column of `obs` that an answer is in, without `value_`. */
export type FlatObsValueType = 'coded' | 'drug' | 'datetime' | 'numeric' | 'text'

/** An order in a document. */
export interface FlatObsOrder {
  order_id: number
  /** What is ordered, `concept.concept_id`. */
  order_concept_id: number
  /** When it took effect, milliseconds as if the local time were UTC. */
  date_activated: number | null
  /** Always 0: voided orders are in no document. */
  voided: number
}

const time = z.number().meta({ mysqlType: 'DATETIME' })

const schema = z.object({
  encounter_id: z.int(),
  patient_id: z.int(),
  encounter_type: z.int(),
  location_id: z.int().nullable(),
  visit_id: z.int().nullable(),
  visit_type_id: z.int().nullable(),
  encounter_datetime: time,
  gender: z.string().nullable(),
  birthdate: z.iso.date().nullable(),
  dead: z.int().nullable(),
  death_date: time.nullable(),
  uuid: z.string(),
  obs: z.array(
    z.object({
      obs_id: z.int(),
      voided: z.int(),
      concept_id: z.int(),
      obs_datetime: z.number(),
      value: z.string().nullable(),
      value_type: z.enum(['coded', 'drug', 'datetime', 'numeric', 'text']).nullable(),
      obs_group_id: z.int().nullable(),
      parent_concept_id: z.int().nullable(),
    }),
  ),
  orders: z.array(
    z.object({
      order_id: z.int(),
      order_concept_id: z.int(),
      date_activated: z.number().nullable(),
      voided: z.int(),
    }),
  ),
})

const noEncounterType = 999
const noVisit = 0
const noVisitType = 999

/** The document an obs is in. MySQL's INT ends at 2³¹, so an obs without an encounter is in no encounter's document. */
function documentOf(encounterId: number | null, obsId: number): number {
  return encounterId ?? obsId + 10_000_000_000
}

/** The first of the five columns of an answer that is not null, as text. */
function answerOf(
  coded: number | null,
  drug: number | null,
  datetime: number | null,
  numeric: number | null,
  text: string | null,
): string | null {
  return numberText(coded) ?? numberText(drug) ?? timeText(datetime) ?? numberText(numeric) ?? text
}

/** Which of the five columns of an answer {@link answerOf} takes. */
function answerTypeOf(
  coded: number | null,
  drug: number | null,
  datetime: number | null,
  numeric: number | null,
  text: string | null,
): FlatObsValueType | null {
  if (coded !== null) return 'coded'
  if (drug !== null) return 'drug'
  if (datetime !== null) return 'datetime'
  if (numeric !== null) return 'numeric'
  return text === null ? null : 'text'
}

function numberText(value: number | null): string | null {
  return value === null ? null : String(value)
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString().slice(0, 19)
}

const flat = pipeline('flat_obs')

/** What heads the document of an encounter. */
const encounters = flat
  .from(encounter)
  .join(flat.from(visit), { on: e => e.visit_id, to: v => v.visit_id, kind: 'left' }, (e, v) => ({
    encounter_id: e.encounter_id,
    patient_id: e.patient_id,
    encounter_type: e.encounter_type,
    location_id: e.location_id,
    visit_id: e.visit_id,
    visit_type_id: v?.visit_type_id ?? null,
    encounter_datetime: e.encounter_datetime,
    uuid: e.uuid,
  }))

/** What heads the document of an obs without an encounter. */
const loose = flat
  .from(obs)
  .filter(o => o.encounter_id === null)
  .map(o => ({
    encounter_id: documentOf(o.encounter_id, o.obs_id),
    patient_id: o.person_id,
    encounter_type: noEncounterType,
    location_id: o.location_id,
    visit_id: noVisit,
    visit_type_id: noVisitType,
    encounter_datetime: o.obs_datetime,
    uuid: o.uuid,
  }))

/** The obs of each document. A group is looked up among all obs, because a voided one still says what it asked. */
const items = flat
  .from(obs)
  .join(
    flat.from(obs, { includeDeleted: true }),
    { on: o => o.obs_group_id, to: group => group.obs_id, kind: 'left' },
    (o, group) => ({
      document: documentOf(o.encounter_id, o.obs_id),
      item: {
        obs_id: o.obs_id,
        voided: o.voided,
        concept_id: o.concept_id,
        obs_datetime: o.obs_datetime,
        value: answerOf(o.value_coded, o.value_drug, o.value_datetime, o.value_numeric, o.value_text),
        value_type: answerTypeOf(
          o.value_coded,
          o.value_drug,
          o.value_datetime,
          o.value_numeric,
          o.value_text,
        ),
        obs_group_id: o.obs_group_id,
        parent_concept_id: group?.concept_id ?? null,
      },
    }),
  )
  .groupBy(o => ({ document: o.document }))
  .aggregate({ obs: collect(o => o.item, { by: o => o.item.obs_id }) })

/** The orders of each encounter. */
const ordered = flat
  .from(orders)
  .groupBy(o => ({ encounter_id: o.encounter_id }))
  .aggregate({
    orders: collect(
      o => ({
        order_id: o.order_id,
        order_concept_id: o.concept_id,
        date_activated: o.date_activated,
        voided: o.voided,
      }),
      { by: o => o.order_id },
    ),
  })

/**
 * One document for each encounter that has an obs or an order, and for each obs that was recorded outside encounters, with
 * what is known of patient and visit. Voided rows are left out, and every document follows when one of its rows changes,
 * moves, is voided or un-voided. An obs whose encounter is not there (yet), or voided, is in no document.
 */
export const flatObs: Pipeline<FlatObsRow> = encounters
  .union(loose)
  .join(flat.from(person), { on: d => d.patient_id, to: p => p.person_id, kind: 'left' }, (d, p) => ({
    encounter_id: d.encounter_id,
    patient_id: d.patient_id,
    encounter_type: d.encounter_type,
    location_id: d.location_id,
    visit_id: d.visit_id,
    visit_type_id: d.visit_type_id,
    encounter_datetime: d.encounter_datetime,
    gender: p?.gender ?? null,
    birthdate: p?.birthdate ?? null,
    dead: p?.dead ?? null,
    death_date: p?.death_date ?? null,
    uuid: d.uuid,
  }))
  .join(items, { on: d => d.encounter_id, to: i => i.document, kind: 'left' }, (d, i) => ({
    ...d,
    obs: i?.obs ?? [],
  }))
  .join(ordered, { on: d => d.encounter_id, to: o => o.encounter_id, kind: 'left' }, (d, o) => ({
    ...d,
    orders: o?.orders ?? [],
  }))
  .filter(d => d.obs.length + d.orders.length > 0)
  .to('flat_obs', { key: ['encounter_id'], schema })
