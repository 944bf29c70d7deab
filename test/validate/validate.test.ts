import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { param } from '../../src/pipeline/param.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import type { Validation } from '../../src/validate/validation.js'
import { type ValidateOptions, validate } from '../../src/validate.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-validate-'))
const golden = join(folder, 'golden')
const lab: Lab = await connect('datasets/openmrs-schemas')
afterAll(async () => {
  await lab.close()
  rmSync(folder, { recursive: true })
})

async function validated<R extends object>(
  one: Pipeline<R>,
  options: ValidateOptions = {},
): Promise<Validation<R>> {
  return await validate(one, lab, { golden, progress: false, ...options })
}

const codes = ({ findings }: Validation<object>): string[] => findings.map(({ code }) => code)

const visits = pipeline('visits').from(openmrs.visit)
const perLocation = visits.groupBy(visit => ({ location_id: visit.location_id as number }))
const counted = perLocation.aggregate({ visits: count() }).to('visits')

test('a clean pipeline is told in a few words that begin with what was counted', async () => {
  const validation = await validated(counted)
  expect([validation.ok, codes(validation)]).toEqual([true, []])
  expect(validation.text()).toBe(
    'visits: 61 changes, 6 rows. Kept up change by change, every row equals the one computed from the final tables.\n' +
      'So it does in DuckDB, at random cuts, when blocks come twice, after crashes, through another snapshot and after ' +
      'compaction (seed 1).\n' +
      'Not checked: interleavings (there is one partition, which has one order); lost tombstones (the recording has no tombstone).',
  )
  expect(validation.mimeBundle()['text/html']).toContain('<td')
})

test('the output that was checked is what preview gives, and the same seed says the same', async () => {
  const [one, other] = [await validated(vitals), await validated(vitals)]
  const preview = await lab.preview(vitals)
  expect(one.output.csv()).toBe(preview.csv())
  expect(one.rows).toBe(preview.length)
  expect(one.text()).toBe(other.text())
  expect(one.report).toEqual(other.report)
})

test('a function that counts its calls is caught where it reads, where it is called again, and as it is written', async () => {
  let calls = 0
  const impure = perLocation.aggregate({ visits: count({ where: () => calls++ % 2 === 0 }) }).to('impure')
  const validation = await validated(impure)
  expect(validation.ok).toBe(false)
  expect(codes(validation)).toContain('captured-changes')
  expect(codes(validation)).toContain('parity-broken')
})

test('a function that reads the clock is an error that points at the expression', async () => {
  const late = visits.filter(visit => visit.date_started < Date.now()).to('late')
  const { findings } = await validated(late)
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'function-clock', sentence: expect.stringContaining('`Date.now()`') }),
  )
})

test('a function that is chance gives other rows when it is called again', async () => {
  const dice = visits.derive({ luck: () => Math.random() }).to('dice')
  expect(codes(await validated(dice))).toEqual(
    expect.arrayContaining(['function-inconsistent', 'parity-broken', 'function-random']),
  )
})

test('`<` on a column that may be null is a warning, and no error', async () => {
  const short = visits.filter(visit => (visit.date_stopped as number) < 0).to('short')
  const validation = await validated(short)
  expect(validation.findings).toContainEqual(
    expect.objectContaining({ code: 'comparison-of-null', severity: 'warning' }),
  )
  expect(validation.ok).toBe(true)
})

test('rows that a function fails on are counted with the place of the first, and parity holds without them', async () => {
  const failing = pipeline('failing')
    .from(openmrs.visit)
    .filter(visit => (visit.date_stopped as unknown as { when: { what: string } }).when.what === '')
    .to('failing')
  const validation = await validated(failing)
  const [first, ...others] = validation.findings.filter(({ code }) => code === 'rows-set-aside')
  expect(others).toEqual([])
  expect(first!.sentence).toMatch(
    /^failing: \d+ rows are left out, the first at dbserver1\.openmrs\.visit:0:\d+, for `.*when\.what === ""` in \.filter\(…\) fails on them\./,
  )
  expect(first!.sentence).toContain('TypeError')
  expect(validation.report.find(({ check }) => check === 'parity')?.result).toBe('passed')
  await expect(validated(failing, { onError: 'stop' })).rejects.toMatchObject({ code: 'pipeline-failed' })
})

test('a row that is written to is left out, with who did it', async () => {
  const writing = visits
    .map(visit => {
      ;(visit as { location_id: number }).location_id = 1
      return { visit_id: visit.visit_id }
    })
    .to('writing')
  expect(codes(await validated(writing))).toContain('function-mutates')
})

