import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { type VitalsRow, vitals } from '../../src/openmrs/vitals.js'
import { Pipeline } from '../../src/pipeline/pipeline.js'
import { renameTopics } from '../../src/pipeline/plan.js'
import { simulate } from '../../src/stack/simulate.js'
import { validate } from '../../src/validate/validate.js'
import { mysqlText, sameForm } from '../change/mysql-text.js'
import { waitUntilCaptured } from './captured.js'
import { deleteConnector, registerConnector, waitForSnapshot } from './connector.js'
import { type FinalTable, finalTables } from './final-rows.js'
import { mysqlUsers } from './mysql.js'

const stack = inject('stack')

/** What a topic cannot tell of obslab_types: the zero dates of row 3, and a BIGINT UNSIGNED beyond a signed long. */
const cannotTell = (table: string, id: string | null, column: string): boolean =>
  table === 'obslab_types' && (id === '3' || column === 'ubig')

/** The vitals by SQL: of each concept the last by time, ties by obs_id, voided left out. */
const vitalsSql = `SELECT encounter_id, person_id,
    MAX(IF(concept_id=5089, value_numeric, NULL)) AS weight, MAX(IF(concept_id=5090, value_numeric, NULL)) AS height,
    MAX(IF(concept_id=5088, value_numeric, NULL)) AS temperature, MAX(IF(concept_id=5092, value_numeric, NULL)) AS spo2,
    MAX(IF(concept_id=5085, value_numeric, NULL)) AS systolic, MAX(IF(concept_id=5086, value_numeric, NULL)) AS diastolic,
    MAX(IF(concept_id=5087, value_numeric, NULL)) AS pulse, MAX(IF(concept_id=1839, value_coded, NULL)) AS visit_type
  FROM (SELECT encounter_id, person_id, concept_id, IF(newest=1, value_numeric, NULL) AS value_numeric,
      IF(newest=1, value_coded, NULL) AS value_coded
    FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY encounter_id, person_id, concept_id
        ORDER BY obs_datetime DESC, obs_id DESC) AS newest
      FROM obs WHERE voided=0 AND encounter_id IS NOT NULL) AS ranked) AS last_values
  GROUP BY encounter_id, person_id ORDER BY encounter_id, person_id`

async function query(database: string, sql: string): Promise<Record<string, unknown>[]> {
  const { hostname: host, port } = new URL(stack!.mysql)
  const connection = await createConnection({ host, port: Number(port), database, ...mysqlUsers.openmrs })
  try {
    const [rows] = await connection.query(sql)
    return rows as Record<string, unknown>[]
  } finally {
    await connection.end()
  }
}

describe.skipIf(stack === null).each([
  { database: 'bare', schemas: false, serverId: 184_200 },
  { database: 'schemed', schemas: true, serverId: 184_201 },
])('a simulated life captured with schemas enabled: $schemas', ({ database, schemas, serverId }) => {
  let lab: Lab
  let tables: FinalTable[]

  beforeAll(async () => {
    const connector = { prefix: database, database, serverId, schemas }
    const life = {
      url: `${stack!.mysql}/${database}`,
      password: mysqlUsers.openmrs.password,
      seed: 11,
      patients: 12,
    }
    await simulate({ ...life, phases: ['schema', 'population'] })
    await registerConnector(stack!, connector)
    await waitForSnapshot(stack!, database)
    await simulate({ ...life, changes: 1_500, phases: ['life'] })
    await waitUntilCaptured(stack!, connector)
    await deleteConnector(stack!, database)
    tables = await finalTables(stack!.mysql, database)
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(() => lab?.close())

  test('the current table of every topic is what SELECT * gives', async () => {
    expect(tables.length).toBeGreaterThan(12)
    for (const { table, key, columns, rows } of tables) {
      const replayed = await lab.replay(`${database}.${database}.${table}`, { progress: false })
      expect(replayed.counts.quarantined).toBe(0)
      const frame = replayed.current({ includeDeleted: true })
      expect([table, frame.length]).toEqual([table, rows.length])
      const kinds = new Map(frame.columns.map(column => [column.name, column]))
      const id = columns.findIndex(({ name }) => name === key[0])
      frame.rows().forEach((row, i) => {
        for (const [at, { name, type }] of columns.entries()) {
          const column = kinds.get(name)
          const stored = rows[i]![at] ?? null
          if (column === undefined || cannotTell(table, rows[i]![id] ?? null, name)) continue
          const about = {
            ...column,
            kind: column.kind,
            encoding: /^bit/.test(type) ? 'bits' : 'number',
            mysqlType: type,
          } as never
          expect([table, i, name, mysqlText(row[name] ?? null, about)]).toEqual([
            table,
            i,
            name,
            sameForm(stored, about),
          ])
        }
      })
    }
  })

  test('the vitals are what SQL gives', async () => {
    const bound = new Pipeline<VitalsRow>(renameTopics(vitals.plan, () => `${database}.${database}.obs`))
    const rows = (await lab.preview(bound)).rows()
    expect(rows).toEqual(await query(database, vitalsSql))
    expect(rows.length).toBeGreaterThan(50)
    expect((await validate(bound, lab)).findings).toEqual([])
  })
})
