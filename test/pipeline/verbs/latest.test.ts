import { expect, test } from 'vitest'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { items, Run } from '../running.js'

test('of each key the last row remains whole, and the one before when that goes', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .groupBy(row => ({ box: row.box }))
      .latest({ by: row => row.at })
      .select('id', 'at')
      .to('out'),
  )
  expect(run.put('a', 1, { box: 1, at: 5 })).toEqual(['{"box":1} {"id":1,"at":5}'])
  expect(run.put('a', 2, { box: 1, at: 4 })).toEqual([])
  expect(run.put('a', 10, { box: 1, at: 5 })).toEqual(['{"box":1} {"id":10,"at":5}'])
  expect(run.drop('a', 10)).toEqual(['{"box":1} {"id":1,"at":5}'])
  expect(run.put('a', 1, { box: 2, at: 5 })).toEqual([
    '{"box":1} {"id":2,"at":4}',
    '{"box":2} {"id":1,"at":5}',
  ])
})
