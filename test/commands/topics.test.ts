import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

function obslab(...args: string[]): { code: number | null; out: string; err: string } {
  const env = { ...process.env, OBSLAB_KAFKA_URL: '' }
  Reflect.deleteProperty(env, 'OBSLAB_KAFKA_URL')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', 'topics', ...args], {
    encoding: 'utf8',
    env,
  })
  return { code: status, out: stdout, err: stderr }
}

test('without a subcommand the topics are listed, whatever options there are', () => {
  expect(obslab().out).toContain('dbserver1.openmrs.obs')
  expect(obslab('--source', 'datasets/openmrs', '--json').out).toContain('"topic":"dbserver1.openmrs.obs"')
})

test.each([
  [['create', 'notes'], 2, 'No Kafka address given'],
  [['delete', 'notes', '--yes', '-s', 'datasets/openmrs'], 2, 'Expected a Kafka URL'],
  [['delete', 'notes', '-s', 'kafka://127.0.0.1:1'], 1, 'No broker answered at 127.0.0.1:1'],
  [['create', 'notes', '--config', 'cleanup.policy', '-s', 'kafka://127.0.0.1:1'], 2, 'name=value'],
  [['create', 'notes', '--partitions', 'three', '-s', 'kafka://127.0.0.1:1'], 2, '--partitions takes'],
])('topics %j ends with exit code %i: %s', (args, code, told) => {
  const result = obslab(...args)
  expect([result.code, result.out]).toEqual([code, ''])
  expect(result.err).toContain(told)
})

test.each([
  [
    ['stats', 'obs', '-s', 'datasets/openmrs-schemas', '--limit', '50'],
    /obs: 50 records, .*\n.*distinct keys/,
  ],
  [['schema', 'obs', '-s', 'datasets/openmrs-schemas'], /2 versions of its columns.*schema-change topic/],
  [
    ['schema', 'obs', '-s', 'datasets/openmrs-schemas', '--columns', '1'],
    /value_complex +VARCHAR\(255\) +text/,
  ],
  [['transactions', '-s', 'datasets/openmrs-schemas'], /:155 +complete +1 +1 +0/],
  [['transactions', '156', '-s', 'datasets/openmrs-schemas', '--json'], /^{"order":1,"op":"c",/],
])('%j prints what lab gives', (args, told) => {
  const { status, stdout } = spawnSync(process.execPath, ['dist/cli.js', ...args], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stdout).toMatch(told)
})
