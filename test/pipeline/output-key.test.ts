import { expect, test } from 'vitest'
import { collect } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { items, Run } from './running.js'

const rows = pipeline('p').from(items('a'))

test('a row without a value in its key is set aside until it has one', () => {
  const run = new Run(rows.select('id', 'box').to('out', { key: ['box'] }))
  expect(run.put('a', 1)).toEqual([])
  expect(run.engine.setAside).toMatchObject([{ step: '.to(…)', expression: null, error: 'key-missing' }])
  expect(run.put('a', 1, { box: 3 })).toEqual(['{"box":3} {"id":1,"box":3}'])
  expect(run.engine.setAside).toEqual([])
  expect(run.put('a', 1)).toEqual(['{"box":3} gone'])
})

test('a list cannot be a key', () => {
  const listed = rows
    .groupBy(row => ({ box: row.box }))
    .aggregate({ all: collect(row => row.id, { by: row => row.at }) })
    .to('out', { key: ['all'] as never })
  const run = new Run(listed)
  run.put('a', 1, { box: 1 })
  expect(run.engine.setAside[0]?.reason).toContain('all is a list or an object')
  const stopping = new Run(listed, { onError: 'stop' })
  expect(() => stopping.put('a', 1, { box: 1 })).toThrow(expect.objectContaining({ code: 'key-missing' }))
})

test('a group whose key has no columns is set aside at the output', () => {
  const run = new Run(
    rows
      .groupBy(() => ({}))
      .aggregate({ all: collect(row => row.id, { by: row => row.at }) })
      .to('out'),
  )
  run.put('a', 1)
  expect(run.engine.setAside).toMatchObject([{ step: '.to(…)', error: 'key-missing' }])
})
