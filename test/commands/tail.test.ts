import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { tailLine } from '../../src/commands/tail.js'
import { connect } from '../../src/lab.js'

function obslab(...args: string[]): { code: number | null; out: string[]; err: string } {
  const run = spawnSync(process.execPath, ['dist/cli.js', 'tail', ...args], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  return { code: run.status, out: run.stdout.split('\n').filter(line => line !== ''), err: run.stderr }
}

test('a recorded topic is printed one line a change, masked, and nothing else', () => {
  const { code, out, err } = obslab('person_name', '--speed', 'Infinity', '--limit', '100')
  expect([code, err, out.length]).toEqual([0, '', 100])
  for (const line of out) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\S+Z {2}[crud] {2}person_name_id \d+ {2}/)
  expect(out.join('\n')).toContain('family_name •••')
})

test('--json prints the same changes as JSON lines, masked unless --unmask', () => {
  const args = ['person_name', '--from-beginning', '--speed', 'Infinity', '--limit', '50', '--json']
  const masked = obslab(...args).out.map(line => JSON.parse(line))
  const names = obslab(...args, '--unmask').out.map(line => JSON.parse(line).after.family_name)
  expect(new Set(masked.map(({ after }) => after.family_name))).toEqual(new Set(['•••']))
  expect(new Set(names).size).toBeGreaterThan(5)
})

test('--keys prints the key as its JSON with partition and offset', () => {
  const { out } = obslab('obs', '--keys', '--speed', 'Infinity', '--limit', '20', '--columns', 'concept_id')
  for (const line of out)
    expect(line).toMatch(/^[012]:\d+ {2}\{"obs_id":\d+\} {2}\S+Z {2}r {2}concept_id \d+$/)
})

test('Ctrl-C ends it with exit code 0, after whole lines', async () => {
  const child = spawn(process.execPath, ['dist/cli.js', 'tail', 'visit', '--json', '--speed', '0.5'])
  const chunks: Buffer[] = []
  child.stdout.on('data', chunk => chunks.push(chunk))
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  const lines = Buffer.concat(chunks).toString().split('\n')
  expect(lines.pop()).toBe('')
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('op')
})

test('a reader that has enough, as head has, is no error', () => {
  const { status, stdout } = spawnSync(
    'sh',
    ['-c', 'set -e; "$0" dist/cli.js tail obs --speed Infinity | head -n 2', process.execPath],
    { encoding: 'utf8' },
  )
  expect([status, stdout.trim().split('\n').length]).toEqual([0, 2])
})

test.each([
  [['obs', '--speed', '-1'], 2, '--speed takes a number above 0'],
  [['obs', '--from-beginning', '--from', '3'], 2, 'not both'],
  [['obs', '--from', 'yesterday'], 2, 'write it as 2026-03-01T10:00:00Z'],
  [['obz'], 1, 'Did you mean'],
])('%j ends with exit code %i: %s', (args, code, told) => {
  const result = obslab(...args)
  expect([result.code, result.out]).toEqual([code, []])
  expect(result.err).toContain(told)
})

test('on a terminal a line is cut to its width, and what was done has a colour', async () => {
  const lab = await connect()
  const tail = await lab.tail('obs', { speed: Number.POSITIVE_INFINITY, limit: 1 })
  for await (const change of tail) {
    const style = { keys: false, unmask: false, width: 60, color: false }
    expect(tailLine(change, style)).toHaveLength(60)
    expect(tailLine(change, style)).toMatch(/…$/)
    const full = tailLine(change, { ...style, width: Number.POSITIVE_INFINITY })
    expect(full).toBe(change.line())
  }
  await lab.close()
})
