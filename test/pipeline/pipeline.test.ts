import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { topic } from '../../src/change/topic.js'
import { collect, count, last, sum } from '../../src/pipeline/aggregate.js'
import { type Pipeline, pipeline, type Rows } from '../../src/pipeline/pipeline.js'

interface Obs {
  obs_id: number
  encounter_id: number | null
  concept_id: number
  value: number | null
  price: string | null
  at: number
}
interface Encounter {
  encounter_id: number
  patient_id: number
}
const p = pipeline('p')
const obs = p.from(topic<Obs>('obs', z.custom<Obs>(), { key: ['obs_id'] }))
const encounters = p.from(topic<Encounter>('encounter', z.custom<Encounter>(), { key: ['encounter_id'] }))

type RowOf<T> = T extends Rows<infer R> ? R : T extends Pipeline<infer R> ? R : never

test('row types flow through every verb', () => {
  const grouped = obs.groupBy(o => ({ encounter_id: o.encounter_id }))
  const aggregated = grouped.aggregate({
    rows: count(),
    weight: last(o => o.value, { by: o => o.at, where: o => o.concept_id === 5089 }),
    total: sum(o => o.price),
    all: collect(o => ({ concept: o.concept_id, value: o.value }), { by: o => o.at }),
  })
  expectTypeOf<RowOf<typeof aggregated>>().toEqualTypeOf<{
    encounter_id: number | null
    rows: number
    weight: number | null
    total: string | null
    all: { concept: number; value: number | null }[]
  }>()
  const pivoted = grouped.pivot(o => o.concept_id, { weight: 5089 }, { value: o => o.value, by: o => o.at })
  expectTypeOf<RowOf<typeof pivoted>>().toEqualTypeOf<{
    encounter_id: number | null
    weight: number | null
  }>()
  const latest = grouped.latest({ by: o => o.at }).window(o => o.at, { size: '1d' })
  expectTypeOf<RowOf<typeof latest>['window_start']>().toEqualTypeOf<number>()
  expectTypeOf<RowOf<typeof latest>['price']>().toEqualTypeOf<string | null>()
  const folded = grouped.fold({
    by: o => o.at,
    start: { total: 0 },
    step: (state, o) => ({ total: state.total + (o.value ?? 0) }),
    emit: (state, o) => ({ obs_id: o.obs_id, total: state.total }),
  })
  expectTypeOf<RowOf<typeof folded>>().toEqualTypeOf<{ obs_id: number; total: number }>()
  const derived = obs
    .derive({ twice: o => (o.value ?? 0) * 2, value: o => String(o.value) })
    .select('twice', 'value')
  expectTypeOf<RowOf<typeof derived>>().toEqualTypeOf<{ twice: number; value: string }>()
})

test('a left join calls with null, an inner join does not', () => {
  const on = (o: Obs): number | null => o.encounter_id
  const inner = obs.join(encounters, { on, to: e => e.encounter_id }, (o, e) => ({
    id: o.obs_id,
    patient: e.patient_id,
  }))
  const left = obs.join(encounters, { on, to: e => e.encounter_id, kind: 'left' }, (o, e) => {
    expectTypeOf(e).toEqualTypeOf<Encounter | null>()
    return { id: o.obs_id, patient: e?.patient_id ?? null }
  })
  expectTypeOf<RowOf<typeof inner>>().toEqualTypeOf<{ id: number; patient: number }>()
  expectTypeOf<RowOf<typeof left>>().toEqualTypeOf<{ id: number; patient: number | null }>()
})

test.each<[string, () => unknown]>([
  [
    'a join',
    () => obs.join(encounters, { on: o => o.encounter_id, to: e => e.encounter_id }, o => o).to('out'),
  ],
  [
    'a union',
    () =>
      obs
        .union(obs)
        .filter(o => o.value !== null)
        .to('out'),
  ],
  ['flatMap', () => obs.flatMap(o => [o]).to('out')],
  ['an empty key', () => obs.to('out', { key: [] })],
])('the output of %s without a key is refused with what to add', (_, build) => {
  expect(build).toThrow(
    expect.objectContaining({
      code: 'pipeline-invalid',
      message: expect.stringContaining(".to('out', { key: ["),
    }),
  )
})

test('what groups after a join gives the key', () => {
  const joined = obs.join(encounters, { on: o => o.encounter_id, to: e => e.encounter_id }, o => o)
  const { plan } = joined
    .groupBy(o => ({ concept_id: o.concept_id }))
    .aggregate({ rows: count() })
    .map(row => ({ rows: row.rows }))
    .to('out')
  expect(plan.key).toBe(null)
})

test.each<[string, () => unknown]>([
  ['.filter(…)', () => obs.filter('value' as never)],
  ['.map(…)', () => obs.map(undefined as never)],
  ['.derive({ x: … })', () => obs.derive({ x: 1 as never })],
  ['.groupBy(…)', () => obs.groupBy({ a: 1 } as never)],
  ['.latest({ by: … })', () => obs.groupBy(o => ({ id: o.obs_id })).latest(undefined as never)],
  ['.fold(…)', () => obs.groupBy(o => ({ id: o.obs_id })).fold({ start: 0 } as never)],
  ['.aggregate({ x: … })', () => obs.groupBy(o => ({ id: o.obs_id })).aggregate({ x: 1 as never })],
])('%s without its function is refused where it is written', (step, build) => {
  expect(build).toThrow(
    expect.objectContaining({
      code: 'option-invalid',
      message: expect.stringContaining(`in ${step}, found`),
    }),
  )
})

test.each([
  ['first', {}],
  ['last', undefined],
  ['collect', { where: () => true }],
])(
  '%s without an order is refused, for its result would depend on what arrived first',
  async (kind, options) => {
    const aggregates = (await import('../../src/pipeline/aggregate.js')) as unknown as Record<
      string,
      (value: () => number, options: unknown) => unknown
    >
    expect(() => aggregates[kind]!(() => 1, options)).toThrow(`${kind}(…) needs an order`)
  },
)
