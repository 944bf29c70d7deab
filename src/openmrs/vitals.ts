import { z } from 'zod'
import { type Pipeline, pipeline } from '../pipeline/pipeline.js'
import { obs } from './obs.js'

/** The vital signs of one encounter. A sign that was not taken is null. */
export interface VitalsRow {
  encounter_id: number
  person_id: number
  /** kg */
  weight: number | null
  /** cm */
  height: number | null
  /** °C */
  temperature: number | null
  /** Oxygen saturation of the blood, %. */
  spo2: number | null
  /** mmHg */
  systolic: number | null
  /** mmHg */
  diastolic: number | null
  /** Beats a minute. */
  pulse: number | null
  /** Whether the visit was scheduled, as the concept that answers concept 1839; 1246 is a scheduled visit. */
  visit_type: number | null
  /** Body mass index, kg/m², to one decimal. */
  bmi: number | null
}

const visitType = 1839

/** The columns of the vitals, and the concepts that ask for them. */
const signs = {
  weight: 5089,
  height: 5090,
  temperature: 5088,
  spo2: 5092,
  systolic: 5085,
  diastolic: 5086,
  pulse: 5087,
  visit_type: visitType,
}

const schema = z.object({
  encounter_id: z.int(),
  person_id: z.int(),
  weight: z.number().nullable(),
  height: z.number().nullable(),
  temperature: z.number().nullable(),
  spo2: z.number().nullable(),
  systolic: z.number().nullable(),
  diastolic: z.number().nullable(),
  pulse: z.number().nullable(),
  visit_type: z.int().nullable(),
  bmi: z.number().nullable(),
})

/** Weight in kg by the square of height in m, to one decimal; null where one is missing or the height is 0. */
function bmiOf({ weight, height }: Pick<VitalsRow, 'weight' | 'height'>): number | null {
  if (weight === null || height === null || height === 0) return null
  const metres = height / 100
  return Math.round((weight / (metres * metres)) * 10) / 10
}

/**
 * One row of vital signs for each encounter that has an obs: weight (concept 5089), height (5090), temperature (5088),
 * oxygen saturation (5092), blood pressure (5085, 5086), pulse (5087) and the kind of visit (1839), the newest by
 * obs_datetime where one was recorded twice, and the body mass index. Voided obs do not count; an encounter whose last
 * obs is voided has no row.
 */
export const vitals: Pipeline<VitalsRow> = pipeline('vitals')
  .from(obs)
  .filter(o => o.encounter_id !== null)
  .groupBy(o => ({ encounter_id: o.encounter_id as number, person_id: o.person_id }))
  .pivot(o => o.concept_id, signs, {
    value: o => (o.concept_id === visitType ? o.value_coded : o.value_numeric),
    by: o => o.obs_datetime,
  })
  .derive({ bmi: bmiOf })
  .to('vitals', { schema })
