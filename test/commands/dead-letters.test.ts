import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DeadLetter } from '../../src/job/dead-letter.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-dead-letters-'))
afterAll(() => rmSync(folder, { recursive: true }))

function obslab(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...args], {
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

/** A job over patients' names that throws on those with one of these ids. */
function job(name: string, failing: string): string {
  const file = join(folder, name)
  writeFileSync(
    file,
    `import { openmrs, pipeline } from 'obslab/job'
     const failing = [${failing}]
     export const names = pipeline('names').from(openmrs.person_name)
       .filter(n => { if (failing.includes(n.person_name_id)) throw new Error('name ' + n.family_name); return true })
       .select('person_name_id', 'family_name').to('names')`,
  )
  return file
}

const rows = join(folder, 'rows.jsonl')
const list = (...args: string[]) => obslab('dead-letters', 'list', 'names', '--source', rows, ...args)
const lettersOf = (out: string): DeadLetter[] =>
  out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

beforeAll(() => {
  const { code, err } = obslab('run', job('failing.ts', '3, 5'), '--to', rows)
  expect([code, err]).toEqual([0, expect.stringContaining('"deadLetters":2')])
})

test('a row that a function throws on is listed with place, step and reason, and masked', () => {
  const letters = lettersOf(list('--json').out)
  expect(letters).toMatchObject([
    { job: 'names', topic: 'dbserver1.openmrs.person_name', partition: 0, step: '.filter(…)' },
    { job: 'names', topic: 'dbserver1.openmrs.person_name', partition: 0, step: '.filter(…)' },
  ])
  expect(letters.map(({ view }) => JSON.parse(view!).person_name_id).sort()).toEqual([3, 5])
  expect(letters[0]!.offset).toBeLessThan(letters[1]!.offset)
  expect(JSON.parse(letters[0]!.view!).family_name).toBe('•••')
  const { code, out } = list()
  expect(code).toBe(0)
  const [{ offset, at, reason }] = letters as [DeadLetter]
  const head = `dbserver1.openmrs.person_name:0:${offset}  .filter(…)  ${new Date(at).toISOString()}\n  ${reason}\n`
  expect(out.slice(0, head.length)).toBe(head)
  expect(out).toMatch(/\n\n2 dead letters\.\n$/)
})

test('replay tells what still fails, with exit code 1, and what was healed is listed no more', {
  timeout: 120_000,
}, () => {
  const replay = (file: string) => obslab('dead-letters', 'replay', file, '--to', rows)
  expect(replay(join(folder, 'failing.ts'))).toMatchObject({
    code: 1,
    out: 'names: 0 healed, 2 still failing.\n',
  })
  expect(lettersOf(list('--json').out)).toHaveLength(2)
  expect(replay(job('better.ts', '5'))).toMatchObject({ code: 1 })
  expect(lettersOf(list('--json').out).map(({ view }) => JSON.parse(view!).person_name_id)).toEqual([5])
  expect(replay(job('good.ts', '')).code).toBe(0)
  expect(list()).toEqual({ code: 0, out: 'There are no dead letters.\n', err: '' })
})

test.each([
  [['list', 'names'], 2, "required option '-s, --source <where>'"],
  [['list', 'obss', '--source', 'datasets/openmrs'], 1, 'topic-unknown'],
  [['list', 'names', '--source', 'mysql://me:secret@localhost/x'], 2, 'OBSLAB_MYSQL_PASSWORD'],
  [['list', 'names', '--source', 'mysql://me@127.0.0.1:1/x'], 1, 'database-failed'],
  [['replay', 'test/stack/jobs/vitals.ts'], 2, 'name the output by --to'],
])('dead-letters %j is told with exit code %i: %s', (args, code, told) => {
  const result = obslab('dead-letters', ...args)
  expect([result.code, result.out]).toEqual([code, ''])
  expect(result.err).toContain(told)
  expect(result.err).not.toContain('secret')
})

test('an output without dead letters has none', () => {
  expect(obslab('dead-letters', 'list', 'dbserver1.openmrs.visit', '--source', 'datasets/openmrs').out).toBe(
    'There are no dead letters.\n',
  )
})
