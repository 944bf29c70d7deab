import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '../../src/change/column-type.js'
import { isDeleted, type TypedTopic } from '../../src/change/topic.js'
import { connect, type Lab } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import {
  collect,
  count,
  countDistinct,
  first,
  last,
  max,
  mean,
  min,
  sum,
} from '../../src/pipeline/aggregate.js'
import { encodeKey, encodeRow } from '../../src/pipeline/output.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import { planTopics } from '../../src/pipeline/plan.js'
import { type PlanUntranslatable, planSql } from '../../src/pipeline/plan-sql.js'
import { recompute } from '../../src/pipeline/recompute.js'
import type { SqlTable } from '../../src/pipeline/sql-relation.js'
import { loadRows } from './duckdb-rows.js'

const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const tables = new Map<string, SqlTable>()
const rows = new Map<string, readonly Row[]>()

/** The first current rows of a topic, enough for every kind of tie and null. */
async function load(lab: Lab, topic: TypedTopic): Promise<void> {
  const current = (await lab.replay(topic)).current()
  const nullable = new Set(topic.columns.filter(column => column.nullable).map(({ name }) => name))
  const columns = current.columns.map(({ name, kind }) => ({ name, kind, nullable: nullable.has(name) }))
  const some = (current.rows() as Row[]).slice(0, 4000)
  rows.set(topic.name, some)
  await loadRows(connection, topic.name, columns, some)
  tables.set(topic.name, { name: topic.name, columns, stored: 'values' })
}

beforeAll(async () => {
  const lab = await connect('datasets/openmrs')
  await load(lab, openmrs.obs as unknown as TypedTopic)
  await load(lab, openmrs.encounter as unknown as TypedTopic)
}, 60_000)
afterAll(() => {
  connection.closeSync()
  instance.closeSync()
})

async function inSql<R>({ plan }: Pipeline<R>): Promise<string[]> {
  const translated = planSql(plan, tables)
  if (!('sql' in translated)) throw new Error(JSON.stringify(translated))
  const result = await connection.runAndReadAll(translated.sql)
  return result
    .getRowsJS()
    .map(values => translated.decode(values))
    .map(({ key, row }) => `${encodeKey(key).toString()} ${encodeRow(row).toString()}`)
    .sort()
}

function inJavaScript<R>({ plan }: Pipeline<R>): string[] {
  const definitions = new Map(planTopics(plan.root).map(from => [from.topic, from]))
  const rowsOf = (topic: string): Row[] =>
    rows.get(topic)!.filter(row => !isDeleted(definitions.get(topic)!, row))
  return recompute(plan, rowsOf)
    .map(({ key, row }) => `${encodeKey(key).toString()} ${encodeRow(row!).toString()}`)
    .sort()
}

const start = pipeline('recorded')
const obs = start.from(openmrs.obs)
const encounters = start.from(openmrs.encounter)

