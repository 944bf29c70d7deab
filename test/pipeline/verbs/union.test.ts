import { expect, test } from 'vitest'
import { count } from '../../../src/pipeline/aggregate.js'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { rowChange } from '../legal-changes.js'
import { items, Run } from '../running.js'

const start = pipeline('p')
const both = start.from(items('a')).union(start.from(items('b')))

test('rows of two inputs with the same key are two rows', () => {
  const run = new Run(
    both
      .groupBy(row => ({ box: row.box }))
      .aggregate({ rows: count() })
      .to('out'),
  )
  run.put('a', 1, { box: 1 })
  expect(run.put('b', 1, { box: 1 })).toEqual(['{"box":1} {"box":1,"rows":2}'])
  expect(run.drop('a', 1)).toEqual(['{"box":1} {"box":1,"rows":1}'])
})

test('a truncate of one input leaves the rows of the others', () => {
  const run = new Run(both.select('id', 'box').to('out', { key: ['box'] }))
  run.put('a', 1, { box: 1 })
  run.put('b', 1, { box: 2 })
  const at = { topic: 'a', partition: 0, offset: 2, timestamp: 0 }
  expect(run.apply([{ kind: 'truncate', ...at, source: null }])).toEqual(['{"box":1} gone'])
})

test('of two rows with one key that of the lowest identity is written, whichever came first', () => {
  const run = new Run(both.select('id', 'box', 'note').to('out', { key: ['box'] }))
  run.put('b', 1, { box: 1, note: 'b' })
  expect(run.engine.findings).toEqual([])
  expect(run.put('a', 9, { box: 1, note: 'a9' })).toEqual(['{"box":1} {"id":9,"box":1,"note":"a9"}'])
  expect(run.put('a', 10, { box: 1, note: 'a10' })).toEqual([])
  expect(run.engine.findings).toMatchObject([
    { code: 'output-key-ambiguous', severity: 'warning', sentence: expect.stringContaining('p: 1 key') },
  ])
  expect(run.drop('a', 9)).toEqual(['{"box":1} {"id":10,"box":1,"note":"a10"}'])
  expect(run.drop('a', 10)).toEqual(['{"box":1} {"id":1,"box":1,"note":"b"}'])
  expect(run.engine.findings).toEqual([])
})

test('rows of one batch that end as they were give no record', () => {
  const run = new Run(both.select('id', 'box').to('out', { key: ['box'] }))
  run.put('a', 1, { box: 1 })
  const change = (box: number | null): ReturnType<typeof rowChange> =>
    rowChange({ topic: 'a', key: { id: 1 }, after: box === null ? null : { id: 1, box } })
  expect(run.apply([change(2), change(null), change(1)])).toEqual([])
})
