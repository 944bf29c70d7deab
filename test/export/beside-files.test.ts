import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type PipelineSlice, slicePipeline } from '../../src/export/slice.js'
import { type TestCell, writeNotebook } from './notebook.js'

const base = mkdtempSync(join(tmpdir(), 'obslab-slice-'))
afterAll(() => rmSync(base, { recursive: true }))
let folder = base
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'))
})

async function sliceOf(cells: readonly TestCell[], name: string = 'vitals'): Promise<PipelineSlice> {
  return await slicePipeline(writeNotebook(folder, cells), name)
}

const imports = "import { openmrs, pipeline } from 'obslab'"
const plain = "const vitals = pipeline('vitals').from(openmrs.obs).to('vitals')"

test('files that a pipeline imports are copied with what they import, by specifiers of ES modules, obslab by obslab/job', async () => {
  mkdirSync(join(folder, 'units'))
  writeFileSync(
    join(folder, 'topics.ts'),
    "import { ObsRow, openmrs } from 'obslab'\nimport { kg } from './units'\nexport const obs = openmrs.obs\nexport type Row = ObsRow\nexport const least = kg\n",
  )
  writeFileSync(
    join(folder, 'units', 'index.ts'),
    "import codes from '../codes.json'\nimport pad from \"left-pad\"\nexport * from './more.js'\nexport const kg = codes.weight ?? pad\n",
  )
  writeFileSync(
    join(folder, 'units', 'more.js'),
    "import { obs } from '../topics.js'\nimport fs from 'node:fs'\nimport { at } from '@dates/all/at'\nexport const most = () => [obs, fs, at]\n",
  )
  writeFileSync(join(folder, 'codes.json'), '{ "weight": 5089 }')
  const slice = await sliceOf([
    "import { pipeline } from 'obslab'\nimport { obs, least, Row } from './topics'\nimport codes from './codes.json'\nimport { format } from 'date-fns'",
    "const vitals = pipeline('vitals').from(obs).filter((o: Row) => o.concept_id === codes.weight && o.obs_id > least).to('vitals')",
  ])
  expect(slice.text).toContain(
    "import { obs, least, type Row } from './topics.js'\nimport codes from './codes.json' with { type: 'json' }\n\n",
  )
  expect(Object.fromEntries(slice.files.map(({ path, text }) => [path, text]))).toEqual({
    'codes.json': '{ "weight": 5089 }',
    'topics.ts':
      "import { type ObsRow, openmrs } from 'obslab/job'\nimport { kg } from './units/index.js'\nexport const obs = openmrs.obs\nexport type Row = ObsRow\nexport const least = kg\n",
    'units/index.ts':
      "import codes from '../codes.json' with { type: 'json' }\nimport pad from \"left-pad\"\nexport * from './more.js'\nexport const kg = codes.weight ?? pad\n",
    'units/more.js':
      "import { obs } from '../topics.js'\nimport fs from 'node:fs'\nimport { at } from '@dates/all/at'\nexport const most = () => [obs, fs, at]\n",
  })
  expect(slice.files.map(({ from }) => from)).toContain(join(folder, 'units', 'more.js'))
  expect(slice.packages).toEqual(['@dates/all', 'left-pad'])
})

const table: [title: string, file: string | null, specifier: string, message: RegExp][] = [
  ['that is not there', null, './other', /^cell 1, line 2 imports \.\/other, which is not there/],
  [
    'outside the folder',
    null,
    '../outside',
    /^cell 1, line 2 imports \.\.\/outside, outside the notebook's folder/,
  ],
  [
    'named like the export',
    'export const x = 1',
    './vitals',
    /Rename vitals\.ts, or export the pipeline from it/,
  ],
  [
    'that imports what only notebooks have',
    "import { pipeline } from 'obslab'\nimport { chart } from 'obslab'\nexport const x = chart",
    './beside',
    /^beside\.ts, line 2 imports chart, and chart is there in notebooks only/,
  ],
  [
    'that uses of obslab, imported whole, what only notebooks have',
    "import * as all from 'obslab'\nexport const x = all.chart",
    './beside',
    /^beside\.ts, line 2 uses all\.chart, and chart is there in notebooks only/,
  ],
  [
    'that uses the kernel',
    "import * as kernel from 'tslab'\nexport const x = kernel",
    './beside',
    /^beside\.ts, line 1 imports tslab, which no job has/,
  ],
  [
    'that loads a module when it runs',
    "\nexport const x = await import('y')",
    './beside',
    /^beside\.ts, line 2 loads a module/,
  ],
]
test.each(table)('a file %s is refused', async (_, text, specifier, message) => {
  writeFileSync(join(base, 'outside.ts'), 'export const x = 1')
  if (text !== null) writeFileSync(join(folder, `${specifier}.ts`), text)
  const cells = [`${imports}\nimport { x } from '${specifier}'`, plain.replace('.to', '.filter(() => x).to')]
  await expect(sliceOf(cells)).rejects.toThrow(message)
})
