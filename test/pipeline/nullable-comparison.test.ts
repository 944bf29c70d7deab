import { expect, test } from 'vitest'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { count, last, max } from '../../src/pipeline/aggregate.js'
import { checkFunctions } from '../../src/pipeline/check-functions.js'
import { isNullable, nullableComparisons } from '../../src/pipeline/nullable-comparison.js'
import { pipeline } from '../../src/pipeline/pipeline.js'

interface AnyRow {
  x: number | null
  y: number
  list: number[]
}

const nullable = [(column: string) => column === 'x']

test.each<[string, (row: AnyRow) => unknown, string]>([
  ['below', row => row.x! < 100, 'row.x < 100'],
  ['above', row => row.y > row.x!, 'row.y > row.x'],
  ['in a callback', row => row.list.some(one => one >= row.x!), 'one >= row.x'],
  ['behind a test of something else', row => row.y !== null && row.x! < 5, 'row.x < 5'],
  ['where it is null', row => (row.x === null ? row.x! < 5 : false), 'row.x < 5'],
  ['behind or', row => row.x !== null || row.x! < 5, 'row.x < 5'],
  ['of a constant', ({ x }) => x! < 5, 'x < 5'],
  [
    'after a test that does not leave',
    row => {
      let low = 0
      if (row.x === null) low = 1
      return row.x! < low
    },
    'row.x < low',
  ],
])('%s, a nullable column that is compared is found', (_, given, expression) => {
  expect(nullableComparisons(given, nullable).map(finding => finding.expression)).toEqual([expression])
})

test.each<[string, (row: AnyRow) => unknown]>([
  ['by !== null &&', row => row.x !== null && row.x < 5],
  ['by != null', row => row.x != null && row.y > 1 && row.x < 5],
  ['by === null ||', row => row.x === null || row.x < 5],
  ['by ?:', row => (row.x === null ? 0 : row.x > 5)],
  ['by its truth', row => row.x && row.x < 5],
  ['by not', row => !(row.x === null || row.y === 0) && row.x < 5],
  ['by ??', row => (row.x ?? 0) < 5],
  ['by typeof', row => typeof row.x === 'number' && row.x < 5],
  ['by Number.isFinite', row => Number.isFinite(row.x) && row.x! < 5],
  [
    'by an early return',
    row => {
      if (row.x === null) return false
      return row.x < 5
    },
  ],
  [
    'by an early return of an alias',
    row => {
      const { x } = row
      if (x == null) {
        return false
      }
      const low = x < 5
      return low
    },
  ],
  ['by a test around a callback', row => row.x !== null && row.list.some(one => one < row.x!)],
  ['by being another column', row => row.y < 5],
])('%s, a comparison is no finding', (_, given) => {
  expect(nullableComparisons(given, nullable)).toEqual([])
})

const obs = pipeline('n').from(openmrs.obs)

test.each<[string, { plan: { root: Parameters<typeof isNullable>[0] } }, string, boolean]>([
  ['as the topic says', obs.to('t'), 'value_numeric', true],
  ['as the topic says', obs.to('t'), 'concept_id', false],
  ['not after a filter', obs.filter(o => o.value_numeric !== null).to('t'), 'value_numeric', false],
  ['as in what a map gives', obs.map(o => ({ v: o.value_numeric })).to('t'), 'v', true],
  ['not where a map computes it', obs.map(o => ({ v: (o.value_numeric ?? 0) + 1 })).to('t'), 'v', false],
  ['as in what derive passes on', obs.derive({ v: o => o.obs_id }).to('t'), 'value_numeric', true],
  [
    'where it is the last value of a group',
    obs
      .groupBy(o => ({ p: o.person_id }))
      .aggregate({ v: last(o => o.obs_id, { by: o => o.obs_id }) })
      .to('t'),
    'v',
    true,
  ],
  [
    'not where it is a count',
    obs
      .groupBy(o => ({ p: o.person_id }))
      .aggregate({ v: count() })
      .to('t'),
    'v',
    false,
  ],
  [
    'of the other row of a left join',
    obs
      .join(
        pipeline('n').from(openmrs.encounter),
        { kind: 'left', on: o => o.encounter_id, to: e => e.encounter_id },
        (o, e) => ({
          id: o.obs_id,
          type: e?.encounter_type ?? null,
          at: e?.encounter_datetime,
        }),
      )
      .to('t', { key: ['id'] }),
    'at',
    true,
  ],
])('a column is nullable %s', (_, { plan }, column, expected) => {
  expect(isNullable(plan.root, column)).toBe(expected)
})

test('a plan is checked step by step, and each finding names step, expression and cure', () => {
  const { plan } = obs
    .filter(o => o.value_numeric! < 100)
    .groupBy(o => ({ person_id: o.person_id }))
    .aggregate({ top: max(o => o.value_numeric) })
    .filter(row => row.top! > Date.now())
    .to('t')
  expect(
    checkFunctions(plan).map(({ code, step, expression, severity }) => ({
      code,
      step,
      expression,
      severity,
    })),
  ).toEqual([
    {
      code: 'comparison-of-null',
      step: '.filter(…)',
      expression: 'o.value_numeric < 100',
      severity: 'warning',
    },
    { code: 'function-clock', step: '.filter(…)', expression: 'Date.now()', severity: 'error' },
    {
      code: 'comparison-of-null',
      step: '.filter(…)',
      expression: 'row.top > Date.now()',
      severity: 'warning',
    },
  ])
  expect(checkFunctions(plan)[0]?.sentence).toBe(
    '`o.value_numeric < 100` in .filter(…) of the pipeline n compares a column that may be null, and null counts as 0 ' +
      'there: null < 100 is true. Ask for null first: x !== null && x < 100.',
  )
})

test('the vitals have nothing to be found', async () => {
  const { vitals } = await import('../../src/openmrs/vitals.js')
  expect(checkFunctions(vitals.plan)).toEqual([])
})
