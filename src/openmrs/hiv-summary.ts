import { z } from 'zod'
import { count, last } from '../pipeline/aggregate.js'
import { type Pipeline, pipeline } from '../pipeline/pipeline.js'
import { encounter } from './encounter.js'
import { obs } from './obs.js'
import { orders } from './orders.js'

/** What is known of a patient's HIV care at the end of one clinical encounter. */
export interface HivSummaryRow {
  encounter_id: number
  /** Patient, `patient.patient_id`. */
  patient_id: number
  /** When it took place, milliseconds as if the local time were UTC. */
  encounter_datetime: number
  /** What kind of meeting, `encounter_type.encounter_type_id`. */
  encounter_type: number
  location_id: number | null
  /** When the patient came into care, `'2026-12-31'`: as last recorded, else the date of the first encounter that counts. */
  enrollment_date: string | null
  /** Whether the patient left care in this encounter or an earlier one. */
  out_of_care: boolean
  /** Whether a viral load was ordered in this encounter or an earlier one. */
  viral_load_ordered: boolean
  /** Where the patient last had antiretroviral drugs. */
  arv_location_id: number | null
}

const schema = z.object({
  encounter_id: z.int(),
  patient_id: z.int(),
  encounter_datetime: z.number().meta({ mysqlType: 'DATETIME' }),
  encounter_type: z.int(),
  location_id: z.int().nullable(),
  enrollment_date: z.iso.date().nullable(),
  out_of_care: z.boolean(),
  viral_load_ordered: z.boolean(),
  arv_location_id: z.int().nullable(),
})

const clinicalTypes = [
  1, 2, 3, 4, 10, 14, 15, 17, 19, 26, 32, 33, 34, 47, 105, 106, 112, 113, 114, 117, 120, 127, 128, 129, 138,
  153, 154, 158,
]
const typesThatEnrollNobody = [21, 99999]
const typeOfLeavingCare = 31

const enrolled = 7013
const enrolledBefore = 7015
const viralLoad = 856

const discontinued = 1946
const yes = 1065
const transferred = 1285
const transferredTo: readonly (number | null)[] = [1287, 9068]
const exitReason = 1596
const careStatus = 9082
const statusesOutOfCare: readonly (number | null)[] = [159, 9036, 9083, 1287, 9068, 9079, 9504, 1285]
const negative = 9036
const infection = 5303
const negativeOrExposed: readonly (number | null)[] = [822, 664]

const arvPlan = 1255
const arvDrugs = [1250, 1088, 2154]

const conceptsOfCare = [
  enrolled,
  enrolledBefore,
  discontinued,
  transferred,
  exitReason,
  careStatus,
  arvPlan,
  ...arvDrugs,
]

/** Whether an obs says that the patient left care: by its question and the concept it is answered with. */
function saysOutOfCare(concept: number, answer: number | null): boolean {
  if (concept === discontinued) return answer === yes
  if (concept === transferred) return transferredTo.includes(answer)
  if (concept === careStatus) return statusesOutOfCare.includes(answer)
  return concept === exitReason
}

/** Whether an obs says that the patient is not infected, or a child of whom that is not known. */
function saysNotInfected(concept: number, answer: number | null): boolean {
  if (concept === careStatus) return answer === negative
  return concept === infection && negativeOrExposed.includes(answer)
}

/** The day of a time, `'2026-12-31'`. */
function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

const hiv = pipeline('hiv_summary')

/** What the obs of an encounter say. */
const answers = hiv
  .from(obs)
  .filter(o => o.encounter_id !== null && conceptsOfCare.includes(o.concept_id))
  .groupBy(o => ({ encounter_id: o.encounter_id }))
  .aggregate({
    enrolled: last(o => o.value_datetime, {
      where: o => o.concept_id === enrolled && o.value_datetime !== null,
      by: o => o.obs_datetime,
    }),
    enrolled_before: last(o => o.value_datetime, {
      where: o => o.concept_id === enrolledBefore && o.value_datetime !== null,
      by: o => o.obs_datetime,
    }),
    out_of_care: count({ where: o => saysOutOfCare(o.concept_id, o.value_coded) }),
    arv_drugs: count({ where: o => arvDrugs.includes(o.concept_id) }),
    arv_plans: count(
      o => o.value_coded ?? o.value_drug ?? o.value_datetime ?? o.value_numeric ?? o.value_text,
      {
        where: o => o.concept_id === arvPlan,
      },
    ),
  })
  // That there is an answer tells nothing of a text that it may be.
  .declassify('arv_plans')