test('branches that no row takes are told by their expressions', async () => {
  const odd = pipeline('odd')
    .from(openmrs.visit)
    .filter(visit => visit.visit_id > 0)
    .groupBy(visit => ({ patient_id: visit.patient_id }))
    .aggregate({ never: count({ where: visit => visit.location_id === -5 }), all: count() })
    .to('odd')
  const { findings, ok } = await validated(odd)
  expect(ok).toBe(true)
  expect(findings.map(({ code, severity, sentence }) => [code, severity, sentence])).toEqual([
    [
      'not-exercised',
      'information',
      expect.stringMatching(/^odd: the recording has no row that \.filter\(…\) leaves out, `.*visit_id > 0`/),
    ],
    [
      'not-exercised',
      'information',
      expect.stringMatching(
        /^odd: the recording has no row for never of \.aggregate\(…\), `.*location_id === -5`/,
      ),
    ],
  ])
})

test('an output is accepted, found equal, and told row by row once it is another', async () => {
  const named = perLocation
    .aggregate({ visits: count(), newest: last(visit => visit.uuid, { by: visit => visit.visit_id }) })
    .to('named')
  const first = await validated(named)
  expect(first.difference).toBeNull()
  const file = await first.accept()
  expect(file).toBe(join(golden, 'visits.jsonl'))
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const same = await validated(named)
  expect([same.ok, same.difference?.rows.length]).toEqual([true, 0])

  const other = perLocation
    .aggregate({
      visits: count({ where: visit => visit.visit_id > 10 }),
      newest: last(visit => visit.uuid, { by: visit => visit.visit_id }),
    })
    .to('named')
  const changed = await validated(other)
  expect(changed.ok).toBe(false)
  expect(changed.findings).toContainEqual(
    expect.objectContaining({ code: 'golden-different', severity: 'error' }),
  )
  expect(changed.difference).toMatchObject({ added: 0, removed: 0, sameInputs: true })
  const rows = changed.difference!.rows.rows()
  expect(rows.map(row => row._difference)).toEqual(
    rows.flatMap((_, i) => (i % 2 === 0 ? ['was'] : ['is'])).slice(0, rows.length),
  )
  expect(changed.mimeBundle()['text/html']).toContain('_difference')
})

test('an accepted output holds digests in place of sensitive values, and finds a changed one', async () => {
  const names = pipeline('names')
    .from(openmrs.person_name)
    .map(name => ({ person_id: name.person_id, family_name: name.family_name }))
    .to('names')
  const validation = await validated(names)
  const text = await readFile(await validation.accept(), 'utf8')
  const real = validation.output.rows().map(row => String(row.family_name))
  expect(real.length).toBeGreaterThan(5)
  for (const name of real) expect(text).not.toContain(`"${name}"`)
  expect(text).toMatch(/"family_name":"#[\w-]{22}"/)
  const other = pipeline('names')
    .from(openmrs.person_name)
    .map(name => ({ person_id: name.person_id, family_name: name.given_name }))
    .to('names')
  const { difference } = await validated(other)
  expect(difference!.changed).toBeGreaterThan(5)
  expect(difference!.rows.text()).toContain('•••')
})

test('when more was recorded than is kept, the checks take the first and last changes, and say so', async () => {
  const validation = await validated(vitals, { sample: 100 })
  const sampled = validation.findings.find(({ code }) => code === 'sampled')
  expect(sampled?.sentence).toMatch(/of 758 changes the first and last 1\d\d in all/)
  expect(validation.ok).toBe(true)
})

test('a validation is cancelled by its signal, and an option nobody knows is told', async () => {
  await expect(validated(vitals, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'cancelled',
  })
  await expect(validated(vitals, { seeed: 1 } as ValidateOptions)).rejects.toMatchObject({
    code: 'option-invalid',
  })
})

test('nothing is written unless it is asked for', async () => {
  const untouched = join(folder, 'untouched')
  await validated(counted, { golden: untouched })
  expect(existsSync(untouched)).toBe(false)
})

test('without a failing input there is none to save', async () => {
  await expect((await validated(counted)).saveFixture(join(folder, 'x.json'))).rejects.toMatchObject({
    code: 'option-invalid',
  })
})

const most = param('most', 5)

test('with other values of its params a pipeline is proven with those', async () => {
  const few = pipeline('few')
    .from(openmrs.visit)
    .filter(visit => visit.visit_id <= most.value)
    .select('visit_id')
    .to('few')
  const validation = await validated(few, { params: { most: 20 } })
  expect([codes(validation), validation.rows]).toEqual([[], 20])
  expect(validation.report.find(({ check }) => check === 'DuckDB')?.result).toBe('passed')
  expect(validation.output.length).toBe(20)
  expect((await validated(few)).rows).toBe(5)
  await expect(validated(few, { params: { least: 1 } })).rejects.toThrow('There is no param least')
})