const pipelines: [string, Pipeline<never>][] = [
  ['the vitals of obslab', vitals],
  ['a filter', obs.filter(o => o.value_numeric !== null && o.value_numeric > 37).to('t')],
  [
    'a map',
    obs.map(o => ({ id: o.obs_id, text: `${o.concept_id}: ${o.value_numeric}`, at: o.obs_datetime })).to('t'),
  ],
  ['a map of everything and more', obs.map(o => ({ ...o, double: (o.value_numeric ?? 0) * 2 })).to('t')],
  [
    'select and derive',
    obs
      .select('obs_id', 'value_numeric', 'uuid')
      .derive({ half: o => o.value_numeric! / 2, uuid: o => o.uuid.length })
      .to('t'),
  ],
  [
    'every aggregate',
    obs
      .groupBy(o => ({ person_id: o.person_id }))
      .aggregate({
        rows: count(),
        numeric: count(o => o.value_numeric),
        high: count({ where: o => o.value_numeric! > 100 }),
        concepts: countDistinct(o => o.concept_id),
        total: sum(o => o.value_numeric),
        ids: sum(o => o.obs_id),
        average: mean(o => o.value_numeric),
        middle: mean(o => o.obs_id),
        least: min(o => o.value_numeric),
        greatest: max(o => o.uuid),
        earliest: first(o => o.value_numeric, { by: o => o.obs_datetime }),
        newest: last(o => o.value_coded, { by: o => o.obs_datetime, where: o => o.value_coded !== null }),
        all: collect(o => ({ concept: o.concept_id, value: o.value_numeric }), { by: o => o.obs_datetime }),
        texts: collect(o => o.status, { by: o => o.value_numeric, where: o => o.concept_id !== 5089 }),
      })
      .to('t'),
  ],
  [
    'a pivot',
    obs
      .filter(o => o.encounter_id !== null)
      .groupBy(o => ({ encounter_id: o.encounter_id! }))
      .pivot(
        o => o.concept_id,
        { weight: 5089, height: 5090, again: 5089 },
        { value: o => o.value_numeric, by: o => o.obs_datetime },
      )
      .to('t'),
  ],
  [
    'an inner join',
    obs
      .join(encounters, { on: o => o.encounter_id, to: e => e.encounter_id }, (o, e) => ({
        obs_id: o.obs_id,
        type: e.encounter_type,
        late: o.obs_datetime > e.encounter_datetime,
      }))
      .to('t', { key: ['obs_id'] }),
  ],
  [
    'a left join',
    obs
      .join(
        encounters,
        { kind: 'left', on: o => [o.encounter_id, o.person_id], to: e => [e.encounter_id, e.patient_id] },
        (o, e) => ({
          obs_id: o.obs_id,
          type: e === null ? -1 : e.encounter_type,
          location: e?.location_id ?? null,
        }),
      )
      .to('t', { key: ['obs_id'] }),
  ],
  [
    'a one-to-many join, of which one row per key is left',
    encounters
      .join(obs, { on: e => e.encounter_id, to: o => o.encounter_id }, (e, o) => ({
        encounter_id: e.encounter_id,
        obs_id: o.obs_id,
      }))
      .to('t', { key: ['encounter_id'] }),
  ],
  [
    'an aggregate of a join, in the order of its identity',
    encounters
      .join(obs, { kind: 'left', on: e => e.encounter_id, to: o => o.encounter_id }, (e, o) => ({
        patient: e.patient_id,
        concept: o?.concept_id ?? null,
      }))
      .groupBy(row => ({ patient: row.patient }))
      .aggregate({ concepts: collect(row => row.concept, { by: () => 0 }) })
      .to('t'),
  ],
  [
    'a union',
    obs
      .map(o => ({ person: o.person_id, at: o.obs_datetime, kind: 'obs' }))
      .union(encounters.map(e => ({ person: e.patient_id, at: e.encounter_datetime, kind: 'encounter' })))
      .groupBy(row => ({ person: row.person }))
      .aggregate({ kinds: collect(row => row.kind, { by: row => row.at }), n: count() })
      .to('t'),
  ],
  [
    'the latest',
    obs
      .groupBy(o => ({ person_id: o.person_id, concept_id: o.concept_id }))
      .latest({ by: o => o.obs_datetime })
      .to('t'),
  ],
  [
    'windows',
    obs
      .window(o => o.obs_datetime, { size: 86_400_000, offset: 3_600_000 })
      .groupBy(o => ({ day: o.window_start }))
      .aggregate({ n: count(), end: max(o => o.window_end) })
      .to('t'),
  ],
  [
    'a sum passed on',
    obs
      .groupBy(o => ({ concept_id: o.concept_id }))
      .aggregate({ total: sum(o => o.value_numeric), n: count() })
      .filter(row => row.n > 2)
      .map(row => ({ total: row.total, share: 1 / row.n }))
      .to('t'),
  ],
  [
    'groups of groups',
    obs
      .groupBy(o => ({ person_id: o.person_id, month: new Date(o.obs_datetime).toISOString().slice(0, 7) }))
      .aggregate({ n: count() })
      .groupBy(row => ({ month: row.month }))
      .aggregate({ people: count(), most: max(row => row.n) })
      .to('t'),
  ],
  [
    'a key that may be null',
    obs
      .groupBy(o => ({ group: o.obs_group_id as number }))
      .aggregate({ n: count() })
      .to('t'),
  ],
] as [string, Pipeline<never>][]

test.each(pipelines)('%s gives in SQL, byte for byte, what a recomputation gives', async (_, given) => {
  const expected = inJavaScript(given)
  expect(expected.length).toBeGreaterThan(0)
  expect(await inSql(given)).toEqual(expected)
})

test.each<[string, Pipeline<never>, Partial<PlanUntranslatable>[]]>([
  [
    'a fold',
    obs
      .groupBy(o => ({ person_id: o.person_id }))
      .fold({ by: o => o.obs_datetime, start: 0, step: n => n + 1, emit: n => ({ n }) })
      .to('t') as never,
    [{ step: '.fold(…)' }],
  ],
  [
    'rows made of rows',
    obs.flatMap(o => [{ a: o.obs_id }]).to('t', { key: ['a'] }) as never,
    [{ step: '.flatMap(…)' }],
  ],
  [
    'a function that is not translated, by its step and expression',
    obs.filter(o => Math.log(o.value_numeric ?? 1) > 2).to('t') as never,
    [{ step: '.filter(…)', expression: 'Math.log(o.value_numeric ?? 1)' }],
  ],
  [
    'computing with a sum of doubles, which is only rounded at the end',
    obs
      .groupBy(o => ({ p: o.person_id }))
      .aggregate({ total: sum(o => o.value_numeric) })
      .filter(row => row.total! > 1)
      .to('t') as never,
    [{ step: '.filter(…)', expression: 'row.total' }],
  ],
  [
    'inputs of a union with different columns',
    obs
      .map(o => ({ a: o.obs_id }))
      .union(encounters.map(e => ({ b: e.encounter_id })) as never)
      .to('t', { key: ['a'] }) as never,
    [{ step: '.union(…)' }],
  ],
  [
    'a topic without a table',
    start.from({ ...openmrs.obs, name: 'other' }).to('t') as never,
    [{ step: 'from other' }],
  ],
])('%s is refused by name', (_, { plan }, reasons) => {
  expect(planSql(plan, tables)).toMatchObject(reasons)
})
