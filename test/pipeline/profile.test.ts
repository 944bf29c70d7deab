import { expect, test } from 'vitest'
import { count } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { items, Run } from './running.js'

const counted = pipeline('p')
  .from(items('a'))
  .filter(row => row.box !== null)
  .groupBy(row => ({ box: row.box }))
  .aggregate({ rows: count() })
  .to('out')

test('a profile has the rows, the time and the memory of each operator, and nobody’s time twice', () => {
  let now = 0
  const run = new Run(counted, { profile: { now: () => now++ } })
  run.put('a', 1, { box: 1 })
  run.put('a', 2, { box: 1 })
  run.put('a', 3)
  const profile = run.engine.profile()
  expect(profile.map(({ operator, rows, entries }) => [operator, rows, entries])).toEqual([
    ['0:from', 0, 0],
    ['1:filter', 3, 0],
    ['2:aggregate', 3, 2],
    ['3:to', 2, 1],
  ])
  expect(profile.find(({ operator }) => operator === '2:aggregate')?.bytes).toBeGreaterThan(80)
  expect(profile.reduce((sum, { ms }) => sum + ms, 0)).toBeLessThan(now)
  expect(profile.filter(({ ms }) => ms > 0).map(({ operator }) => operator)).toEqual([
    '1:filter',
    '2:aggregate',
    '3:to',
  ])
})

test('without being asked for there is none', () => {
  const run = new Run(counted)
  run.put('a', 1, { box: 1 })
  expect(run.engine.profile()).toEqual([])
})
