import { expect, test } from 'vitest'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { items, Run } from '../running.js'

const words = pipeline('p')
  .from(items('a'))
  .flatMap(row => (row.note ?? '').split(' ').map((word, i) => ({ id: row.id, i, word })))
  .filter(row => row.word !== '')
  .to('out', { key: ['id', 'i'] })

test('a row becomes several, and those that are too many after a change are gone', () => {
  const run = new Run(words)
  expect(run.put('a', 1, { note: 'b c d' })).toHaveLength(3)
  expect(run.put('a', 1, { note: 'b x' })).toEqual([
    '{"id":1,"i":1} {"id":1,"i":1,"word":"x"}',
    '{"id":1,"i":2} gone',
  ])
  expect(run.drop('a', 1)).toHaveLength(2)
})

test('what is no list is set aside', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .flatMap(row => ({ id: row.id }) as unknown as { id: number }[])
      .to('out', { key: ['id'] }),
  )
  run.put('a', 1)
  expect(run.engine.setAside).toMatchObject([{ step: '.flatMap(…)', error: 'an object' }])
})
