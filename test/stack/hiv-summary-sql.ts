import { query } from './query.js'

const clinicalTypes =
  '1,2,3,4,10,14,15,17,19,26,32,33,34,47,105,106,112,113,114,117,120,127,128,129,138,153,154,158'

/** Whether `y` comes before `x` in the order of a patient's encounters, or is it. */
const upTo = `y.patient_id = x.patient_id AND y.voided = 0
  AND (y.encounter_datetime < x.encounter_datetime
    OR (y.encounter_datetime = x.encounter_datetime AND y.encounter_id <= x.encounter_id))`

const outOfCare = `y.encounter_type = 31 OR EXISTS (SELECT 1 FROM obs o
  WHERE o.encounter_id = y.encounter_id AND o.voided = 0 AND (
    (o.concept_id = 1946 AND o.value_coded = 1065)
    OR (o.concept_id = 1285 AND o.value_coded IN (1287, 9068))
    OR o.concept_id = 1596
    OR (o.concept_id = 9082 AND o.value_coded IN (159, 9036, 9083, 1287, 9068, 9079, 9504, 1285))))`

const takesArv = `EXISTS (SELECT 1 FROM obs o WHERE o.encounter_id = y.encounter_id AND o.voided = 0 AND (
    o.concept_id IN (1250, 1088, 2154) OR (o.concept_id = 1255 AND COALESCE(o.value_coded, o.value_drug,
      o.value_numeric, o.value_datetime, o.value_text) IS NOT NULL)))`

/** The date of a question in an encounter: the last by time, ties by obs_id. */
function dateOf(concept: number): string {
  return `(SELECT DATE(o.value_datetime) FROM obs o WHERE o.encounter_id = y.encounter_id AND o.voided = 0
    AND o.concept_id = ${concept} AND o.value_datetime IS NOT NULL ORDER BY o.obs_datetime DESC, o.obs_id DESC LIMIT 1)`
}

const latestFirst = 'ORDER BY y.encounter_datetime DESC, y.encounter_id DESC LIMIT 1'

const hivSummarySql = `SELECT x.encounter_id, x.patient_id, x.encounter_datetime, x.encounter_type, x.location_id,
    COALESCE(
      (SELECT COALESCE(${dateOf(7013)}, ${dateOf(7015)}) AS enrolled FROM encounter y WHERE ${upTo}
        AND COALESCE(${dateOf(7013)}, ${dateOf(7015)}) IS NOT NULL ${latestFirst}),
      (SELECT DATE(y.encounter_datetime) FROM encounter y WHERE ${upTo} AND y.encounter_type NOT IN (21, 99999)
        ORDER BY y.encounter_datetime, y.encounter_id LIMIT 1)) AS enrollment_date,
    EXISTS (SELECT 1 FROM encounter y WHERE ${upTo} AND (${outOfCare})) AS out_of_care,
    EXISTS (SELECT 1 FROM encounter y JOIN orders r ON r.encounter_id = y.encounter_id AND r.voided = 0
      AND r.concept_id = 856 WHERE ${upTo}) AS viral_load_ordered,
    (SELECT y.location_id FROM encounter y WHERE ${upTo} AND y.location_id IS NOT NULL AND ${takesArv}
      ${latestFirst}) AS arv_location_id
  FROM encounter x
  WHERE x.voided = 0 AND x.encounter_type IN (${clinicalTypes})
    AND NOT EXISTS (SELECT 1 FROM obs n WHERE n.person_id = x.patient_id AND n.voided = 0
      AND ((n.concept_id = 9082 AND n.value_coded = 9036) OR (n.concept_id = 5303 AND n.value_coded IN (822, 664))))
  ORDER BY x.encounter_id`

interface Summary {
  encounter_datetime: string
  out_of_care: number
  viral_load_ordered: number
}

/**
 * The rows of hiv_summary from plain SQL on the final tables, ordered by encounter_id: what is carried forward is looked
 * up among all the patient's encounters so far. Times are milliseconds as if the local time were UTC, dates ISO text.
 */
export async function hivSummaryBySql(mysqlUrl: string, database: string): Promise<object[]> {
  const rows = await query<Summary>(mysqlUrl, database, hivSummarySql)
  return rows.map(row => ({
    ...row,
    encounter_datetime: Date.parse(`${row.encounter_datetime.replace(' ', 'T')}Z`),
    out_of_care: row.out_of_care === 1,
    viral_load_ordered: row.viral_load_ordered === 1,
  }))
}
