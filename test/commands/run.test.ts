import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { connect } from '../../src/lab.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { encodeRow } from '../../src/pipeline/output.js'

/** A user's folder: nothing of obslab's is beside it. */
const folder = mkdtempSync(join(tmpdir(), 'obslab-run-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const options = { encoding: 'utf8', maxBuffer: 64 << 20 } as const
  const { status, stdout, stderr } = spawnSync('node', ['dist/cli.js', 'run', ...args], options)
  return { code: status, out: stdout, err: stderr }
}

function file(name: string, ...lines: string[]): string {
  const path = join(folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/** As messages name a file: from the working folder. */
const shown = (name: string): string => relative('', join(folder, name))

const visits = (name: string): string =>
  `pipeline('${name}').from(openmrs.visit).groupBy(v => ({ patient_id: v.patient_id })).aggregate({ visits: count() }).to('${name}')`
const imports = "import { count, openmrs, pipeline } from 'obslab'"

test('the example runs on the recording, and its rows are byte for byte those of the preview', async () => {
  const { code, out, err } = run('test/stack/jobs/vitals.ts')
  expect(code).toBe(0)
  const lab = await connect()
  const rows = (await lab.preview(vitals)).rows().map(row => encodeRow({ ...row }).toString())
  await lab.close()
  const printed = out.trim().split('\n')
  expect(printed.map(line => line.slice(line.indexOf('},"row":') + 8, -1)).sort()).toEqual(rows.sort())
  const messages = err
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).message)
  expect(messages).toEqual(['starting', 'read to the end', 'the output is up to date', 'stopped'])
})

test('a file in a folder without packages runs, with types, enums and files of its own', () => {
  mkdirSync(join(folder, 'lib'))
  file('lib/place.ts', 'export enum Where { Anywhere = 0 }')
  const job = file(
    'typed.ts',
    "import { count, openmrs, type Pipeline, pipeline } from 'obslab/job'",
    "import { Where } from './lib/place'",
    'interface Counted { patient_id: number; visits: number }',
    `const counted = ${visits('counted')} as unknown as Pipeline<Counted>`,
    'if (Where.Anywhere !== 0 || !import.meta.url.endsWith("typed.ts")) throw new Error("not here")',
    'export default counted satisfies Pipeline<Counted>',
  )
  const rows = join(folder, 'counted.jsonl')
  const { code, out } = run(job, '--to', rows, '--json')
  expect(code).toBe(0)
  const summary = JSON.parse(out)
  expect(summary).toMatchObject({ job: 'counted', tombstones: 0, unchanged: 0 })
  expect(readFileSync(rows, 'utf8').trim().split('\n')).toHaveLength(summary.rows)
  expect(run(job, '--to', rows).out).toContain('Written 0, removed 0, unchanged')
})

test('a JavaScript file needs no transpiler', () => {
  const plan =
    "{ name: 'plain', output: 'plain', key: null, root: { verb: 'from', topic: 'visit', key: ['visit_id'], deleted: [], sensitive: [], columns: [] } }"
  const { code, out } = run(file('plain.mjs', `export const plain = { plan: ${plan} }`), '--until-end')
  expect(code).toBe(0)
  expect(out).toMatch(/^{"key":{"visit_id":\d+},"row":{"visit_id":/)
})

test('one of several pipelines is chosen by its export or its name', () => {
  const job = file(
    'two.ts',
    imports,
    `export const one = ${visits('first')}`,
    `export const two = ${visits('second')}`,
  )
  const to = join(folder, 'chosen.jsonl')
  for (const [name, chosen] of [
    ['two', 'second'],
    ['second', 'second'],
    ['one', 'first'],
  ] as const) {
    expect(JSON.parse(run(job, name, '--to', to, '--json').out).job).toBe(chosen)
  }
})

test.each([
  [['two.ts'], 'exports several: one, two', 'job-file-invalid', 1],
  [['two.ts', 'three'], 'the pipeline three', 'job-file-invalid', 1],
  [['none.ts'], 'found none', 'job-file-invalid', 1],
  [['syntax.ts'], 'syntax.ts:2:', 'job-file-invalid', 1],
  [['throws.ts'], 'throws.ts:3:', 'job-file-invalid', 1],
  [['missing.ts'], 'missing.ts:1:', 'job-file-invalid', 1],
  [['nowhere.ts'], 'there is no file ', 'job-file-invalid', 1],
  [['nowhere.mjs'], 'there is no file ', 'job-file-invalid', 1],
  [['.'], 'is not one', 'job-file-invalid', 1],
  [
    ['typo.ts'],
    '`(v) => v.date_startd` in .aggregate({ begun: … }) of the pipeline typo reads date_startd, which is no column of dbserver1.openmrs.visit. Did you mean date_started?',
    'column-unknown',
    1,
  ],
  [['one.ts', '--prefix', 'other'], 'found no "visit"', 'topic-unknown', 1],
  [['one.ts', '--topic', 'obs=dbserver1.openmrs.obs'], 'reads visit', 'option-invalid', 2],
  [['one.ts', '--to', 'kafka://127.0.0.1:1'], '127.0.0.1:1', 'broker-unreachable', 1],
  [['one.ts', '--to', 'mysql://me@127.0.0.1:1/x'], '127.0.0.1:1', 'database-failed', 1],
  [['one.ts', '--to', 'mysql://me:secret@localhost/x'], 'OBSLAB_MYSQL_PASSWORD', 'option-invalid', 2],
  [['one.ts', '--port', 'high'], '--port takes a whole number', 'option-invalid', 2],
  [['one.ts', '--port', '99999'], '--port takes a whole number from 0 to 65535', 'option-invalid', 2],
])('%j is told in one sentence: %s', ([name = '', ...args], told, errorCode, exitCode) => {
  file('two.ts', imports, `export const one = ${visits('first')}`, `export const two = ${visits('second')}`)
  file('one.ts', imports, `export const one = ${visits('first')}`)
  file('none.ts', 'export const nothing: number = 1')
  file('syntax.ts', imports, 'export const = 1')
  file('throws.ts', imports, 'interface Away { gone: true }', "throw new Error('no database here')")
  file('missing.ts', "import { left } from 'left-pad-of-nobody'", 'export { left }')
  file(
    'typo.ts',
    "import { last, openmrs, pipeline } from 'obslab'",
    "export const typo = pipeline('typo').from(openmrs.visit).groupBy(v => ({ patient_id: v.patient_id }))",
    "  .aggregate({ begun: last(v => v.date_startd, { by: v => v.visit_id }) }).to('typo')",
  )
  const { code, out, err } = run(join(folder, name), ...args)
  const error = err.trim().split('\n').at(-1)!
  expect([code, out]).toEqual([exitCode, ''])
  expect(error).toContain(told)
  expect(error).toMatch(new RegExp(`\\[${errorCode}\\]$`))
  expect(err).not.toMatch(/patient \d/)
})

test.each([
  ['object.ts', 'gave an object for who'],
  ['throwing.ts', `threw Error at ${shown('throwing.ts')}:3:`],
  ['deep.ts', `threw Error at ${shown('deep/thrower.ts')}:2:`],
])('a function of %s that fails on every row stops the job, and the dead letters say: %s', (name, told) => {
  file(
    'throwing.ts',
    imports,
    'interface Away { gone: true }',
    "const failing = (v: { patient_id: number }): boolean => { throw new Error('patient ' + v.patient_id) }",
    "export const one = pipeline('one').from(openmrs.visit).filter(failing).to('one')",
  )
  file(
    'object.ts',
    imports,
    "export const one = pipeline('one').from(openmrs.visit).groupBy(v => ({ who: { id: v.patient_id } }))",
    "  .aggregate({ visits: count() }).to('one')",
  )
  mkdirSync(join(folder, 'deep'), { recursive: true })
  file(
    'deep/thrower.ts',
    'interface Away { gone: true }',
    "export const fails = (v: { patient_id: number }): boolean => { throw new Error('patient ' + v.patient_id) }",
  )
  file(
    'deep.ts',
    imports,
    "import { fails } from './deep/thrower'",
    "export const one = pipeline('one').from(openmrs.visit).filter(v => fails(v)).to('one')",
  )
  const { code, out, err } = run(join(folder, name))
  expect([code, out]).toEqual([1, ''])
  expect(err.trim()).toMatch(/\[dead-letters-exceeded\]$/)
  expect(err).toContain(told)
  expect(err).not.toMatch(/patient \d/)
})

test('the folder of an exported job runs like its file', () => {
  const folderOf = mkdtempSync(join(folder, 'exported-'))
  mkdirSync(join(folderOf, 'src'))
  writeFileSync(
    join(folderOf, 'src', 'visited.ts'),
    `${imports}\nexport const visited = ${visits('visited')}\n`,
  )
  const obslab = { pipeline: 'src/visited.ts', export: 'visited' }
  writeFileSync(join(folderOf, 'package.json'), JSON.stringify({ name: 'visited', private: true, obslab }))
  const [ofFolder, ofFile] = [folderOf, join(folderOf, 'src', 'visited.ts')].map(place => run(place))
  expect(ofFolder?.code).toBe(0)
  expect(ofFolder?.out).toMatch(/^{"key":{"patient_id":\d+},"row":{"patient_id":/)
  expect(ofFolder?.out).toBe(ofFile?.out)
})

test('metrics and health are served on --port, and the log says where', () => {
  const { code, err } = run(
    file('served.ts', imports, `export const one = ${visits('served')}`),
    '--port',
    '0',
  )
  expect(code).toBe(0)
  expect(err).toMatch(/"message":"serving metrics and health","port":\d+}/)
})

test('a --topic that is not name=topic is told with exit code 2', () => {
  const { code, err } = run('test/stack/jobs/vitals.ts', '--topic', 'obs')
  expect([code, err]).toEqual([
    2,
    expect.stringContaining("--topic takes name=topic, as in obs=clinic.openmrs.obs; found 'obs'"),
  ])
})

test('params are given by name, read as their defaults are, and unknown ones are refused', () => {
  const job = file(
    'early.ts',
    "import { openmrs, param, pipeline } from 'obslab/job'",
    "const most = param('most', 2)",
    "export const early = pipeline('early').from(openmrs.visit).filter(v => v.visit_id <= most.value).select('visit_id').to('early')",
  )
  const rows = (...args: string[]): number =>
    run(job, ...args)
      .out.trim()
      .split('\n').length
  expect([rows(), rows('--param', 'most=5')]).toEqual([2, 5])
  const [unknown, high, none] = ['least=5', 'most=high', 'most'].map(text => run(job, '--param', text))
  expect([unknown!.code, high!.code, none!.code]).not.toContain(0)
  expect(unknown!.err).toContain('There is no param least in the pipeline. It has most.')
  expect(high!.err).toContain("Param most: expected a number as its default is, found 'high'.")
  expect(none!.err).toContain("--param takes name=value, as in least=38.5; found 'most'.")
})
