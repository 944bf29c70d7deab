import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

interface CruiseResult {
  summary: { violations: { from: string; to: string; rule: { name: string } }[]; totalCruised: number }
}

function cruise(folder: string): CruiseResult['summary'] {
  const args = [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
  ]
  const json = execFileSync(process.execPath, [...args, '--output-type', 'json', '--no-progress', folder], {
    maxBuffer: 64 << 20,
  })
  return (JSON.parse(json.toString()) as CruiseResult).summary
}

test('imports in src go down the layers only', () => {
  const { violations, totalCruised } = cruise('src')
  expect(violations.map(({ from, to, rule }) => `${from} → ${to}: ${rule.name}`)).toEqual([])
  expect(totalCruised).toBeGreaterThan(20)
})

test('an import upward and one across are both told', () => {
  const folder = 'test/layers/fixture/src'
  const told = cruise(folder).violations.map(({ from, to }) => `${from} → ${to}`)
  expect(told.sort()).toEqual([
    `${folder}/log/upward.ts → ${folder}/source/above.ts`,
    `${folder}/pipeline/across.ts → ${folder}/frame/beside.ts`,
  ])
})
