import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { parseTime } from '../../src/source/time.js'

test.each<[string, string | undefined]>([
  ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ['2026-03-01T10:20', '2026-03-01T10:20:00.000Z'],
  ['2026-03-01T10:20:30', '2026-03-01T10:20:30.000Z'],
  ['2026-11-22 18:09:23.700', '2026-11-22T18:09:23.700Z'],
  ['2026-11-22 18:09:23.7001', '2026-11-22T18:09:23.701Z'],
  ['2026-03-01T10:20:30Z', '2026-03-01T10:20:30.000Z'],
  ['2026-03-01T10:20:30+01:00', '2026-03-01T09:20:30.000Z'],
  ['2026-03-01T00:20-0530', '2026-03-01T05:50:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['2026-02-29', undefined],
  ['2026-13-01', undefined],
  ['2026-03-01T24:00', undefined],
  ['2026-03-01T10', undefined],
  ['2026-03', undefined],
  ['-1', undefined],
  ['7', undefined],
  ['banana 7', undefined],
  ['March 1, 2026', undefined],
  ['', undefined],
])('the text %j is the time %s', (text, expected) => {
  const time = parseTime(text)
  expect(time === undefined ? undefined : new Date(time).toISOString()).toBe(expected)
})

test('a time without a zone is UTC wherever the process runs', () => {
  const module = new URL('../../dist/source/time.js', import.meta.url).href
  const program = `import { parseTime } from '${module}'
    console.log(new Date(2026, 0).getTimezoneOffset(), parseTime('2026-11-22 18:09:23.700'))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'Asia/Kolkata' },
  })
  expect(stdout.trim()).toBe(`-330 ${Date.UTC(2026, 10, 22, 18, 9, 23, 700)}`)
})
