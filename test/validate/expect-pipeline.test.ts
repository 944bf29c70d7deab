import { expect, test } from 'vitest'
import { connect } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { count } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { expectPipeline } from '../../src/validate/expect-pipeline.js'
import { perBox, readings } from './log.js'

const given = expectPipeline(perBox).given({
  readings: [
    { id: 1, box: 1, at: 1, value: 5 },
    { id: 2, box: 1, at: 2, value: 6 },
    { op: 'u', after: { id: 2, box: 2, at: 2, value: 7 } },
    { id: 3, box: 3, at: 1, value: 1 },
    { op: 'd', key: { id: 3 } },
  ],
})

test('rows in, rows out: changes, deletes and moves, in any order of the rows expected', () => {
  given.toGive([
    { box: 2, readings: 1, newest: 7 },
    { box: 1, newest: 5 },
  ])
  expect(given.rows()).toEqual([
    { box: 1, readings: 1, newest: 5 },
    { box: 2, readings: 1, newest: 7 },
  ])
})

test.each([
  ['a row too few', [{ box: 1 }], '0 expected (-) and not given, 1 given (+) and not expected:\n+ {"box":2,'],
  ['a row too many', [{ box: 1 }, { box: 2 }, { box: 3 }], '1 expected (-) and not given, 0 given'],
  [
    'another value',
    [{ box: 1, newest: 6 }, { box: 2 }],
    '- {"box":1,"newest":6}\n+ {"box":1,"readings":1,"newest":5}',
  ],
])('%s is an Error that shows the difference', (_, expected, told) => {
  expect(() => given.toGive(expected)).toThrow(told)
})

test('what is given is valid however it comes', async () => {
  await given.toBeValid()
})

test('a function that depends on its calls is not', async () => {
  let calls = 0
  const impure = pipeline('impure')
    .from(readings)
    .groupBy(row => ({ box: row.box }))
    .aggregate({ some: count({ where: () => calls++ % 3 === 0 }) })
    .to('impure')
  const rows = [1, 2, 3, 4, 5].map(id => ({ id, box: 1, at: id, value: id }))
  await expect(expectPipeline(impure).given({ readings: rows }).toBeValid()).rejects.toThrow(
    /changes? shows? it/,
  )
})

test('a row that a function fails on is an Error that names the function', () => {
  const failing = pipeline('failing')
    .from(readings)
    .map(row => ({ id: row.id, when: (row.value as unknown as { at: { ms: number } }).at.ms }))
    .to('failing')
  const rows = expectPipeline(failing).given({ readings: [{ id: 1, value: null }] })
  expect(() => rows.rows()).toThrow(/`.*at\.ms.*` in \.map\(…\) fails on it/)
})

test('columns that a test does not name are null', () => {
  const names = pipeline('names')
    .from(openmrs.person_name)
    .select('person_id', 'given_name')
    .to('names', { key: ['person_id'] })
  const { person_name_id } = { person_name_id: 1 }
  expectPipeline(names)
    .given({ person_name: [{ person_name_id, person_id: 7 }] })
    .toGive([{ person_id: 7, given_name: null }])
})

test.each([
  [{ reading: [] }, 'option-invalid', 'does not read reading'],
  [{ readings: [{ box: 1 }] }, 'key-missing', 'has no id'],
  [{ readings: 5 }, 'option-invalid', 'Expected a list'],
])('%j is told: %s', (topics, code, told) => {
  const error = (() => {
    try {
      expectPipeline(perBox).given(topics as never)
    } catch (caught) {
      return caught as { code: string; message: string }
    }
    throw new Error('nothing was thrown')
  })()
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(told)])
})

test('over a recording a pipeline is validated, and what is wrong is the message', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  await expectPipeline(vitals).over(lab).toBeValid()
  const late = pipeline('late')
    .from(openmrs.visit)
    .filter(visit => visit.date_started < Date.now())
    .to('late')
  await expect(expectPipeline(late).over(lab).toBeValid()).rejects.toThrow(
    /late is not valid\.\nerror: `Date\.now\(\)`/,
  )
  await expectPipeline(late)
    .over(lab)
    .toBeValid({ allow: ['function-clock'] })
  await lab.close()
})

test('what is neither a lab nor the path of a fixture is told', async () => {
  expect(() => expectPipeline(perBox).over(7 as never)).toThrow('Expected a lab')
  await expect(expectPipeline(perBox).over('/nowhere.json').toBeValid()).rejects.toMatchObject({
    code: 'option-invalid',
  })
  await expect(expectPipeline(perBox).over('package.json').toBeValid()).rejects.toMatchObject({
    code: 'option-invalid',
  })
})
