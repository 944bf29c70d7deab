import { expect, test } from 'vitest'
import type { Finding } from '../src/finding.js'
import { connect, type Lab } from '../src/lab.js'
import { openmrs } from '../src/openmrs/openmrs.js'
import { count } from '../src/pipeline/aggregate.js'
import { param } from '../src/pipeline/param.js'
import { pipeline } from '../src/pipeline/pipeline.js'
import { livePreview } from '../src/preview.js'
import type { Source } from '../src/source/source.js'
import { FakeClock } from './fake-clock.js'
import { GrowingSource } from './source/growing-source.js'

const perPatient = pipeline('per-patient')
  .from(openmrs.visit)
  .groupBy(visit => ({ patient_id: visit.patient_id }))
  .aggregate({ visits: count() })
  .to('per-patient')

const failing = pipeline('failing')
  .from(openmrs.visit)
  .map(visit => {
    if (visit.visit_id % 5 === 0) throw new TypeError(`visit ${visit.visit_id}`)
    return { visit_id: visit.visit_id }
  })
  .to('failing')

test('rows that a function fails on are told beside the frame, and the others are there', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const found: Finding[] = []
  const frame = await lab.preview(failing, { onFindings: findings => found.push(...findings) })
  const visits = (await lab.replay(openmrs.visit)).current()
  const failed = visits.filter(visit => visit.visit_id % 5 === 0).length
  expect(failed).toBeGreaterThan(1)
  expect(frame.length).toBe(visits.length - failed)
  expect(found.map(({ code }) => code)).toEqual(['rows-set-aside'])
  expect(found[0]!.sentence).toMatch(
    new RegExp(`^failing: ${failed} rows are left out, the first at dbserver1.openmrs.visit:0:\\d+,`),
  )
  expect(found[0]!.sentence).not.toMatch(/visit \d/)
  await expect(lab.preview(failing, { onError: 'stop' })).rejects.toMatchObject({ code: 'pipeline-failed' })
  await lab.close()
})

test('without rows left out nothing is told', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  let told = 0
  await lab.preview(perPatient, { onFindings: () => told++ })
  expect(told).toBe(0)
  await lab.close()
})

/** A recording of which all but the first twenty records come later, as a cluster's do. */
const growing = ({ source }: Lab): Source => new GrowingSource(source, () => 20)

test('a live preview goes on with what comes, and ends with what a preview of it all gives', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const live = await livePreview(growing(lab), perPatient, {}, new FakeClock())
  expect(live.changes).toBe(20)
  const before = live.frame()
  await live.ended
  const whole = await lab.preview(perPatient)
  expect(live.changes).toBe(61)
  expect(live.frame().csv()).toBe(whole.csv())
  expect(before.csv()).not.toBe(whole.csv())
  expect(live.text()).toMatch(/^per-patient · its source was closed · 61 changes · \d+ rows\n/)
  expect(live.mimeBundle()['text/html']).toContain('<table')
  await lab.close()
})

test('a live preview that is stopped keeps its rows and takes no more', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const live = await livePreview(growing(lab), perPatient, {}, new FakeClock())
  live.stop()
  await live.ended
  expect([live.state, live.changes]).toEqual(['stopped', 20])
  expect(live.frame().length).toBeGreaterThan(0)
  await lab.close()
})

test('a live preview tells of rows left out, and over a recording ends at once', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const live = await lab.preview(failing, { live: true })
  await live.ended
  expect(live.state).toBe('the recording ended')
  expect(live.text()).toContain('[rows-set-aside]')
  await lab.close()
})

test('a live preview ends by its signal as by stop()', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const controller = new AbortController()
  const live = await livePreview(growing(lab), perPatient, { signal: controller.signal }, new FakeClock())
  controller.abort()
  await live.ended
  expect(live.state).toBe('stopped')
  await lab.close()
})

const least = param('least', 1)
const early = pipeline('early')
  .from(openmrs.visit)
  .filter(visit => visit.visit_id <= least.value)
  .select('visit_id')
  .to('early')

test('a preview takes values of params, live too, and the next one has the defaults again', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const given = await lab.preview(early, { params: { least: 3 } })
  const [empty, none] = [await lab.preview(early, { params: {} }), await lab.preview(early)]
  expect([given.length, empty.length, none.length]).toEqual([3, 1, 1])
  const live = await livePreview(growing(lab), early, { params: { least: 7 } }, new FakeClock())
  await live.ended
  expect(live.frame().length).toBe(7)
  await expect(lab.preview(early, { params: { most: 3 } })).rejects.toThrow(
    'There is no param most in the pipeline. It has least.',
  )
  await expect(lab.preview(early, { params: { least: '3' } })).rejects.toMatchObject({
    code: 'option-invalid',
  })
  await lab.close()
})
