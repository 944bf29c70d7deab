import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { connect } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import type { Accumulator } from '../../src/pipeline/accumulator.js'
import { count, countDistinct, max, sum } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { expectPipeline } from '../../src/validate/expect-pipeline.js'
import { validate } from '../../src/validate.js'

// Defects that aggregates of an engine have in practice, put into three kinds that pipelines below use.
vi.mock(import('../../src/pipeline/accumulator.js'), async original => {
  const { accumulator } = await original()
  return {
    accumulator(kind) {
      const right = accumulator(kind)
      const bent: Accumulator = {
        add: part => right.add(part),
        remove: part => right.remove(part),
        value: () => right.value(),
      }
      // Forgets to take back what has gone.
      if (kind === 'countDistinct') bent.remove = () => {}
      // Keeps the greatest there ever was.
      let greatest: number | null = null
      if (kind === 'max') {
        bent.value = () => {
          const value = right.value() as number | null
          greatest = Math.max(value ?? 0, greatest ?? 0)
          return greatest
        }
      }
      // Adds in doubles, in whatever order rows come and go.
      let total = 0
      if (kind === 'sum') {
        bent.add = part => {
          right.add(part)
          total += part as number
        }
        bent.remove = part => {
          right.remove(part)
          total -= part as number
        }
        bent.value = () => (right.value() === null ? null : total)
      }
      return bent
    },
  }
})

const perPerson = pipeline('per-person')
  .from(openmrs.obs)
  .groupBy(obs => ({ person_id: obs.person_id }))

const concepts = pipeline('concepts')
  .from(openmrs.obs)
  .groupBy(obs => ({ person_id: obs.person_id, comments: obs.comments ?? 'none' }))
  .aggregate({ concepts: countDistinct(obs => obs.concept_id) })
  .to('concepts')

test('an aggregate that forgets what has gone is caught and shrunk to under five changes', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const validation = await validate(concepts, lab, { progress: false })
  await lab.close()
  expect(validation.ok).toBe(false)
  expect(validation.findings.map(({ code }) => code)).toContain('parity-broken')
  expect(validation.failing.length).toBeGreaterThan(1)
  expect(validation.failing.length).toBeLessThan(5)
  expect(validation.text()).toContain(
    `${validation.failing.length} changes show it: ${validation.failing.join(', ')}.`,
  )
})

test('the shrunk input is saved masked, and a test that runs it fails in the same way', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'obslab-fixture-'))
  const lab = await connect('datasets/openmrs-schemas')
  const validation = await validate(concepts, lab, { progress: false })
  await lab.close()
  await validation.saveFixture(join(folder, 'failing.json'))
  const { changes, masked } = JSON.parse(await readFile(join(folder, 'failing.json'), 'utf8'))
  expect([masked, changes.length]).toEqual([true, validation.failing.length])
  for (const { after } of changes) expect(after?.comments ?? 'masked-1').toMatch(/^masked-\d+$/)
  await expect(expectPipeline(concepts).over(join(folder, 'failing.json')).toBeValid()).rejects.toThrow(
    /does not give the rows computed from the final tables.*changes show it/s,
  )
  await rm(folder, { recursive: true })
})

test('an extreme that is only ever passed is caught between two changes, though the end is right', async () => {
  const greatest = pipeline('greatest')
    .from(openmrs.visit)
    .groupBy(visit => ({ patient_id: visit.patient_id }))
    .aggregate({ stopped: max(visit => visit.date_stopped ?? 1e15) })
    .to('greatest')
  const lab = await connect('datasets/openmrs-schemas')
  const { findings, failing } = await validate(greatest, lab, { progress: false })
  await lab.close()
  expect(findings[0]!.code).toBe('law-broken')
  expect(findings.map(({ code }) => code)).not.toContain('parity-broken')
  expect(failing).toHaveLength(2)
})

test('a sum that depends on the order of its rows is caught', async () => {
  const sums = perPerson.aggregate({ total: sum(obs => obs.value_numeric), rows: count() }).to('sums')
  const lab = await connect('datasets/openmrs-schemas')
  const { ok, failing } = await validate(sums, lab)
  await lab.close()
  expect(ok).toBe(false)
  expect(failing.length).toBeLessThan(8)
})

test('rows in, rows out: what is expected of a change that goes is what fails', () => {
  const greatest = perPerson.aggregate({ greatest: max(obs => obs.obs_id) }).to('greatest')
  const expected = expectPipeline(greatest).given({
    obs: [
      { obs_id: 1, person_id: 7, voided: 0 },
      { obs_id: 2, person_id: 7, voided: 0 },
      { op: 'u', after: { obs_id: 2, person_id: 7, voided: 1 } },
    ],
  })
  expect(() => expected.toGive([{ person_id: 7, greatest: 1 }])).toThrow(
    'per-person does not give the rows expected',
  )
})
