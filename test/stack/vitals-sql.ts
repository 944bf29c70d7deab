import { query } from './query.js'

const signsSql = `SELECT encounter_id, person_id,
    MAX(IF(concept_id=5089, value_numeric, NULL)) AS weight, MAX(IF(concept_id=5090, value_numeric, NULL)) AS height,
    MAX(IF(concept_id=5088, value_numeric, NULL)) AS temperature, MAX(IF(concept_id=5092, value_numeric, NULL)) AS spo2,
    MAX(IF(concept_id=5085, value_numeric, NULL)) AS systolic, MAX(IF(concept_id=5086, value_numeric, NULL)) AS diastolic,
    MAX(IF(concept_id=5087, value_numeric, NULL)) AS pulse, MAX(IF(concept_id=1839, value_coded, NULL)) AS visit_type
  FROM (SELECT encounter_id, person_id, concept_id, IF(newest=1, value_numeric, NULL) AS value_numeric,
      IF(newest=1, value_coded, NULL) AS value_coded
    FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY encounter_id, person_id, concept_id
        ORDER BY obs_datetime DESC, obs_id DESC) AS newest
      FROM obs WHERE voided=0 AND encounter_id IS NOT NULL) AS ranked) AS last_values
  GROUP BY encounter_id, person_id`

/** Halves are rounded up; of 0 the division gives null. */
const vitalsSql = `SELECT *, FLOOR(weight / ((height / 100) * (height / 100)) * 10 + 0.5) / 10 AS bmi
  FROM (${signsSql}) AS signs ORDER BY encounter_id, person_id`

/** The vitals by SQL, ordered by key: of each concept the last by time, ties by obs_id, voided left out. */
export async function vitalsBySql(mysqlUrl: string, database: string): Promise<Record<string, unknown>[]> {
  return await query<Record<string, unknown>>(mysqlUrl, database, vitalsSql)
}
