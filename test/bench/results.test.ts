import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { liveResults } from './live-file.js'
import { type Machine, type Result, rates, render, times } from './results.js'

function read(name: string): string {
  return readFileSync(path.join(import.meta.dirname, name), 'utf8')
}

const results = JSON.parse(read('results.json')) as Result[]

test('RESULTS.md is what results.json, machine.json and live.json render to', () => {
  expect(render(results, JSON.parse(read('machine.json')) as Machine, liveResults())).toBe(read('RESULTS.md'))
})

test('an aim that was missed and a row that was not measured say why', () => {
  const silent = results.filter(({ ratio, aim, note }) => (ratio === null || ratio < aim) && !note)
  expect(silent.map(({ id }) => id)).toEqual([])
  expect(new Set(results.map(({ id }) => id)).size).toBe(results.length)
})

test('a ratio is above 1 when ours is better, for rates and for times', () => {
  const about = { id: 'x', work: 'x', peerName: 'y', aim: 1 }
  const ms = { ours: 50, peer: 100 }
  expect(rates({ ...about, unit: 'changes/s' }, 1000, ms)).toMatchObject({
    ours: 20_000,
    peer: 10_000,
    ratio: 2,
  })
  expect(times(about, ms)).toMatchObject({ ours: 50, peer: 100, ratio: 2, unit: 'ms' })
})
