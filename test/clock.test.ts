import { expect, test } from 'vitest'
import { systemClock } from '../src/clock.js'

test('a sleep until a moment that has passed is over at once, without a warning of Node', async () => {
  const warnings: string[] = []
  const note = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', note)
  await systemClock.sleep(-0.6)
  await new Promise(setImmediate)
  process.off('warning', note)
  expect(warnings).toEqual([])
})

test('a sleep that is aborted rejects with the reason, before or while it lasts', async () => {
  const controller = new AbortController()
  const sleep = systemClock.sleep(60_000, controller.signal)
  controller.abort(new Error('enough'))
  await expect(sleep).rejects.toThrow('enough')
  await expect(systemClock.sleep(60_000, controller.signal)).rejects.toThrow('enough')
})
