import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'
import { sameAsRun } from '../../src/export/same-as-run.js'
import { slicePipeline } from '../../src/export/slice.js'
import * as job from '../../src/job.js'
import type { Plan } from '../../src/pipeline/plan.js'
import { writeNotebook } from './notebook.js'
import { exportsOf, loadSlice } from './run-slice.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-same-'))
afterAll(() => rmSync(folder, { recursive: true }))

const imports = "import { at, num, openmrs, param, pipeline } from 'obslab'"
const written = `export const limits = { least: 5, names: ['a', 'b'] }
export const half = (x: number): number => x / 2 // half of it
export const least = param('least', 1)
export const vitals = pipeline('vitals')
  .from(openmrs.obs)
  .filter(o => half(o.obs_id) > limits.least && num(o.value_numeric) !== null && o.obs_id > least.value)
  .map(o => ({ obs_id: o.obs_id, name: limits.names[0], kg: o.value_numeric ?? 86_400_000 }))
  .to('vitals', { key: ['obs_id'] })`

/** The plan that a session of the notebook holds: compiled as tslab does, names of cells on `exports`. */
function inSession(source: string): Plan {
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS }
  const { outputText } = ts.transpileModule(`${imports}\n${source}`, { compilerOptions: options })
  return (exportsOf(outputText, { obslab: job }).vitals as { plan: Plan }).plan
}

async function onDisk(source: string): Promise<Plan> {
  const slice = await slicePipeline(writeNotebook(folder, [imports, ...source.split('\n\n')]), 'vitals')
  return loadSlice(slice, folder).plan
}

test('a session and the notebook that it was run from are the same, however each was compiled', async () => {
  const apart = written
    .replace('export const vitals', '\nexport const vitals')
    .replace('// half of it', '/* half */')
  expect(sameAsRun(inSession(written), await onDisk(apart))).toEqual({ same: true, differences: [] })
})

test.each([
  ['a function of a step', 'half(o.obs_id) >', 'half(o.obs_id) >=', ['step 2 .filter(…) differs']],
  ['a function that a step calls', 'x / 2', 'x / 3', ['step 2 .filter(…) differs']],
  ['a value that a step holds', 'least: 5', 'least: 6', ['step 2 .filter(…) differs']],
  [
    'a value that two steps hold',
    "limits = { least: 5, names: ['a'",
    "limits = { least: 5, names: ['c'",
    ['step 3 .map(…) differs'],
  ],
  [
    'the topic',
    'from(openmrs.obs)',
    'from(openmrs.obs, { includeDeleted: true })',
    ['step 1 .from(…) differs'],
  ],
  [
    'the steps',
    '  .map(',
    '  .filter(o => true)\n  .map(',
    ['its steps are .from.filter.map, on disk .from.filter.filter.map'],
  ],
  ['the default of a param', "param('least', 1)", "param('least', 2)", ['its param least is 1, on disk 2']],
  [
    'the name of a param',
    "param('least', 1)",
    "param('most', 1)",
    ['its param least is not on disk', 'its param most is on disk only'],
  ],
  [
    'the output',
    "to('vitals', { key: ['obs_id'] })",
    "to('signs', { key: ['obs_id', 'kg'] })",
    ['its output is vitals, on disk signs', 'its key is obs_id, on disk obs_id, kg'],
  ],
  ['the name', "pipeline('vitals')", "pipeline('signs')", ['its name is vitals, on disk signs']],
])('told: %s differs', async (_, before, after, differences) => {
  const source = written.replace(before, after)
  expect(source).not.toBe(written)
  expect(sameAsRun(inSession(written), await onDisk(source))).toEqual({ same: false, differences })
})
