import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { ExportReport } from '../../src/export/export-report.js'
import { type ExportOptions, exportJob, exportNamed } from '../../src/export-job.js'
import { connect } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { count } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'

vi.setConfig({ testTimeout: 120_000 })

// Among the files of this project, where the notebook's imports are found.
mkdirSync('out', { recursive: true })
const folder = mkdtempSync(join('out', 'exported-'))
const lab = await connect('datasets/openmrs-schemas')
afterAll(async () => {
  await lab.close()
  rmSync(folder, { recursive: true })
})

const visits = `const visits = pipeline('visits')
  .from(openmrs.visit)
  .groupBy(visit => ({ location_id: visit.location_id as number }))
  .aggregate({ visits: count() })
  .to('visits')`

const live = pipeline('visits')
  .from(openmrs.visit)
  .groupBy(visit => ({ location_id: visit.location_id as number }))
  .aggregate({ visits: count() })
  .to('visits')

/** A notebook with the pipeline in its second cell. */
function notebook(name: string, code: string = visits): string {
  const file = join(folder, `${name}.ipynb`)
  const cells = [
    "import { connect, count, openmrs, pipeline, show } from 'obslab'\nconst lab = await connect()",
    `${code}\nshow(await lab.preview(visits))`,
  ].map((source, i) => ({
    ...{ cell_type: 'code', id: `cell-${i + 1}`, metadata: {}, outputs: [], execution_count: null },
    source,
  }))
  writeFileSync(file, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }))
  return file
}

async function exported(
  name: string,
  { code, ...options }: Partial<ExportOptions> & { code?: string } = {},
): Promise<ExportReport> {
  const asked = { notebook: notebook(name, code), out: join(folder, name), lab, progress: false, ...options }
  return await exportNamed({ live: null, name: 'visits' }, asked)
}

const read = (name: string, file: string): string => readFileSync(join(folder, name, file), 'utf8')

test('the project has the pipeline alone, what starts and tests it, and what it rests on', async () => {
  const report = await exported('whole')
  expect(report.files).toEqual([
    ...['.dockerignore', '.gitignore', '.obslab-export.json', 'Dockerfile', 'README.md', 'build.js'],
    ...[
      'obslab-0.1.0.tgz',
      'package-lock.json',
      'package.json',
      'provenance.json',
      'src/main.ts',
      'src/visits.ts',
    ],
    ...['test/expected.jsonl', 'test/fixture.jsonl', 'test/visits.test.ts', 'topics.json', 'tsconfig.json'],
  ])
  const source = read('whole', 'src/visits.ts')
  expect(source).toContain(`// cell 2 (id cell-2)\nexport ${visits}`)
  expect(source).not.toMatch(/show|connect|await/)
  expect(report.text()).toContain('byte for byte those of the preview')
  expect(JSON.parse(read('whole', 'topics.json'))).toMatchObject({
    output: { topic: 'visits', partitions: 1, settings: { 'cleanup.policy': 'compact' } },
    deadLetters: { topic: 'visits.dead-letters' },
    declaration: { key: ['location_id'], columns: [{ name: 'location_id' }, { name: 'visits' }] },
  })
  expect(JSON.parse(read('whole', 'provenance.json'))).toMatchObject({
    notebook: { file: 'whole.ipynb', cells: [{ number: 1 }, { number: 2 }] },
    source: {
      name: 'openmrs-schemas',
      topics: [{ topic: expect.stringMatching(/visit$/), offsets: { 0: [0, 61] } }],
    },
    validation: { changes: 61, seed: 1 },
    forced: [],
  })
})

test('exporting the same again changes no byte; another seed is another proof', async () => {
  expect((await exported('whole')).changed).toEqual([])
  expect((await exported('whole', { seed: 2 })).changed).toEqual(['provenance.json'])
})

test('nothing in a project tells when, where or by whom it was made', () => {
  for (const file of readdirSync(join(folder, 'whole'), { recursive: true, withFileTypes: true })) {
    if (!file.isFile() || file.name.endsWith('.tgz')) continue
    const text = readFileSync(join(file.parentPath, file.name), 'utf8')
    expect([file.name, text.includes(process.cwd())]).toEqual([file.name, false])
    expect([file.name, text.includes(String(new Date().getFullYear()))]).toEqual([file.name, false])
  }
})

test('a pipeline that fails its validation is refused and nothing written; forced, the job says so', async () => {
  const code = visits.replace('.groupBy', '.filter(visit => visit.date_started < Date.now())\n  .groupBy')
  await expect(exported('wrong', { code })).rejects.toMatchObject({
    code: 'export-refused',
    message: expect.stringContaining('[function-clock]'),
  })
  expect(readdirSync(folder).filter(name => /wrong(?!\.ipynb)/.test(name))).toEqual([])
  const report = await exported('wrong', { code, force: true })
  expect(report.forced).toContain('function-clock')
  expect(JSON.parse(read('wrong', 'provenance.json')).forced).toContain('function-clock')
  expect(read('wrong', 'README.md')).toContain('exported by force')
})

test('without a validation it takes force, and the job says that it was not validated', async () => {
  await expect(exported('unproven', { validation: false })).rejects.toMatchObject({ code: 'export-refused' })
  const report = await exported('unproven', { validation: false, force: true })
  expect([report.validation, report.forced]).toEqual([null, ['not-validated']])
  expect(JSON.parse(read('unproven', 'provenance.json')).validation).toBe(null)
})

test('a change that breaks readers of the export before is refused, one column more is not', async () => {
  await exported('readers')
  const more = visits.replace('visits: count()', 'visits: count(), all: count()')
  expect((await exported('readers', { code: more })).findings).toContainEqual(
    expect.objectContaining({ code: 'output-changed' }),
  )
  await expect(exported('readers')).rejects.toMatchObject({
    message: expect.stringContaining('no column all any more'),
  })
  expect(read('readers', 'src/visits.ts')).toContain('all: count()')
})

test('from a session: the pipeline of the notebook is exported, and another one than the session has is refused', async () => {
  const options = { out: join(folder, 'session'), lab, progress: false }
  const same = await exportJob(live, { ...options, notebook: notebook('session') })
  expect(same.findings.filter(({ severity }) => severity === 'error')).toEqual([])
  const edited = notebook(
    'session',
    visits.replace('count()', 'count({ where: visit => visit.location_id > 3 })'),
  )
  await expect(exportJob(live, { ...options, notebook: edited })).rejects.toMatchObject({
    code: 'export-refused',
    message: expect.stringContaining('[notebook-differs]'),
  })
  expect(read('session', 'src/visits.ts')).not.toContain('where')
})

test('a folder with something else is refused before anything is proven', async () => {
  await expect(exported('foreign', { out: 'src' })).rejects.toMatchObject({ code: 'export-refused' })
  expect(existsSync('src/README.md')).toBe(false)
})
