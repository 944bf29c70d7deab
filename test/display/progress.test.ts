import { expect, test } from 'vitest'
import { progressBar } from '../../src/display/progress.js'

function terminal(isTTY: boolean): {
  isTTY: boolean
  columns: number
  written: string[]
  write(text: string): boolean
} {
  const written: string[] = []
  return { isTTY, columns: 80, written, write: text => written.push(text) > 0 }
}

test('a bar shows how much is done, of how much, and how fast', () => {
  const stream = terminal(true)
  let now = 0
  const bar = progressBar('obs', { stream, clock: { now: () => now, sleep: () => Promise.resolve() } })
  now = 1_000
  bar.update(500, 2_000)
  expect(stream.written.at(-1)).toBe('\robs ██████░░░░░░░░░░░░░░░░░░ 500 of 2,000 records · 500/s\u001b[K')
  now = 2_000
  bar.update(2_000, 2_000)
  bar.end()
  expect(stream.written.slice(-2)).toEqual([
    '\robs ████████████████████████ 2,000 records · 1,000/s\u001b[K',
    '\n',
  ])
})

test('a bar is drawn at most ten times a second', () => {
  const stream = terminal(true)
  let now = 0
  const bar = progressBar('obs', { stream, clock: { now: () => now, sleep: () => Promise.resolve() } })
  for (let i = 0; i < 1_000; i++) {
    now = i
    bar.update(i, 1_000)
  }
  expect(stream.written.length).toBe(10)
})

test('nothing is written to what is not a terminal', () => {
  const stream = terminal(false)
  const bar = progressBar('obs', { stream })
  bar.update(1, 2)
  bar.end()
  expect(stream.written).toEqual([])
})
