import { expect, test } from 'vitest'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { items, Run } from '../running.js'

const pivoted = pipeline('p')
  .from(items('a'))
  .groupBy(row => ({ box: row.box }))
  .pivot(row => row.note, { weight: 'w', height: 'h' }, { value: row => row.value, by: row => row.at })
  .to('out')

test('each column holds the value of its last row, in the order of by and not of arrival', () => {
  const run = new Run(pivoted)
  expect(run.put('a', 1, { box: 1, note: 'w', value: 60, at: 2 })).toEqual([
    '{"box":1} {"box":1,"weight":60,"height":null}',
  ])
  expect(run.put('a', 2, { box: 1, note: 'w', value: 50, at: 1 })).toEqual([])
  expect(run.put('a', 3, { box: 1, note: 'h', value: 170, at: 1 })).toEqual([
    '{"box":1} {"box":1,"weight":60,"height":170}',
  ])
  expect(run.drop('a', 1)).toEqual(['{"box":1} {"box":1,"weight":50,"height":170}'])
})

test('a row for no column makes its group exist all the same', () => {
  const run = new Run(pivoted)
  expect(run.put('a', 1, { box: 1, note: 'other', value: 1 })).toEqual([
    '{"box":1} {"box":1,"weight":null,"height":null}',
  ])
})
