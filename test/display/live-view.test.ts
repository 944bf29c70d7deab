import { expect, test } from 'vitest'
import { type Bundle, LiveView } from '../../src/display/live-view.js'
import { FakeClock } from '../fake-clock.js'

function display(): {
  shown: Bundle[]
  here: Bundle[]
  show(data: Bundle): void
  showHere(data: Bundle): void
} {
  const shown: Bundle[] = []
  const here: Bundle[] = []
  return { shown, here, show: data => shown.push(data), showHere: data => here.push(data) }
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

test('it is drawn at once, then at most five times a second however often it changes', async () => {
  const clock = new FakeClock(0)
  const cell = display()
  let drawn = 0
  const view = new LiveView(cell, () => ({ 'text/plain': `${++drawn}` }), clock)
  expect(cell.shown).toEqual([{ 'text/plain': '1' }])
  await turns(50)
  const passed = clock.now() / 1000
  view.stop()
  expect(passed).toBeGreaterThan(1)
  expect(cell.shown.length).toBeLessThanOrEqual(Math.floor(passed * 5) + 2)
})

test('what looks the same is not drawn again', async () => {
  const cell = display()
  const view = new LiveView(cell, () => ({ 'text/plain': 'same' }), new FakeClock())
  await turns(20)
  view.stop()
  expect(cell.shown).toHaveLength(1)
})

test('stop draws the last picture and leaves no timer', async () => {
  const clock = new FakeClock()
  const cell = display()
  let state = 'following'
  const view = new LiveView(cell, () => ({ 'text/plain': state }), clock)
  state = 'stopped'
  view.stop()
  expect(cell.shown.at(-1)).toEqual({ 'text/plain': 'stopped' })
  await turns(5)
  const slept = clock.slept.length
  state = 'something else'
  await turns(20)
  expect([clock.slept.length, cell.shown.at(-1)]).toEqual([slept, { 'text/plain': 'stopped' }])
})

test('it can be shown in another cell, also after it was stopped', () => {
  const cell = display()
  const view = new LiveView(cell, () => ({ 'text/plain': 'here' }), new FakeClock())
  view.stop()
  view.showHere()
  expect(cell.here).toEqual([{ 'text/plain': 'here' }])
})
