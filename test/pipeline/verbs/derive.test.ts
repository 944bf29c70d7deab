import { expect, test } from 'vitest'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { items, Run } from '../running.js'

test('columns are added after those that are there, and one of the same name is replaced in its place', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .select('id', 'value')
      .derive({ half: row => (row.value ?? 0) / 2, value: row => (row.value ?? 0) + 1 })
      .to('out'),
  )
  expect(run.put('a', 1, { value: 4 })).toEqual(['{"id":1} {"id":1,"value":5,"half":2}'])
})

test('a row on which one of the functions fails is out, and which one is told', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .derive({ good: row => row.id, length: row => row.note!.length })
      .to('out'),
  )
  expect(run.put('a', 1)).toEqual([])
  expect(run.engine.setAside).toMatchObject([
    { step: '.derive({ length: … })', expression: '(row) => row.note.length', error: 'TypeError' },
  ])
})
