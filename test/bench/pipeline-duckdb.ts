import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Cell, CellRow } from '../../src/pipeline/cell.js'
import { rowText } from '../../src/pipeline/output.js'
import type { Plan } from '../../src/pipeline/plan.js'
import { planTopics } from '../../src/pipeline/plan.js'
import { loadRows } from '../pipeline/duckdb-rows.js'
import { batches, CurrentRows, type plans, tablesOf } from './pipeline-runs.js'

const lastOf = (column: string, concept: number): string =>
  `arg_max(${column}, (obs_datetime, obs_id)) FILTER (concept_id = ${concept})`

const isoOf = (ms: string, format: string): string =>
  `strftime(make_timestamp((${ms})::BIGINT * 1000), '${format}')`

/** What the pipelines compute, as somebody would write it in DuckDB. */
export const queries: Readonly<Record<keyof typeof plans, string>> = {
  vitals: `
    WITH signs AS (
      SELECT encounter_id, person_id, ${lastOf('value_numeric', 5089)} AS weight,
        ${lastOf('value_numeric', 5090)} AS height, ${lastOf('value_numeric', 5088)} AS temperature,
        ${lastOf('value_numeric', 5092)} AS spo2, ${lastOf('value_numeric', 5085)} AS systolic,
        ${lastOf('value_numeric', 5086)} AS diastolic, ${lastOf('value_numeric', 5087)} AS pulse,
        ${lastOf('value_coded', 1839)} AS visit_type
      FROM obs WHERE voided = 0 AND encounter_id IS NOT NULL GROUP BY ALL)
    SELECT *, floor(weight / nullif((height / 100) * (height / 100), 0) * 10 + 0.5) / 10 AS bmi FROM signs`,
  documents: `
    WITH items AS (
      SELECT encounter_id, list({obs_id: obs_id, concept_id: concept_id, value: value_numeric} ORDER BY obs_id) AS obs
      FROM obs WHERE voided = 0 AND encounter_id IS NOT NULL GROUP BY encounter_id)
    SELECT e.encounter_id, e.encounter_type, e.encounter_datetime, p.person_id, p.gender, i.obs
    FROM encounter e JOIN person p ON p.person_id = e.patient_id AND p.voided = 0
      JOIN items i ON i.encounter_id = e.encounter_id
    WHERE e.voided = 0`,
  'flat-obs': `
    WITH items AS (
      SELECT coalesce(o.encounter_id, o.obs_id + 10000000000) AS document, list({
          obs_id: o.obs_id, voided: o.voided, concept_id: o.concept_id, obs_datetime: o.obs_datetime,
          value: coalesce(o.value_coded::BIGINT::VARCHAR, o.value_drug::BIGINT::VARCHAR,
            ${isoOf('o.value_datetime', '%Y-%m-%dT%H:%M:%S')},
            CASE WHEN o.value_numeric = trunc(o.value_numeric) THEN o.value_numeric::BIGINT::VARCHAR
              ELSE o.value_numeric::VARCHAR END, o.value_text),
          value_type: CASE WHEN o.value_coded IS NOT NULL THEN 'coded' WHEN o.value_drug IS NOT NULL THEN 'drug'
            WHEN o.value_datetime IS NOT NULL THEN 'datetime' WHEN o.value_numeric IS NOT NULL THEN 'numeric'
            WHEN o.value_text IS NOT NULL THEN 'text' END,
          obs_group_id: o.obs_group_id, parent_concept_id: parent.concept_id} ORDER BY o.obs_id) AS obs
      FROM obs o LEFT JOIN obs parent ON parent.obs_id = o.obs_group_id WHERE o.voided = 0 GROUP BY document),
    ordered AS (
      SELECT encounter_id, list({order_id: order_id, order_concept_id: concept_id, date_activated: date_activated,
          voided: voided} ORDER BY order_id) AS orders
      FROM orders WHERE voided = 0 GROUP BY encounter_id),
    heads AS (
      SELECT e.encounter_id, e.patient_id, e.encounter_type, e.location_id, e.visit_id, v.visit_type_id,
        e.encounter_datetime, e.uuid
      FROM encounter e LEFT JOIN visit v ON v.visit_id = e.visit_id AND v.voided = 0 WHERE e.voided = 0
      UNION ALL
      SELECT obs_id + 10000000000, person_id, 999, location_id, 0, 999, obs_datetime, uuid
      FROM obs WHERE encounter_id IS NULL AND voided = 0)
    SELECT h.encounter_id, h.patient_id, h.encounter_type, h.location_id, h.visit_id, h.visit_type_id,
      h.encounter_datetime, p.gender, p.birthdate, p.dead, p.death_date, h.uuid, coalesce(i.obs, []) AS obs,
      coalesce(r.orders, []) AS orders
    FROM heads h LEFT JOIN person p ON p.person_id = h.patient_id AND p.voided = 0
      LEFT JOIN items i ON i.document = h.encounter_id LEFT JOIN ordered r ON r.encounter_id = h.encounter_id
    WHERE i.obs IS NOT NULL OR r.orders IS NOT NULL`,
  'hiv-summary': `
    WITH answers AS (
      SELECT encounter_id,
        coalesce(${lastOf('value_datetime', 7013)}, ${lastOf('value_datetime', 7015)}) AS enrolled,
        bool_or((concept_id = 1946 AND value_coded = 1065) OR (concept_id = 1285 AND value_coded IN (1287, 9068))
          OR concept_id = 1596 OR (concept_id = 9082 AND
            value_coded IN (159, 9036, 9083, 1287, 9068, 9079, 9504, 1285))) AS leaves,
        bool_or(concept_id IN (1250, 1088, 2154) OR (concept_id = 1255 AND (value_coded IS NOT NULL
          OR value_drug IS NOT NULL OR value_datetime IS NOT NULL OR value_numeric IS NOT NULL
          OR value_text IS NOT NULL))) AS arv
      FROM obs WHERE voided = 0 AND encounter_id IS NOT NULL GROUP BY encounter_id),
    carried AS (
      SELECT e.encounter_id, e.patient_id, e.encounter_datetime, e.encounter_type, e.location_id,
        ${isoOf(
          `coalesce(last_value(a.enrolled IGNORE NULLS) OVER upto, first_value(CASE
            WHEN e.encounter_type NOT IN (21, 99999) THEN e.encounter_datetime END IGNORE NULLS) OVER upto)`,
          '%Y-%m-%d',
        )} AS enrollment_date,
        bool_or(e.encounter_type = 31 OR coalesce(a.leaves, false)) OVER upto AS out_of_care,
        bool_or(v.encounter_id IS NOT NULL) OVER upto AS viral_load_ordered,
        last_value(CASE WHEN a.arv THEN e.location_id END IGNORE NULLS) OVER upto AS arv_location_id
      FROM encounter e LEFT JOIN answers a ON a.encounter_id = e.encounter_id
        LEFT JOIN (SELECT DISTINCT encounter_id FROM orders WHERE voided = 0 AND concept_id = 856) v
          ON v.encounter_id = e.encounter_id
      WHERE e.voided = 0 AND e.patient_id NOT IN (SELECT person_id FROM obs WHERE voided = 0 AND (
        (concept_id = 9082 AND value_coded = 9036) OR (concept_id = 5303 AND value_coded IN (822, 664))))
      WINDOW upto AS (PARTITION BY e.patient_id ORDER BY e.encounter_datetime, e.encounter_id
        ROWS UNBOUNDED PRECEDING))
    SELECT * FROM carried WHERE encounter_type IN (1, 2, 3, 4, 10, 14, 15, 17, 19, 26, 32, 33, 34, 47, 105, 106, 112,
      113, 114, 117, 120, 127, 128, 129, 138, 153, 154, 158)`,
  hot: `
    SELECT status, count(*)::DOUBLE AS obs, fsum(value_numeric) AS total,
      arg_max_null(value_numeric, (obs_datetime, obs_id)) AS newest
    FROM obs WHERE voided = 0 GROUP BY status`,
}

