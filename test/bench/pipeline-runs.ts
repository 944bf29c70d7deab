import type { RowChange } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { hivSummary } from '../../src/openmrs/hiv-summary.js'
import type { ObsRow } from '../../src/openmrs/obs.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { collect, count, last, sum } from '../../src/pipeline/aggregate.js'
import { Engine } from '../../src/pipeline/engine.js'
import { keyText, rowText } from '../../src/pipeline/output.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { type Plan, planTopics } from '../../src/pipeline/plan.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { IvmPipeline } from '../pipeline/db-ivm.js'
import { IvmGroups } from './db-ivm.js'
import { GeneratedLife, lifeTables } from './generated-life.js'
import { laterOf, PlainVitals, vitalsOf } from './plain-vitals.js'

/** One group that takes every obs: all rows have one status. */
const hot = pipeline('hot')
  .from(openmrs.obs)
  .groupBy(o => ({ status: o.status }))
  .aggregate({
    obs: count(),
    total: sum(o => o.value_numeric),
    newest: last(o => o.value_numeric, { by: o => o.obs_datetime }),
  })
  .to('hot')

const documents = pipeline('documents')

/** What `flat_obs` is at its core: the obs of an encounter, the encounter and the person. */
const threeWay = documents
  .from(openmrs.encounter)
  .join(documents.from(openmrs.person), { on: e => e.patient_id, to: p => p.person_id }, (e, p) => ({
    encounter_id: e.encounter_id,
    encounter_type: e.encounter_type,
    encounter_datetime: e.encounter_datetime,
    person_id: p.person_id,
    gender: p.gender,
  }))
  .join(
    documents
      .from(openmrs.obs)
      .filter(o => o.encounter_id !== null)
      .groupBy(o => ({ encounter_id: o.encounter_id as number }))
      .aggregate({
        obs: collect(o => ({ obs_id: o.obs_id, concept_id: o.concept_id, value: o.value_numeric }), {
          by: o => o.obs_id,
        }),
      }),
    { on: e => e.encounter_id, to: o => o.encounter_id },
    (e, o) => ({ ...e, obs: o.obs }),
  )
  .to('documents', { key: ['encounter_id'] })

/** What is measured. */
export const plans: Readonly<Record<'vitals' | 'documents' | 'flat-obs' | 'hiv-summary' | 'hot', Plan>> = {
  vitals: vitals.plan,
  documents: threeWay.plan,
  'flat-obs': flatObs.plan,
  'hiv-summary': hivSummary.plan,
  hot: hot.plan,
}

/** The tables that a plan reads. */
export function tablesOf({ root }: Plan): (keyof typeof lifeTables)[] {
  return planTopics(root).map(({ topic }) => topic as keyof typeof lifeTables)
}

/** Generated changes of the tables that a plan reads, in batches: they are made as they are asked for. */
export function* batches(plan: Plan, changes: number, every: number): Generator<RowChange[]> {
  const life = new GeneratedLife().changes(tablesOf(plan))
  for (let at = 0; at < changes; at += every) {
    yield Array.from({ length: Math.min(every, changes - at) }, () => life.next().value)
  }
}

/** A way to keep an output up, batch by batch. */
export interface Run {
  take(changes: readonly RowChange[]): unknown
  /** What the output holds: encoded key to encoded row. */
  written(): ReadonlyMap<string, string>
}

/** Ours. */
export class EngineRun implements Run {
  readonly #engine: Engine

  constructor(plan: Plan) {
    this.#engine = new Engine(plan)
  }

  take(changes: readonly RowChange[]): void {
    this.#engine.apply(changes)
    this.#engine.flush()
  }

  written(): ReadonlyMap<string, string> {
    return this.#engine.output
  }
}

/** The newest row of each key, in memory. */
export class CurrentRows {
  readonly tables: Map<string, Map<unknown, Row>> = new Map()

  constructor(plan: Plan) {
    for (const table of tablesOf(plan)) this.tables.set(table, new Map())
  }

  take(changes: readonly RowChange[]): void {
    for (const { topic, after } of changes) {
      this.tables.get(topic)!.set(after![lifeTables[topic as keyof typeof lifeTables]], after!)
    }
  }
}

/** Everything again from the current rows, after each batch. */
export class RecomputeRun implements Run {
  readonly #plan: Plan
  readonly #rows: CurrentRows
  #output: ReturnType<typeof recompute> = []

  constructor(plan: Plan) {
    this.#plan = plan
    this.#rows = new CurrentRows(plan)
  }

  take(changes: readonly RowChange[]): void {
    this.#rows.take(changes)
    this.#output = recompute(this.#plan, topic => this.#rows.tables.get(topic)!.values())
  }

  written(): ReadonlyMap<string, string> {
    return new Map(this.#output.map(({ key, row }) => [keyText(key), rowText(row!)]))
  }
}

/** The ways to keep up what each plan says. */
export const runs: Readonly<Record<keyof typeof plans, Ways>> = {
  vitals: {
    ...ways('vitals'),
    ivm: () =>
      new IvmGroups(
        ({ encounter_id }) => encounter_id !== null,
        ({ encounter_id, person_id }) => ({ encounter_id, person_id }),
        vitalsOf,
      ),
    plain: () => new PlainVitals(),
  },
  documents: ways('documents'),
  'flat-obs': ways('flat-obs'),
  'hiv-summary': ways('hiv-summary'),
  hot: {
    ...ways('hot'),
    ivm: () =>
      new IvmGroups(
        () => true,
        ({ status }) => ({ status }),
        hotOf,
      ),
  },
}

/** What makes a {@link Run}, each time from nothing. */
export interface Ways {
  ours: () => Run
  recompute: () => Run
  /** By @tanstack/db-ivm. */
  ivm: () => Run
  /** By thirty lines of JavaScript. */
  plain?: () => Run
}

function ways(name: keyof typeof plans): Ways {
  return {
    ours: () => new EngineRun(plans[name]),
    recompute: () => new RecomputeRun(plans[name]),
    ivm() {
      const ivm = new IvmPipeline(plans[name])
      return { take: changes => ivm.apply(changes), written: () => ivm.written() }
    },
  }
}

function hotOf(obs: readonly ObsRow[]): object {
  const total = obs.reduce((sum, { value_numeric }) => sum + (value_numeric ?? 0), 0)
  const newest = obs.reduce(laterOf, null)!.value_numeric
  return { status: obs[0]!.status, obs: obs.length, total, newest }
}
