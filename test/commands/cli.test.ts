import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'obslab-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the built command line, as `npx obslab` does. */
function obslab(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...args], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  return { code: status, out: stdout, err: stderr }
}

test('--help lists every command, and each command shows examples', () => {
  const { code, out } = obslab('--help')
  expect(code).toBe(0)
  const commands = [
    'start',
    'topics',
    'stats',
    'schema',
    'transactions',
    'types',
    'validate',
    'replay',
    'tail',
    'repl',
    'record',
    'produce',
    'run',
    'export',
    'job',
    'dead-letters',
    'simulate',
    'up',
    'down',
    'status',
    'register',
    'verify',
  ]
  for (const command of commands) {
    expect(out).toContain(`  ${command} `)
    expect(obslab(command, '--help').out).toContain(`Examples:\n  obslab ${command}`)
  }
})

test('topics prints a table, and JSON lines with --json', () => {
  expect(obslab('topics').out).toMatch(/dbserver1\.openmrs\.obs +table +3 +\d+ +\d+ +2026-/)
  const lines = obslab('topics', '--json').out.trim().split('\n')
  expect(lines.map(line => JSON.parse(line).topic)).toContain('dbserver1.openmrs.obs')
})

test('replay prints counts and the current table, masked, and draws no progress where there is no terminal', () => {
  const { code, out, err } = obslab('replay', 'person_name', '--rows', '2')
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/read by a snapshot +230/)
  expect(out).toContain('•••')
  expect(out).toContain('… and ')
})

test('replay --json gives the whole table, masked unless --unmask', () => {
  const rows = (...args: string[]): Record<string, unknown>[] =>
    obslab('replay', 'person_name', '--json', ...args)
      .out.trim()
      .split('\n')
      .map(line => JSON.parse(line))
  const masked = rows()
  expect(new Set(masked.map(row => row.family_name))).toEqual(new Set(['•••']))
  const names = new Set(rows('--unmask').map(row => row.family_name))
  expect(names.size).toBeGreaterThan(10)
})

test('record writes a private folder that replays the same', () => {
  const out = join(folder, 'copy')
  expect(obslab('record', 'datasets/openmrs', out, '--topics', 'visit', 'dbserver1').code).toBe(0)
  expect(statSync(out).mode & 0o777).toBe(0o700)
  expect(obslab('replay', 'visit', '--source', out, '--json').out).toBe(
    obslab('replay', 'visit', '--json').out,
  )
})

test.each([
  [['replay', 'obz'], 1, 'Did you mean', 'topic-unknown'],
  [['replay', 'obs', '--partitions', '9'], 2, 'has no partition 9; it has 0, 1, 2', 'option-invalid'],
  [['replay', 'obs', '--from', 'yesterday'], 2, 'write it as 2026-03-01T10:00:00Z', 'option-invalid'],
  [['replay', 'obs', '--from', '-1'], 2, "found '-1'", 'option-invalid'],
  [['replay', 'obs', '--limit', '0'], 2, '--limit takes a whole number from 1 up', 'option-invalid'],
  [['replay', 'obs', '--columns', 'obs_idd'], 1, 'obs_id', 'column-unknown'],
  [['replay', 'obs', '--from', '999999999'], 1, 'ends at', 'offset-out-of-range'],
  [['topics', '--source', '/nowhere'], 1, '/nowhere', 'recording-invalid'],
  [['topics', '--source', 'src'], 1, 'src', 'recording-invalid'],
  [['topics', '--source', 'kafka://127.0.0.1:1'], 1, '127.0.0.1:1', 'broker-unreachable'],
  [['topics', '--source', 'kafka://me:secret@localhost:9092'], 2, 'OBSLAB_KAFKA_USERNAME', 'option-invalid'],
  [['replay', 'obs', '--last', 'ten'], 2, '--last takes a whole number', 'option-invalid'],
  [['simulate', 'mysql://root@127.0.0.1:1/openmrs'], 1, '127.0.0.1:1', 'database-failed'],
  [['register', '--connect', 'localhost:8083'], 2, 'expected http://host:port', 'option-invalid'],
  [['register', '--connect', 'http://127.0.0.1:1'], 1, '127.0.0.1:1', 'connect-unreachable'],
  [['register', '--file', '/nowhere.json'], 2, 'cannot be read', 'option-invalid'],
  [['register', '--file', 'package.json'], 2, 'must be JSON of the form', 'option-invalid'],
  [['verify', '--mysql', 'mysql://me:secret@localhost/x'], 2, 'OBSLAB_MYSQL_PASSWORD', 'option-invalid'],
])('%j ends with exit code %i and one sentence: %s', (args, code, told, errorCode) => {
  const result = obslab(...args)
  expect([result.code, result.out]).toEqual([code, ''])
  expect(result.err).toContain(told)
  expect(result.err.trim()).toMatch(new RegExp(`\\[${errorCode}\\]$`))
  expect(result.err).not.toContain('secret')
  expect(result.err).not.toContain('    at ')
})

test('an unknown command is told with exit code 2', () => {
  expect(obslab('replai')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining("unknown command 'replai'"),
  })
})

test('a recording is never written over, and nothing is left of one that failed', () => {
  const taken = join(folder, 'copy')
  const result = obslab('record', 'datasets/openmrs', taken)
  expect([result.code, result.err]).toEqual([1, expect.stringContaining('[recording-exists]')])
  expect(obslab('record', 'datasets/openmrs', join(folder, 'half'), '--topics', 'obz').code).toBe(1)
  expect(existsSync(join(folder, 'half'))).toBe(false)
  expect(readdirSync(folder)).toEqual(['copy'])
})
