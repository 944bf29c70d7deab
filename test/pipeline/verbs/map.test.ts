import { expect, test } from 'vitest'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { type Item, items, Run } from '../running.js'

test('each row becomes another under the same key, with undefined as null', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .map(row => ({ twice: (row.value ?? 0) * 2, none: undefined, list: [row.note] }))
      .to('out'),
  )
  expect(run.put('a', 1, { value: 2, note: 'x' })).toEqual(['{"id":1} {"twice":4,"none":null,"list":["x"]}'])
  expect(run.drop('a', 1)).toEqual(['{"id":1} gone'])
})

test.each<[string, (row: Item) => unknown]>([
  ['a Promise', async row => row],
  ['null', () => null],
  ['a number', row => row.id],
  ['an array', row => [row]],
  ['an object', row => ({ at: new Date(row.id) })],
  ['an object', () => new Map()],
  ['a function', row => ({ later: () => row.id })],
])('what gives %s instead of a row is set aside until it gives one', (error, map) => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .map(row => (row.value === 1 ? (map(row) as object) : { id: row.id }))
      .to('out'),
  )
  run.put('a', 1)
  expect(run.put('a', 1, { value: 1 })).toEqual(['{"id":1} gone'])
  expect(run.engine.setAside).toMatchObject([{ step: '.map(…)', error }])
  expect(run.put('a', 1, { value: 2 })).toEqual(['{"id":1} {"id":1}'])
  expect(run.engine.setAside).toEqual([])
})
