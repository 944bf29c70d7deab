import { expect, test } from 'vitest'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { items, Run } from '../running.js'

test('a row leaves when the test is no longer true for it, and comes back when it is', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .filter(row => (row.value ?? 0) > 5)
      .select('id', 'value')
      .to('out'),
  )
  expect(run.put('a', 1, { value: 6 })).toEqual(['{"id":1} {"id":1,"value":6}'])
  expect(run.put('a', 1, { value: 5 })).toEqual(['{"id":1} gone'])
  expect(run.put('a', 1, { value: 7 })).toEqual(['{"id":1} {"id":1,"value":7}'])
  expect(run.put('a', 2, { value: 1 })).toEqual([])
})

test('an asynchronous test is refused, for a Promise is true whatever it comes to', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .filter((async () => false) as unknown as () => boolean)
      .to('out'),
  )
  expect(run.put('a', 1)).toEqual([])
  expect(run.engine.setAside).toMatchObject([
    { topic: 'a', step: '.filter(…)', error: 'a Promise', expression: 'async () => false' },
  ])
})
