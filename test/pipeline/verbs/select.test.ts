import { expect, test } from 'vitest'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { items, Run } from '../running.js'

test('rows have the named columns only, in the order named', () => {
  const run = new Run(pipeline('p').from(items('a')).select('value', 'id').to('out'))
  expect(run.put('a', 1, { value: 2 })).toEqual(['{"id":1} {"value":2,"id":1}'])
  expect(run.put('a', 1, { value: 2, note: 'not selected' })).toEqual([])
})
