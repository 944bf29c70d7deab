import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkSlice } from '../../src/export/check-slice.js'
import { slicePipeline } from '../../src/export/slice.js'
import { type TestCell, writeNotebook } from './notebook.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function told(cells: readonly TestCell[]): Promise<string[]> {
  const findings = await checkSlice(await slicePipeline(writeNotebook(folder, cells), 'vitals'))
  expect(findings.every(({ code, severity }) => code === 'export-type-error' && severity === 'warning')).toBe(
    true,
  )
  return findings.map(({ sentence }) => sentence)
}

test('a slice that compiles strictly has no findings, obslab, Node and files beside it known', async () => {
  writeFileSync(
    join(folder, 'topics.ts'),
    "import { ObsRow, openmrs } from 'obslab'\nexport const obs = openmrs.obs\nexport type Obs = ObsRow\n",
  )
  writeFileSync(join(folder, 'old.js'), 'export const half = x => x / 2\n')
  writeFileSync(join(folder, 'codes.json'), '{ "weight": 5089 }')
  const cells = [
    "import { pipeline, VitalsRow } from 'obslab'\nimport { Obs, obs } from './topics'\nimport { half } from './old'\nimport codes from './codes.json'",
    'const isWeight = (o: Obs): boolean => o.concept_id === codes.weight && half(o.obs_id) > 1\nlet unset: VitalsRow | null = null',
    "const vitals = pipeline('vitals').from(obs).filter(isWeight).filter(() => unset === null).to('vitals')",
  ]
  expect(await told(cells)).toEqual([])
})

test('an error is told with the cell and the line that the author wrote, and without a way out of it', async () => {
  const cells = [
    "import { openmrs, pipeline } from 'obslab'\nshow(1)",
    "// Null where it is not set.\nconst limit: number = null\nshow(limit)\n\n// Later.\nconst vitals = pipeline('vitals')\n  .from(openmrs.obs)\n  .filter(o => o.value_numeric > limit)\n  .filter(o => o.wrong)\n  .to('vitals')",
  ]
  expect(await told(cells)).toEqual([
    "In strict TypeScript, cell 2, line 2: Type 'null' is not assignable to type 'number'. (TS2322)",
    "In strict TypeScript, cell 2, line 8: 'o.value_numeric' is possibly 'null'. (TS18047)",
    "In strict TypeScript, cell 2, line 9: Property 'wrong' does not exist on type 'ObsRow'. (TS2339)",
  ])
})

test('an error in a file beside it is told with the file, and a package that is not installed with the import', async () => {
  writeFileSync(join(folder, 'beside.ts'), '\nexport const limit: number = null\n')
  const cells = [
    "import { openmrs, pipeline } from 'obslab'\nimport { limit } from './beside'\nimport { x } from 'not-there'",
    "const vitals = pipeline('vitals').from(openmrs.obs).filter(o => o.obs_id > limit + x).to('vitals')",
  ]
  expect(await told(cells)).toEqual([
    expect.stringMatching(/^In strict TypeScript, cell 1, line 3: Cannot find module 'not-there'/),
    "In strict TypeScript, beside.ts, line 2: Type 'null' is not assignable to type 'number'. (TS2322)",
  ])
})
