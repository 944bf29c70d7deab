import { inspect } from 'node:util'
import { expect, expectTypeOf, test } from 'vitest'
import type { Row } from '../../src/change/column-type.js'
import { count, mean } from '../../src/frame/aggregate.js'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'
import { desc } from '../../src/frame/sort.js'

interface Obs {
  obs_id: number
  concept_id: number
  value: number | null
}

const obs = Frame.from<Obs>([
  { obs_id: 3, concept_id: 5089, value: 70.5 },
  { obs_id: 1, concept_id: 5090, value: null },
  { obs_id: 2, concept_id: 5089, value: 64 },
])

/** The same, as a frame of which the types say nothing. */
const loose: Frame = Frame.fromColumns(obs.columns)

test('rows come back as they were given, with a name missing in a row as null', () => {
  const rows = [{ a: 1 }, { a: 2, b: 'x' }, { b: 'y' }] as Row[]
  expect(Frame.from(rows).rows()).toEqual([
    { a: 1, b: null },
    { a: 2, b: 'x' },
    { a: null, b: 'y' },
  ])
  expect(Frame.from(rows).rows({ limit: 1 })).toEqual([{ a: 1, b: null }])
  expect(Frame.from(rows).row(1)).toEqual({ a: 2, b: 'x' })
  expect([...Frame.from(rows)]).toHaveLength(3)
})

test('no rows make an empty frame', () => {
  expect([Frame.from([]).length, Frame.from([]).names]).toEqual([0, []])
  expect(Frame.from<Obs>([], { obs_id: 'int', value: 'double' }).names).toEqual(['obs_id', 'value'])
})

test('the kinds given are used', () => {
  expect(Frame.from([{ t: 1 }], { t: 'timestamp' }).column('t').kind).toBe('timestamp')
})

test('columns of different lengths, or with one name, are refused', () => {
  expect(() => Frame.fromColumns([columnOf('a', [1]), columnOf('b', [1, 2])])).toThrow(
    "Columns of a frame have one length: 'a' has 1 rows, 'b' has 2.",
  )
  expect(() => Frame.fromColumns([columnOf('a', [1]), columnOf('a', [1])])).toThrow(
    "Two columns are named 'a'",
  )
})

test('a column that is not there is an error that names the nearest', () => {
  expect(() => loose.column('concept')).toThrow("There is no column 'concept'. Did you mean 'concept_id'?")
  expect(() => loose.select('vlaue')).toThrow("Did you mean 'value'?")
  expect(() => loose.sort('x')).toThrow('The columns are obs_id, concept_id, value.')
})

test('verbs give new frames and leave the old one as it was', () => {
  const before = obs.rows()
  obs
    .sort('obs_id')
    .filter(row => row.value !== null)
    .select('value')
  expect(obs.rows()).toEqual(before)
})

test('select, head, sort, filter and distinct do what they say', () => {
  expect(obs.select('value', 'obs_id').row(0)).toEqual({ value: 70.5, obs_id: 3 })
  expect(obs.head(2)).toHaveLength(2)
  expect(obs.sort('concept_id', desc('obs_id')).column('obs_id').toArray()).toEqual([3, 2, 1])
  expect(obs.filter(row => row.value !== null && row.value > 65).rows()).toEqual([obs.row(0)])
  expect(obs.distinct('concept_id').column('concept_id').toArray()).toEqual([5089, 5090])
  expect(obs.concat(obs).distinct().rows()).toEqual(obs.rows())
})

test('derive adds columns, replaces those of the same name in place, and types them', () => {
  const derived = obs.derive({
    double: row => (row.value === null ? null : row.value * 2),
    value: row => `${row.value}`,
  })
  expect(derived.names).toEqual(['obs_id', 'concept_id', 'value', 'double'])
  expect(derived.rows()[2]).toEqual({ obs_id: 2, concept_id: 5089, value: '64', double: 128 })
  expectTypeOf(derived.row(0).double).toEqualTypeOf<number | null>()
  expectTypeOf(derived.row(0).value).toEqualTypeOf<string>()
})

test('a group has one row for each key, with the aggregates typed', () => {
  const groups = obs.groupBy('concept_id').aggregate({ n: count(), average: mean('value') })
  expect(groups.rows()).toEqual([
    { concept_id: 5089, n: 2, average: 67.25 },
    { concept_id: 5090, n: 1, average: null },
  ])
  expectTypeOf(groups.row(0)).toEqualTypeOf<
    Pick<Obs, 'concept_id'> & { readonly n: number; readonly average: number | null }
  >()
})

test('a join types its rows, and a frame of one row type passes where any frame does', () => {
  const concepts = Frame.from([{ concept_id: 5089, value: 'weight' }])
  const joined = obs.join(concepts, { on: ['concept_id'], how: 'left', suffix: '_name' })
  expect(joined.row(0)).toEqual({ obs_id: 3, concept_id: 5089, value: 70.5, value_name: 'weight' })
  expectTypeOf(joined.row(0).value_name).toEqualTypeOf<string | null>()
  expectTypeOf<Frame<{ obs_id: number; value: number | null }>>().toExtend<Frame>()
  expectTypeOf<Frame<Obs>>().toExtend<Frame<{ obs_id: number }>>()
})

test('a derived column is sensitive exactly when its function read a sensitive one', () => {
  const people = Frame.fromColumns<{ id: number; name: string; city: string }>([
    columnOf('id', [1, 2]),
    columnOf('name', ['Amina', 'Otieno'], { sensitive: true }),
    columnOf('city', ['Kisumu', null]),
  ])
  const derived = people.derive({
    initial: row => row.name[0] ?? null,
    seldom: row => (row.id === 2 ? row.name : ''),
    place: row => row.city,
    spread: row => Object.values({ ...row }).length,
  })
  expect(derived.columns.filter(column => column.sensitive).map(column => column.name)).toEqual([
    'name',
    'initial',
    'seldom',
    'spread',
  ])
  expect(derived.declassify('initial').column('initial').sensitive).toBe(false)
  expect(derived.groupBy('name').aggregate({ n: count() }).column('name').sensitive).toBe(true)
  expect(people.concat(people.declassify('name')).column('name').sensitive).toBe(true)
})

test('a row handed to a function looks like a plain row: it can be spread, listed and kept', () => {
  const kept: Obs[] = []
  obs.filter(row => {
    expect({ ...row }).toEqual(obs.row(kept.length))
    expect(Object.keys(row)).toEqual(['obs_id', 'concept_id', 'value'])
    expect('value' in row && !('nothing' in row)).toBe(true)
    expect(JSON.parse(JSON.stringify(row))).toEqual(obs.row(kept.length))
    return kept.push(row)
  })
  expect(kept.map(row => row.obs_id)).toEqual([3, 1, 2])
})

test('a function that asks a row for a column that is not there, or sets one, gets an error', () => {
  expect(() => loose.filter(row => row.concpt_id === 1)).toThrow("Did you mean 'concept_id'?")
  expect(() =>
    obs.filter(row => {
      row.value = 0
      return true
    }),
  ).toThrow("Rows of a frame cannot be changed: derive a column instead of setting 'value'.")
})

test('a frame prints as its text, a row handed to a function prints masked', () => {
  expect(inspect(obs)).toBe(obs.text())
  const secret = Frame.fromColumns<{ name: string }>([columnOf('name', ['Amina'], { sensitive: true })])
  secret.filter(row => {
    expect(inspect(row)).toBe('{ name: ••• }')
    return true
  })
})
