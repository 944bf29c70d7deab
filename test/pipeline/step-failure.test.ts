import { spawnSync } from 'node:child_process'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { connect } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { type Pipeline, pipeline, type Rows } from '../../src/pipeline/pipeline.js'
import { Thrown } from '../../src/pipeline/step-failure.js'
import { validate } from '../../src/validate.js'

const fail = (value: unknown): never => {
  throw new TypeError(`value ${value} of a patient\n    at /secret/${value}.ts:1:1`)
}
const visits = pipeline('failing').from(openmrs.visit)
const failing: [string, Pipeline<object>][] = [
  ['.filter(…)', visits.filter(v => fail(v.patient_id)).to('out')],
  [
    '.groupBy(…)',
    visits
      .groupBy(v => fail(v.patient_id))
      .aggregate({ n: count() })
      .to('out'),
  ],
  [
    '.aggregate({ n: … })',
    visits
      .groupBy(v => ({ patient_id: v.patient_id }))
      .aggregate({ n: count({ where: v => fail(v.patient_id) }) })
      .to('out'),
  ],
  [
    '.aggregate({ newest: … })',
    visits
      .groupBy(v => ({ patient_id: v.patient_id }))
      .aggregate({ newest: last(v => fail(v.patient_id), { by: v => v.visit_id }) })
      .to('out'),
  ],
]

async function errorOf(run: () => Promise<unknown>): Promise<ObslabError> {
  const error = await run().catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(ObslabError)
  return error as ObslabError
}

test.each(failing)(
  'what a function of %s throws is told with its place, and none of its message',
  async (step, one) => {
    const lab = await connect()
    for (const run of [
      () => lab.preview(one, { onError: 'stop' }),
      () => validate(one, lab, { onError: 'stop' }),
    ]) {
      const error = await errorOf(run)
      expect(error).toMatchObject({
        code: 'pipeline-failed',
        position: {
          topic: 'dbserver1.openmrs.visit',
          partition: expect.any(Number),
          offset: expect.any(Number),
        },
      })
      expect(error.message).toContain(
        `A function of ${step} in the pipeline failing threw TypeError at test/pipeline/step-failure.test.ts:`,
      )
      expect(error.cause).toBeInstanceOf(Thrown)
      expect((error.cause as Thrown).error).toBeInstanceOf(TypeError)
      const printed = [
        error.stack,
        inspect(error),
        inspect(error, { customInspect: false, depth: 9, showHidden: true }),
      ]
      expect([...printed, String(error), JSON.stringify(error)].join()).not.toMatch(/of a patient|secret/)
    }
    await lab.close()
  },
)

test('an error that nobody catches prints nothing of what was thrown', () => {
  const script = `import { connect, openmrs, pipeline } from 'obslab'
    const lab = await connect()
    await lab.preview(pipeline('one').from(openmrs.visit).filter(v => { throw new Error('patient ' + v.patient_id) }).to('one'), { onError: 'stop' })`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(stderr).toContain('pipeline-failed')
  expect(stderr).not.toMatch(/patient \d/)
})

test.each([
  [
    'an object for who',
    visits.groupBy(v => ({ who: { id: v.patient_id } as never })).aggregate({ n: count() }),
  ],
  [
    'an object for at',
    visits.groupBy(v => ({ at: new Date(v.date_started) as never })).aggregate({ n: count() }),
  ],
  [
    'an array for all',
    visits
      .groupBy(v => ({ patient_id: v.patient_id }))
      .aggregate({ all: last(v => [v.visit_id] as never, { by: v => v.visit_id }) }),
  ],
  ['gave a number', visits.groupBy(v => v.patient_id as never).aggregate({ n: count() })],
])('what is no value of a column is refused with its step: %s', async (told, rows) => {
  const lab = await connect()
  const error = await errorOf(() => lab.preview((rows as Rows<object>).to('out'), { onError: 'stop' }))
  await lab.close()
  expect([error.code, error.message]).toEqual(['pipeline-failed', expect.stringContaining(told)])
})
