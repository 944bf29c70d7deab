import { expect, test } from 'vitest'
import { Handover } from '../src/handover.js'

test('values come in order, each when the one before was taken', async () => {
  const handover = new Handover<number>()
  const log: string[] = []
  const giving = (async () => {
    for (let i = 0; i < 3; i++) {
      await handover.put(i)
      log.push(`given ${i}`)
    }
  })()
  for (let i = 0; i < 3; i++) {
    await new Promise(resolve => setImmediate(resolve))
    expect(log).toHaveLength(i)
    expect(await handover.take()).toBe(i)
  }
  await giving
})

test('a taker that waits gets undefined when it is closed, and so does every later one', async () => {
  const handover = new Handover<number>()
  const waiting = handover.take()
  handover.close()
  expect(await waiting).toBeUndefined()
  expect(await handover.take()).toBeUndefined()
})

test('a giver is not held up by one who takes no more', async () => {
  const handover = new Handover<number>()
  const given = handover.put(1)
  handover.close()
  await given
  await handover.put(2)
  expect(await handover.take()).toBeUndefined()
})
