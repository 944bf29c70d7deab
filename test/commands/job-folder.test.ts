import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadPipeline } from '../../src/commands/job-file.js'
import { locateJob } from '../../src/commands/job-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-job-folder-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A job as it is exported, in JavaScript, with another pipeline beside its own. */
function exported(name: string, manifest: object): string {
  const job = join(folder, name)
  mkdirSync(join(job, 'src'), { recursive: true })
  const root = "{ verb: 'from', topic: 'visit', key: ['visit_id'], deleted: [], sensitive: [], columns: [] }"
  const plan = (name: string): string =>
    `export const ${name} = { plan: { name: '${name}', output: '${name}', key: null, root: ${root} } }`
  writeFileSync(join(job, 'src', 'visits.mjs'), [plan('visits'), plan('other')].join('\n'))
  writeFileSync(join(job, 'package.json'), JSON.stringify(manifest))
  return job
}

test('the folder of an exported job gives the pipeline that its package.json names', async () => {
  const job = exported('visits', { obslab: { pipeline: 'src/visits.mjs', export: 'visits' } })
  expect((await loadPipeline(job)).plan.name).toBe('visits')
  expect((await loadPipeline(job, 'other')).plan.name).toBe('other')
})

test.each([
  [{ name: 'plain' }, 'is not one: its package.json does not say "obslab"'],
  [{ obslab: { pipeline: 'src/gone.ts', export: 'x' } }, 'names src/gone.ts, and there is no such file'],
])('a folder whose package.json is %j is refused: %s', async (manifest, told) => {
  const refused = { code: 'job-file-invalid', message: expect.stringContaining(told) }
  await expect(locateJob(exported('other', manifest))).rejects.toMatchObject(refused)
})
