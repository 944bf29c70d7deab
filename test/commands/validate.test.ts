import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

/** A user's folder: nothing of obslab's is beside it. */
const folder = mkdtempSync(join(tmpdir(), 'obslab-validate-command-'))
afterAll(() => rmSync(folder, { recursive: true }))

const cli = join(process.cwd(), 'dist/cli.js')
const recording = join(process.cwd(), 'datasets/openmrs-schemas')

function validate(...args: string[]): { code: number | null; out: string; err: string } {
  const options = { encoding: 'utf8', cwd: folder, maxBuffer: 64 << 20 } as const
  const all = [cli, 'validate', ...args, '--source', recording]
  const { status, stdout, stderr } = spawnSync('node', all, options)
  return { code: status, out: stdout, err: stderr }
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return name
}

const imports = "import { connect, count, openmrs, pipeline, show, validate } from 'obslab'\n"
const counted = (where: string): string =>
  `pipeline('counted').from(openmrs.visit).groupBy(v => ({ patient_id: v.patient_id })).aggregate({ visits: count({ where: v => ${where} }), all: count() }).to('counted')`

test('a sound pipeline is told in a few lines, with exit code 0, and nothing is written', () => {
  const { code, out, err } = validate(
    file('sound.ts', `${imports}export const counted = ${counted('v.location_id === 1')}`),
  )
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^counted: 61 changes, \d+ rows\. Kept up change by change, every row equals/)
  expect(existsSync(join(folder, 'obslab.golden'))).toBe(false)
})

test('an unsound one ends with exit code 1 and its findings, as JSON too, with the seed asked for', () => {
  file('unsound.ts', `${imports}export const counted = ${counted('v.date_started < Date.now()')}`)
  expect(validate('unsound.ts')).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^error: `Date\.now\(\)` .* \[function-clock\]$/m),
  })
  const { code, out } = validate('unsound.ts', '--json', '--seed', '42')
  const result = JSON.parse(out)
  expect([code, result.ok, result.seed, result.pipeline]).toEqual([1, false, 42, 'counted'])
  expect(result.report.map(({ check }: { check: string }) => check)).toContain('interleavings')
})

test('an output is accepted, and a later one that differs is told row by row and accepted anew', () => {
  file('first.ts', `${imports}export const counted = ${counted('v.location_id === 1')}`)
  file('second.ts', `${imports}export const counted = ${counted('v.location_id === 2')}`)
  const accepted = validate('first.ts', '--accept', '--golden', 'accepted')
  expect([accepted.code, accepted.err]).toEqual([
    0,
    expect.stringContaining('Accepted: accepted/counted.jsonl'),
  ])
  expect(statSync(join(folder, 'accepted/counted.jsonl')).mode & 0o777).toBe(0o600)
  expect(validate('first.ts', '--golden', 'accepted').code).toBe(0)
  const differs = validate('second.ts', '--golden', 'accepted')
  expect([differs.code, differs.out]).toEqual([1, expect.stringContaining('[golden-different]')])
  expect(differs.out).toMatch(/_difference +patient_id/)
  expect(validate('second.ts', '--golden', 'accepted', '--accept').code).toBe(0)
  expect(validate('second.ts', '--golden', 'accepted').code).toBe(0)
})

test('a pipeline of a notebook is validated from its declarations, beside cells that show and await', () => {
  const cells = [
    `${imports}const lab = await connect()\nconst place = 1`,
    'const obs = await lab.replay(openmrs.obs)\nconst many = obs.current().length\nshow(obs)',
    `const counted = ${counted('v.location_id === place')}\nshow(await validate(counted, lab))`,
    "const lost = pipeline('lost').from(openmrs.visit).filter(v => v.visit_id < many).to('lost')",
  ].map(source => ({ cell_type: 'code', source }))
  file('book.ipynb', JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }))
  expect(validate('book.ipynb')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^counted: 61 changes/),
  })
  expect(validate('book.ipynb', 'lost')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(
      /but cell 4 makes it of many, and cell 2 makes it of obs, and cell 2 awaits its value/,
    ),
  })
})

test('the smallest failing input is written where it is asked for', () => {
  file('failing.ts', `${imports}let calls = 0\nexport const counted = ${counted('calls++ % 2 === 0')}`)
  const { code, err } = validate('failing.ts', '--fixture', 'failing.json')
  expect(code).toBe(1)
  expect(err).toContain('The failing input is in failing.json')
  expect(JSON.parse(readFileSync(join(folder, 'failing.json'), 'utf8')).changes.length).toBeLessThan(5)
})

test.each([
  [['nowhere.ts'], 1, 'job-file-invalid'],
  [['sound.ts', '--seed', 'x'], 2, 'option-invalid'],
  [['sound.ts', '--sample', '0'], 2, 'option-invalid'],
])('%j ends with exit code %i [%s]', (args, exitCode, errorCode) => {
  const { code, err } = validate(...args)
  expect([code, err.trim()]).toEqual([exitCode, expect.stringMatching(new RegExp(`\\[${errorCode}\\]$`))])
})
