import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/stack/random.js'

const take = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next())

describe('Random', () => {
  test('a seed gives the same numbers on every machine', () => {
    expect(take(new Random(1), 3)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522])
    expect(new Random(1).uuid()).toBe(new Random(1).uuid())
    expect(take(new Random(2), 3)).not.toEqual(take(new Random(1), 3))
  })

  test('integers stay within their bounds and reach both', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: -50, max: 50 }), fc.nat(4), (seed, low, width) => {
        const random = new Random(seed)
        const drawn = new Set(Array.from({ length: 200 }, () => random.int(low, low + width)))
        expect(Math.min(...drawn)).toBe(low)
        expect(Math.max(...drawn)).toBe(low + width)
      }),
    )
  })

  test('weights decide how often a key is drawn, and a weight of 0 means never', () => {
    const random = new Random(3)
    const drawn = Array.from({ length: 4000 }, () => random.weighted({ often: 3, seldom: 1, never: 0 }))
    const share = drawn.filter(key => key === 'often').length / drawn.length
    expect(share).toBeGreaterThan(0.7)
    expect(share).toBeLessThan(0.8)
    expect(drawn).not.toContain('never')
  })

  test('normal numbers have the mean and deviation asked for', () => {
    const random = new Random(4)
    const drawn = Array.from({ length: 5000 }, () => random.normal(36.7, 0.5))
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length
    expect(mean).toBeCloseTo(36.7, 1)
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1)
  })

  test('uuids are version 4, and no two are the same', () => {
    const random = new Random(5)
    const drawn = Array.from({ length: 500 }, () => random.uuid())
    for (const uuid of drawn)
      expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    expect(new Set(drawn).size).toBe(500)
  })

  test('picking from nothing is an error', () => {
    expect(() => new Random(1).pick([])).toThrow(RangeError)
  })
})
