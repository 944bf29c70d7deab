import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { jobPackages } from '../../src/export/job-packages.js'
import { lockFile } from '../../src/export/lock-file.js'
import { installedVersions, packageFile } from '../../src/export/package-file.js'
import { packedObslab } from '../../src/export/packed-obslab.js'

const json = (file: string): { version: string } & Record<string, unknown> =>
  JSON.parse(readFileSync(file, 'utf8'))
const obslab = await packedObslab()
const job = packageFile({
  name: 'vitals',
  pipeline: 'vitals',
  exportName: 'vitals',
  obslab,
  packages: { zod: '4.6.0' },
})

test('a job installs the versions that obslab is tested with, each exact', () => {
  const { runtime, development } = jobPackages
  const installed = Object.keys({ ...runtime, ...development }).map(name => [
    name,
    json(`node_modules/${name}/package.json`).version,
  ])
  expect(Object.fromEntries(installed)).toEqual({ ...runtime, ...development })
  expect(job.dependencies).toEqual({ ...runtime, obslab: `file:${obslab.file}`, zod: '4.6.0' })
})

test('the lock file has each package that a job asks for, in that version, and names no registry', async () => {
  const text = await lockFile(job, obslab)
  const { packages } = JSON.parse(text) as { packages: Record<string, Record<string, unknown>> }
  for (const [name, version] of Object.entries({ ...job.dependencies, ...job.devDependencies })) {
    if (name !== 'obslab') expect([name, packages[`node_modules/${name}`]?.version]).toEqual([name, version])
  }
  for (const [name, range] of Object.entries(obslab.manifest.dependencies)) {
    expect([name, packages[`node_modules/${name}`]?.version]).toEqual([name, range])
  }
  expect(packages['node_modules/obslab']).toMatchObject({ integrity: obslab.integrity })
  expect(text).not.toContain('"resolved": "http')
  expect(text).toBe(await lockFile(job, obslab))
})

test('the packed obslab holds what runs and no recording, and is the same bytes each time', async () => {
  expect((await packedObslab()).content.equals(obslab.content)).toBe(true)
  expect(obslab.content.length).toBeLessThan(2_000_000)
  expect(Object.keys(obslab.manifest)).not.toContain('scripts')
})

test('the version of an imported package is that of where the notebook is; one that is not there is refused', async () => {
  expect(await installedVersions(['zod'], `${process.cwd()}/notebooks`)).toEqual({
    zod: json('node_modules/zod/package.json').version,
  })
  await expect(installedVersions(['no-such-package'], process.cwd())).rejects.toMatchObject({
    code: 'export-refused',
    message: expect.stringContaining('npm install no-such-package'),
  })
})
