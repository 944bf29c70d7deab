import { expect, test } from 'vitest'
import { MemoryStore, type StateCodec, stateBytes } from '../../src/pipeline/operator-state.js'

const codec: StateCodec<string> = { encode: value => value, decode: cell => cell as string }

test('the bytes of a memory grow with its entries and with what they hold', () => {
  const store = new MemoryStore()
  const [few, many, long] = [10, 1000, 10].map((entries, i) => {
    const state = store.open<string>()
    for (let id = 0; id < entries; id++) state.set(id, 'x'.repeat(i === 2 ? 1000 : 5))
    return stateBytes(state, codec)
  })
  expect(many! / few!).toBeCloseTo(100)
  expect(long! / few!).toBeGreaterThan(10)
  expect(stateBytes(store.open<string>(), codec)).toBe(0)
})
