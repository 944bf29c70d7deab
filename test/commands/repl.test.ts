import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

function repl(
  input: string,
  args: string[] = [],
  cwd = '.',
): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('dist/cli.js'), 'repl', ...args], {
    input,
    cwd,
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

test('a lab is connected, obslab’s names are there, and TypeScript with await and over several lines runs', {
  timeout: 90_000,
}, () => {
  const cells = [
    'const { length } = await lab.topics()',
    'const twice = (n: number): number => {',
    '  return 2 * n',
    '}',
    'console.log(length > 10, twice(21), openmrs.obs.name)',
    'lab',
  ]
  const { code, out, err } = repl(`${cells.join('\n')}\n`)
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^true 42 obs\nLab\(.*datasets\/openmrs\)\n$/)
})

test('a cell that is not well typed is told and changes nothing; the next one runs; the exit code says so', {
  timeout: 90_000,
}, () => {
  const { code, out, err } = repl(
    'const n: number = "one"\nshow(await lab.at("obs:0:99999999"))\nshow(1 + 1)\n',
  )
  expect(err).toContain("Type 'string' is not assignable to type 'number'")
  expect(err).toContain('[offset-out-of-range]')
  expect([code, out]).toEqual([1, '2\n'])
})

test.each([
  [['-s', '/nowhere'], '.', 'recording-invalid'],
  [[], tmpdir(), 'package-missing'],
])('repl %j in %s is refused before the compiler starts: %s', (args, cwd, code) => {
  const result = repl('', args, cwd)
  expect([result.code, result.out]).toEqual([1, ''])
  expect(result.err).toContain(`[${code}]`)
})
