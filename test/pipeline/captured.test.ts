import { expect, test } from 'vitest'
import { Captured } from '../../src/pipeline/captured.js'

const outside = { list: [1, 2] }
let counter = 1

function numberOf(concept: number): (row: { id: number }) => boolean {
  return row => row.id === concept && outside.list.length > counter
}

test('the values that a function took from outside are read as they are now, objects themselves', () => {
  const given = numberOf(5089)
  const captured = Captured.of(given, ['concept', 'outside', 'counter', 'Math', 'nothing'])
  expect(captured.get('concept')).toBe(5089)
  expect(captured.get('outside')).toBe(outside)
  expect([captured.has('Math'), captured.has('nothing')]).toEqual([false, false])
  counter = 2
  expect(Captured.of(given, ['counter']).get('counter')).toBe(2)
})

test.each([
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2n ** 70n,
  '😀',
  null,
  undefined,
  true,
  Symbol.iterator,
])('the value %s comes through', value => {
  const given = (): unknown => value
  expect(Captured.of(given, ['value']).get('value')).toBe(value)
})

test('of two names that are alike, the inner one is meant', () => {
  const name = 'outer'
  const given = (
    (name: string) => () =>
      name
  )('inner')
  expect([name, Captured.of(given, ['name']).get('name')]).toEqual(['outer', 'inner'])
})