const keys: Readonly<Record<keyof typeof plans, readonly string[]>> = {
  vitals: ['encounter_id', 'person_id'],
  documents: ['encounter_id'],
  'flat-obs': ['encounter_id'],
  'hiv-summary': ['encounter_id'],
  hot: ['status'],
}

/** The final tables of generated changes in DuckDB, with the batch in which each row got what it holds. */
export class DuckTables {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #tables: readonly string[]

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, tables: readonly string[]) {
    this.#instance = instance
    this.#connection = connection
    this.#tables = tables
  }

  static async load(plan: Plan, changes: number, every: number): Promise<DuckTables> {
    const rows = new CurrentRows(plan)
    const batchOf = new Map<object, number>()
    let batch = 0
    for (const some of batches(plan, changes, every)) {
      rows.take(some)
      batch++
      for (const { after } of some) batchOf.set(after!, batch)
    }
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    for (const { topic, columns } of planTopics(plan.root)) {
      const declared = columns.map(({ name, kind }) => ({ name, kind: kind! }))
      const loaded = Array.from(rows.tables.get(topic)!.values(), row => ({
        ...row,
        batch: batchOf.get(row)!,
      }))
      await loadRows(connection, `all_${topic}`, [...declared, { name: 'batch', kind: 'int' }], loaded)
    }
    return new DuckTables(instance, connection, tablesOf(plan))
  }

  /** Runs a query over what was there after a batch, into a table. */
  async run(sql: string, batch: number): Promise<void> {
    for (const table of this.#tables) {
      await this.#connection.run(
        `CREATE OR REPLACE VIEW ${table} AS SELECT * EXCLUDE batch FROM all_${table} WHERE batch <= ${batch}`,
      )
    }
    await this.#connection.run(`CREATE OR REPLACE TABLE result AS ${sql}`)
  }

  /** The result of the last run: encoded key to encoded row. */
  async written(name: keyof typeof plans): Promise<Map<string, string>> {
    const result = await this.#connection.runAndReadAll('SELECT * FROM result')
    const rows = result.getRowObjectsJS() as Record<string, Cell>[]
    return new Map(
      rows.map(row => {
        const key: CellRow = Object.fromEntries(keys[name].map(column => [column, row[column]!]))
        return [rowText(key), rowText(row)]
      }),
    )
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}
