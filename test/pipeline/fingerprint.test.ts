import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { last } from '../../src/pipeline/aggregate.js'
import { type PlanFingerprint, runFingerprint, sourceFingerprint } from '../../src/pipeline/fingerprint.js'
import { param } from '../../src/pipeline/param.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { PlanSource } from '../../src/pipeline/plan-source.js'

mkdirSync('out', { recursive: true })
const folder = mkdtempSync(join('out', 'fingerprint-'))
afterAll(() => rmSync(folder, { recursive: true }))

const limit = 5
const { plan } = pipeline('high')
  .from(openmrs.obs)
  .filter(o => o.value_numeric !== null && o.value_numeric > limit)
  .groupBy(o => ({ person_id: o.person_id }))
  .aggregate({ newest: last(o => o.value_numeric, { by: o => o.obs_datetime }) })
  .to('high')

const written = `
import { openmrs, pipeline, last } from 'obslab'
const limit: number = 5
export const high = pipeline('high')
  .from(openmrs.obs)
  .filter(o => o.value_numeric !== null && o.value_numeric > limit)
  .groupBy(o => ({ person_id: o.person_id }))
  .aggregate({ newest: last(o => o.value_numeric, { by: o => o.obs_datetime }) })
  .to('high')
`

let files = 0

async function ofFile(text: string, others: Record<string, string> = {}): Promise<PlanFingerprint> {
  const own = join(folder, String(files++))
  mkdirSync(own)
  for (const [name, content] of Object.entries(others)) writeFileSync(join(own, name), content)
  writeFileSync(join(own, 'job.ts'), text)
  return sourceFingerprint(plan, await PlanSource.ofFile(join(own, 'job.ts')))
}

const original = await ofFile(written)

test.each<[string, (text: string) => string]>([
  ['layout', text => text.replaceAll('\n  .', '.').replaceAll(' => ', '=>').replaceAll('{ ', '{\n')],
  [
    'comments',
    text => text.replace('.filter', '/* high ones */ .filter').replace('const limit', '// mmHg\nconst limit'),
  ],
  [
    'the names of parameters',
    text =>
      text.replace(/o => o\.value_numeric !== null && o\./, 'one => one.value_numeric !== null && one.'),
  ],
  ['the names of constants', text => text.replaceAll('limit', 'most')],
  [
    'quotes and parentheses',
    text => text.replaceAll("'", '"').replace('o => o.obs_datetime', '(o) => (o.obs_datetime)'),
  ],
  [
    'types',
    text => text.replace('o => o.obs_datetime', '(o: { obs_datetime: number }): number => o.obs_datetime'),
  ],
  ['a body that only returns', text => text.replace('o => o.obs_datetime', 'o => { return o.obs_datetime }')],
  [
    'a constant in between',
    text =>
      text
        .replace('export const high = pipeline', 'const start = pipeline')
        .replace('  .filter', 'const rows = start\n  .filter')
        .replace('rows = start', 'rows = start'),
  ],
  ['a constant written out', text => text.replace('> limit', '> 5')],
  [
    'a function with a name',
    text =>
      text
        .replace('o => o.obs_datetime', 'time')
        .replace('export', 'const time = (obs: any) => obs.obs_datetime\nexport'),
  ],
  ['other code', text => `${text}\nconsole.log(high, await fetch('http://localhost'))`],
])('%s keeps the fingerprint', async (_, change) => {
  const text = change(written)
  expect(text).not.toBe(written)
  expect((await ofFile(text)).plan).toBe(original.plan)
})

test.each<[string, (text: string) => string]>([
  ['a captured constant', text => text.replace('number = 5', 'number = 6')],
  ['an operator', text => text.replace('> limit', '>= limit')],
  ['a column', text => text.replace('o => o.obs_datetime', 'o => o.date_created')],
  ['the name of a column of the output', text => text.replace('newest:', 'latest:')],
  ['a literal', text => text.replace('!== null', '!== 0')],
  [
    'which of two names is meant',
    text => text.replace('number = 5', 'number = 5, other = 6').replace('> limit', '> other'),
  ],
])('%s changes the fingerprint', async (_, change) => {
  const text = change(written)
  expect(text).not.toBe(written)
  expect((await ofFile(text)).plan).not.toBe(original.plan)
})

test('a step keeps its fingerprint when only later ones change', async () => {
  const changed = await ofFile(written.replace('o => o.obs_datetime', 'o => o.date_created'))
  const kept = [...original.steps].map(([name, print]) => [name, changed.steps.get(name) === print])
  expect(Object.fromEntries(kept)).toEqual({
    '0:from': true,
    '1:filter': true,
    '2:aggregate': false,
    '3:to': false,
  })
})

