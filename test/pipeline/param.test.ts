import { expect, test } from 'vitest'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { Engine } from '../../src/pipeline/engine.js'
import { rowText } from '../../src/pipeline/output.js'
import { bindParams, param, readParams, withParams } from '../../src/pipeline/param.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { paramsOf } from '../../src/pipeline/plan-params.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { rowChange } from './legal-changes.js'
import { items } from './running.js'

const limit = param('limit', 5)
const unit = param('unit', 'kg')

test('a param has its default, and the value of a run while that goes on', () => {
  const values = bindParams([limit, unit], { limit: 7 })
  expect(limit.value).toBe(5)
  expect(withParams(values, () => [limit.value, unit.value])).toEqual([7, 'kg'])
  expect(limit.value).toBe(5)
})

test('the value of a run ends with it when it throws', () => {
  const values = bindParams([limit], { limit: 7 })
  const run = (): never => {
    throw new Error('stop')
  }
  expect(() => withParams(values, run)).toThrow('stop')
  expect(limit.value).toBe(5)
})

test.each<[string, () => unknown, string]>([
  ['a name that is none', () => param('a b', 1), "found 'a b'"],
  ['a value that is none', () => param('a', {} as never), 'found an object'],
  [
    'a param that is not there',
    () => bindParams([limit], { least: 1 }),
    'There is no param least in the pipeline. It has limit.',
  ],
  [
    'a value of another type',
    () => bindParams([limit], { limit: 'high' }),
    'expected a number as its default is',
  ],
  ['two params of one name', () => bindParams([limit, param('limit', 6)]), 'two params named limit'],
])('%s is refused', (_, make, message) => {
  expect(make).toThrow(message)
})

const limits = { upper: param('upper', 10) }
const isLow = (x: number): boolean => x < limit.value

test('a plan knows the params that its functions read, by way of objects and other functions too', () => {
  const { plan } = pipeline('p')
    .from(openmrs.obs)
    .filter(o => isLow(o.obs_id))
    .map(o => ({ id: o.obs_id, unit: unit.value, isHigh: o.obs_id > limits.upper.value }))
    .to('t')
  expect(paramsOf(plan).map(({ name }) => name)).toEqual(['limit', 'unit', 'upper'])
})

const step = param('step', 1)
const folded = pipeline('folded')
  .from(items('a'))
  .filter(row => (row.value ?? 0) >= limit.value)
  .groupBy(row => ({ box: row.box }))
  .fold({
    by: row => row.at,
    start: 0,
    step: sum => sum + step.value,
    emit: (sum, row) => ({ id: row.id, sum }),
  })
  .to('folded')

test('an engine and a recomputation run with the values of their plan, and others at the same time with theirs', () => {
  const rows = [4, 5, 6].map(id => ({ id, box: 1, at: id, value: id, note: null, voided: 0 }))
  const run = (values: Record<string, number>): string[] => {
    const plan = { ...folded.plan, params: bindParams(paramsOf(folded.plan), values) }
    const engine = new Engine(plan)
    engine.apply(rows.map((after, offset) => rowChange({ topic: 'a', offset, key: { id: after.id }, after })))
    const written = engine.flush().map(({ rowText }) => rowText!)
    const recomputed = recompute(plan, () => rows)
    expect(written).toEqual(recomputed.map(({ row }) => rowText(row!)))
    return written
  }
  expect(withParams(bindParams([limit], { limit: 9 }), () => run({}))).toEqual([
    '{"id":5,"sum":1}',
    '{"id":6,"sum":2}',
  ])
  expect(run({ limit: 6, step: 10 })).toEqual(['{"id":6,"sum":10}'])
})

test.each<[string, Parameters<typeof param>[1], string, unknown]>([
  ['a number', 5, '38.5', 38.5],
  ['a negative number', 5, '-1e3', -1000],
  ['a bigint', 5n, '9007199254740993', 9007199254740993n],
  ['a boolean', true, 'false', false],
  ['text that looks like a number', 'kg', '7', '7'],
  ['text that is empty', 'kg', '', ''],
  ['a number for null', null, '7', 7],
  ['text for null', null, 'kg', 'kg'],
  ['null for null', null, 'null', null],
])('%s is read as its default is', (_, value, text, expected) => {
  expect(readParams([param('p', value)], { p: text })).toEqual({ p: expected })
})

test.each<[string, Parameters<typeof param>[1], Record<string, string>, string]>([
  ['text for a number', 5, { p: 'high' }, "Param p: expected a number as its default is, found 'high'."],
  ['nothing for a number', 5, { p: '' }, 'expected a number'],
  ['true for a number', 5, { p: 'true' }, 'expected a number'],
  ['a fraction for a bigint', 5n, { p: '1.5' }, 'expected a bigint'],
  ['a number for a boolean', true, { p: '1' }, 'expected a boolean'],
  ['a param that is not there', 5, { least: '1' }, 'There is no param least in the pipeline. It has p.'],
])('%s is no value of a param', (_, value, texts, message) => {
  expect(() => readParams([param('p', value)], texts)).toThrow(message)
})
