import { type Aggregate, last, type ObsRow, openmrs, type Pipeline, pipeline } from 'obslab/job'
import { z } from 'zod'

/** The newest number recorded for a concept. */
function newest(concept: number): Aggregate<ObsRow, number | null> {
  return last((obs: ObsRow) => obs.value_numeric, {
    where: obs => obs.concept_id === concept,
    by: obs => obs.obs_datetime,
  })
}

/** Weight in kg by the square of height in m, to one decimal. */
function bmiOf({ weight, height }: { weight: number | null; height: number | null }): number | null {
  if (weight === null || height === null || height === 0) return null
  const metres = height / 100
  return Math.round((weight / (metres * metres)) * 10) / 10
}

const sign = z.number().nullable()

const schema = z.object({
  encounter_id: z.int(),
  person_id: z.int(),
  weight: sign,
  height: sign,
  temperature: sign,
  spo2: sign,
  systolic: sign,
  diastolic: sign,
  pulse: sign,
  visit_type: z.int().nullable(),
  bmi: sign,
})

/** One row of vital signs for each encounter that has an obs. */
export const vitals: Pipeline = pipeline('vitals')
  .from(openmrs.obs)
  .filter(obs => obs.encounter_id !== null)
  .groupBy(obs => ({ encounter_id: obs.encounter_id, person_id: obs.person_id }))
  .aggregate({
    weight: newest(5089),
    height: newest(5090),
    temperature: newest(5088),
    spo2: newest(5092),
    systolic: newest(5085),
    diastolic: newest(5086),
    pulse: newest(5087),
    visit_type: last(obs => obs.value_coded, {
      where: obs => obs.concept_id === 1839,
      by: obs => obs.obs_datetime,
    }),
  })
  .derive({ bmi: bmiOf })
  .to('vitals', { schema })