test('the value that another file exports counts, through functions and further files', async () => {
  const text = written.replace('const limit: number = 5', "import { limit } from './limits.js'")
  const limits = (value: string): Record<string, string> => ({
    'limits.ts': `import { unit } from './unit.js'\nexport const other = 1\nexport const limit = twice(unit)\nfunction twice(x: number): number { return x * 2 }`,
    'unit.ts': `export const unit = ${value}`,
  })
  const [first, again, changed] = [
    await ofFile(text, limits('1')),
    await ofFile(text, limits('1')),
    await ofFile(text, limits('2')),
  ]
  expect([first.plan === again.plan, first.plan === changed.plan]).toEqual([true, false])
  const unrelated = {
    ...limits('1'),
    'limits.ts': limits('1')['limits.ts']!.replace('other = 1', 'other = 2'),
  }
  expect((await ofFile(text, unrelated)).plan).toBe(first.plan)
})

test.each<[string, string, RegExp]>([
  ['assigned to', 'let limit = 5\nlimit = 6', /limit at .*job\.ts:7:\d+: it is assigned to at .*job\.ts:4/],
  [
    'changed inside',
    'const limits = [5]\nlimits.push(6)\nconst limit = limits[0]',
    /limits at .*: it is changed at .*job\.ts:4/,
  ],
  [
    'awaited',
    'const limit = await lab.size()',
    /await at .*job\.ts:3:\d+: what is awaited .* limit is made of it/,
  ],
  ['of the process', 'const limit = Number(process.env.LIMIT)', /process at .*nothing here declares it/],
  ['of the clock', 'const limit = Date.now()', /Date\.now at .*it differs from run to run/],
  ['of a module of Node', "import { limit } from 'node:fs'", /limit at .*it is of node:fs/],
  ['not declared', '', /limit at .*nothing here declares it/],
])('a name that is %s is refused, with its name and place', async (_, declared, message) => {
  await expect(ofFile(written.replace('const limit: number = 5', declared))).rejects.toThrow(message)
})

test('a pipeline that is not in the source is refused', async () => {
  await expect(ofFile(written.replace("pipeline('high')", "pipeline('low')"))).rejects.toThrow('nowhere')
})

test('the cells of a notebook see what others declare, and a name that two declare is refused', async () => {
  const [imports, constant, ...rest] = written.trim().split('\n')
  const cells = (...texts: string[]): Promise<PlanSource> => PlanSource.ofCells(texts, folder)
  const chain = rest.join('\n').replace('export ', '')
  const whole = sourceFingerprint(plan, await cells(imports!, constant!, chain))
  expect(whole.plan).toBe(original.plan)
  const twice = await cells(imports!, constant!, chain, 'const limit = 7')
  expect(() => sourceFingerprint(plan, twice)).toThrow(/limit at cell 3:\d+:\d+: several cells declare it/)
})

test('a param counts by name and value', async () => {
  const most = param('most', 5)
  const given = pipeline('high')
    .from(openmrs.obs)
    .filter(o => o.value_numeric! > most.value)
    .to('high')
  const print = runFingerprint(given.plan)
  expect(runFingerprint(given.plan, { most: 5 }).plan).toBe(print.plan)
  expect(runFingerprint(given.plan, { most: 6 }).plan).not.toBe(print.plan)
  expect(() => runFingerprint(given.plan, { least: 6 })).toThrow('There is no param least')
})

function filtered(above: number): PlanFingerprint {
  return runFingerprint(
    pipeline('high')
      .from(openmrs.obs)
      .filter(o => o.value_numeric! > above)
      .to('high').plan,
  )
}

test('without a source, the values that functions captured count as they are now', () => {
  expect(filtered(5).plan).toBe(filtered(5).plan)
  expect(filtered(5).plan).not.toBe(filtered(6).plan)
})

test('without a source, what has no value that can be told is named', () => {
  const lab = new (class Lab {
    size = 5
  })()
  const { unresolved } = runFingerprint(
    pipeline('high')
      .from(openmrs.obs)
      .filter(o => o.obs_id > lab.size)
      .to('high').plan,
  )
  expect(unresolved).toEqual([])
  const whole = runFingerprint(
    pipeline('high')
      .from(openmrs.obs)
      .filter(o => [lab].length > o.obs_id)
      .to('high').plan,
  )
  expect(whole.unresolved).toMatchObject([{ name: 'lab', place: '.filter(…)' }])
})