const viralLoads = hiv
  .from(orders)
  .filter(o => o.concept_id === viralLoad)
  .groupBy(o => ({ encounter_id: o.encounter_id }))
  .aggregate({ ordered: count() })

const notInfected = hiv
  .from(obs)
  .filter(o => saysNotInfected(o.concept_id, o.value_coded))
  .groupBy(o => ({ patient_id: o.person_id }))
  .aggregate({ times: count() })

/** What one encounter says of a patient's care. */
interface CareEncounter {
  encounter_id: number
  patient_id: number
  encounter_datetime: number
  encounter_type: number
  location_id: number | null
  /** Milliseconds as if the local time were UTC. */
  enrolled: number | null
  leaves_care: boolean
  has_arv: boolean
  viral_load_ordered: boolean
}

/** What is carried from one encounter of a patient to the next. */
type Care = Pick<HivSummaryRow, 'enrollment_date' | 'out_of_care' | 'viral_load_ordered' | 'arv_location_id'>

const beforeCare: Care = {
  enrollment_date: null,
  out_of_care: false,
  viral_load_ordered: false,
  arv_location_id: null,
}

/** A patient's care after an encounter. */
function careAfter(care: Care, e: CareEncounter): Care {
  return {
    enrollment_date: e.enrolled === null ? (care.enrollment_date ?? firstDate(e)) : dateOf(e.enrolled),
    out_of_care: care.out_of_care || e.leaves_care,
    viral_load_ordered: care.viral_load_ordered || e.viral_load_ordered,
    arv_location_id: (e.has_arv ? e.location_id : null) ?? care.arv_location_id,
  }
}

/** The enrollment date of a patient of whom none was recorded, where this encounter is the first. */
function firstDate({ encounter_type, encounter_datetime }: CareEncounter): string | null {
  return typesThatEnrollNobody.includes(encounter_type) ? null : dateOf(encounter_datetime)
}

/**
 * One row for each encounter of a clinical type: what all the patient's encounters up to it, in the order of
 * `encounter_datetime`, say of HIV care. A late or changed encounter corrects those after it. Voided rows do not count, and
 * patients who are recorded as negative, or as exposed children, have no rows.
 */
export const hivSummary: Pipeline<HivSummaryRow> = hiv
  .from(encounter)
  .join(notInfected, { on: e => e.patient_id, to: n => n.patient_id, kind: 'left' }, (e, n) => ({
    encounter_id: e.encounter_id,
    patient_id: e.patient_id,
    encounter_datetime: e.encounter_datetime,
    encounter_type: e.encounter_type,
    location_id: e.location_id,
    may_be_infected: n === null,
  }))
  .filter(e => e.may_be_infected)
  .join(answers, { on: e => e.encounter_id, to: a => a.encounter_id, kind: 'left' }, (e, a) => ({
    encounter_id: e.encounter_id,
    patient_id: e.patient_id,
    encounter_datetime: e.encounter_datetime,
    encounter_type: e.encounter_type,
    location_id: e.location_id,
    enrolled: a?.enrolled ?? a?.enrolled_before ?? null,
    leaves_care: e.encounter_type === typeOfLeavingCare || (a !== null && a.out_of_care > 0),
    has_arv: a !== null && a.arv_drugs + a.arv_plans > 0,
  }))
  .join(viralLoads, { on: e => e.encounter_id, to: v => v.encounter_id, kind: 'left' }, (e, v) => ({
    ...e,
    viral_load_ordered: v !== null,
  }))
  .groupBy(e => ({ patient_id: e.patient_id }))
  .fold({
    by: e => e.encounter_datetime,
    start: beforeCare,
    step: careAfter,
    emit: (care, e) => ({
      encounter_id: e.encounter_id,
      patient_id: e.patient_id,
      encounter_datetime: e.encounter_datetime,
      encounter_type: e.encounter_type,
      location_id: e.location_id,
      ...care,
    }),
  })
  .filter(e => clinicalTypes.includes(e.encounter_type))
  .to('hiv_summary', { key: ['encounter_id'], schema })
