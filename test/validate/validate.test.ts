import { expect, test } from 'vitest'
import { connect } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { count } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { validate } from '../../src/validate/validate.js'

test('a function that does not depend on its row alone is an error with what differs', async () => {
  let calls = 0
  const impure = pipeline('impure')
    .from(openmrs.visit)
    .groupBy(visit => ({ location_id: visit.location_id as number }))
    .aggregate({ visits: count({ where: () => calls++ % 2 === 0 }) })
    .to('impure')
  const lab = await connect()
  const validation = await validate(impure, lab)
  expect(validation.ok).toBe(false)
  expect(validation.findings.map(({ code }) => code)).toEqual(['parity-broken'])
  expect(validation.text()).toContain(
    'A function of the pipeline does not depend on its row alone. [parity-broken]',
  )
  await lab.close()
})

test('the output that was checked is what preview gives', async () => {
  const lab = await connect()
  const { output, rows } = await validate(vitals, lab)
  const preview = await lab.preview(vitals)
  expect(rows).toBeGreaterThan(1000)
  expect(output.length).toBe(rows)
  expect(output.csv()).toBe(preview.csv())
  expect(output.columns.map(({ name, kind }) => [name, kind])).toEqual(
    preview.columns.map(({ name, kind }) => [name, kind]),
  )
  await lab.close()
})
