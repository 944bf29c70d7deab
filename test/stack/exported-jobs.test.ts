import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { outputLines } from '../../src/job/output-of.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-exported-'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = promisify(execFile)
/** Milliseconds for installing, exporting and building on a slow machine. */
const patience = 600_000

describe.each([
  ['notebooks/05-vitals.ipynb', 'vitals', 'notebooks/05-vitals.ipynb'],
  ['notebooks/06-flat-obs.ipynb', 'flatObs', 'test/stack/jobs/flat-obs.ts'],
  ['test/stack/jobs/hiv-summary.ts', 'hivSummary', 'test/stack/jobs/hiv-summary.ts'],
])('the job exported from %s, %s,', (file, name, previewed) => {
  const job = join(folder, name)
  const npm = async (...args: string[]): Promise<string> => (await run('npm', args, { cwd: job })).stdout

  test(
    'installs, passes its test and the strict compiler, and builds, on its own',
    async () => {
      await run(process.execPath, ['dist/cli.js', 'export', file, name, '--out', job])
      await npm('ci', '--no-audit', '--no-fund')
      await npm('test')
      await npm('run', 'typecheck')
      await npm('run', 'build')
    },
    patience,
  )

  test(
    'gives, built and run on the recording, the rows that the preview shows',
    async () => {
      const rows = join(folder, `${name}.jsonl`)
      const settings = [
        '--source',
        'datasets/openmrs',
        '--to',
        rows,
        '--state',
        join(folder, `${name}-state`),
      ]
      const { status, stderr } = spawnSync(process.execPath, [join(job, 'dist/main.js'), ...settings])
      expect([status, String(stderr)]).toEqual([0, expect.stringContaining('"stopped"')])
      const { stdout } = await run(process.execPath, ['dist/cli.js', 'run', previewed], {
        maxBuffer: 1 << 28,
      })
      expect(sorted(readFileSync(rows, 'utf8'))).toBe(sorted(stdout))
    },
    patience,
  )

  test(
    'is the same bytes when it is exported again',
    async () => {
      const before = readFileSync(join(job, 'provenance.json'))
      const { stdout } = await run(process.execPath, [
        'dist/cli.js',
        'export',
        file,
        name,
        '--out',
        job,
        '--json',
      ])
      expect(JSON.parse(stdout)).toMatchObject({ changed: [], forced: [] })
      expect(readFileSync(join(job, 'provenance.json')).equals(before)).toBe(true)
    },
    patience,
  )
})

/** Lines of JSON as what they leave, in the order of the keys. */
function sorted(lines: string): string {
  const parts = lines
    .trimEnd()
    .split('\n')
    .map(line => {
      const middle = line.indexOf('},"row":') + 1
      return [line.slice('{"key":'.length, middle), line.slice(middle + ',"row":'.length, -1)] as const
    })
  return outputLines(new Map(parts))
}
