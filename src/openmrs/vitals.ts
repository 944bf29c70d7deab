import { type Aggregate, last } from '../pipeline/aggregate.js'
import { type Pipeline, pipeline } from '../pipeline/pipeline.js'
import { type ObsRow, obs } from './obs.js'

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
}

/** The newest number recorded for a concept in a group, ties by obs_id. */
function lastNumber(concept: number): Aggregate<ObsRow, number | null> {
  return last((obs: ObsRow) => obs.value_numeric, {
    where: obs => obs.concept_id === concept,
    by: obs => obs.obs_datetime,
  })
}

/**
 * One row of vital signs for each encounter that has an obs: weight (concept 5089), height (5090), temperature (5088),
 * oxygen saturation (5092), blood pressure (5085, 5086), pulse (5087) and the kind of visit (1839), the newest by
 * obs_datetime where one was recorded twice. Voided obs do not count; an encounter whose last obs is voided has no row.
 */
export const vitals: Pipeline<VitalsRow> = pipeline('vitals')
  .from(obs)
  .filter(obs => obs.encounter_id !== null)
  .groupBy(obs => ({ encounter_id: obs.encounter_id as number, person_id: obs.person_id }))
  .aggregate({
    weight: lastNumber(5089),
    height: lastNumber(5090),
    temperature: lastNumber(5088),
    spo2: lastNumber(5092),
    systolic: lastNumber(5085),
    diastolic: lastNumber(5086),
    pulse: lastNumber(5087),
    visit_type: last(obs => obs.value_coded, {
      where: obs => obs.concept_id === 1839,
      by: obs => obs.obs_datetime,
    }),
  })
  .to('vitals')
