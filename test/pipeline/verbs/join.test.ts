import { expect, test } from 'vitest'
import { Engine } from '../../../src/pipeline/engine.js'
import { type Pipeline, pipeline } from '../../../src/pipeline/pipeline.js'
import { rowChange } from '../legal-changes.js'
import { type Item, items, Run } from '../running.js'

const start = pipeline('p')

function joined(kind: 'inner' | 'left'): Pipeline<object> {
  return start
    .from(items('a'))
    .join(start.from(items('b')), { on: a => a.box, to: b => b.box, kind }, (a, b) => ({
      a: a.id,
      b: b?.id ?? 0,
      value: a.value,
      note: b?.note ?? null,
    }))
    .to('out', { key: ['a', 'b'] })
}

test('an inner join has a row for each pair, and follows both sides', () => {
  const run = new Run(joined('inner'))
  expect(run.put('a', 1, { box: 7 })).toEqual([])
  expect(run.put('b', 1, { box: 7, note: 'x' })).toEqual([
    '{"a":1,"b":1} {"a":1,"b":1,"value":null,"note":"x"}',
  ])
  expect(run.put('b', 2, { box: 7, note: 'y' })).toEqual([
    '{"a":1,"b":2} {"a":1,"b":2,"value":null,"note":"y"}',
  ])
  expect(run.put('a', 1, { box: 7, value: 3 })).toHaveLength(2)
  expect(run.put('b', 1, { box: 8, note: 'x' })).toEqual(['{"a":1,"b":1} gone'])
  expect(run.put('a', 1, { box: 8, value: 3 })).toEqual([
    '{"a":1,"b":2} gone',
    '{"a":1,"b":1} {"a":1,"b":1,"value":3,"note":"x"}',
  ])
})

test('a left join keeps rows without another, and gives them up for those with one', () => {
  const run = new Run(joined('left'))
  expect(run.put('a', 1, { box: 7 })).toEqual(['{"a":1,"b":0} {"a":1,"b":0,"value":null,"note":null}'])
  expect(run.put('b', 1, { box: 7 })).toEqual([
    '{"a":1,"b":0} gone',
    '{"a":1,"b":1} {"a":1,"b":1,"value":null,"note":null}',
  ])
  expect(run.drop('b', 1)).toEqual([
    '{"a":1,"b":1} gone',
    '{"a":1,"b":0} {"a":1,"b":0,"value":null,"note":null}',
  ])
})

test('a version of a row that is the same in what the join reads goes no further', () => {
  let made = 0
  const { plan } = start
    .from(items('a'))
    .join(start.from(items('b')), { on: a => a.box, to: b => b.box, kind: 'left' }, (a, b) => {
      made++
      return { id: a.id, note: b?.note ?? null }
    })
    .to('out', { key: ['id'] })
  const engine = new Engine(plan)
  const put = (topic: string, row: Partial<Item>): void => {
    const after = { id: 1, box: 7, at: null, value: null, note: null, voided: 0, ...row }
    engine.apply([rowChange({ topic, key: { id: 1 }, after })])
  }
  put('b', { note: 'x' })
  put('a', {})
  expect(made).toBe(1)
  put('a', { value: 3 })
  put('b', { note: 'x', value: 3 })
  expect(made).toBe(1)
  put('b', { note: 'y', value: 3 })
  expect(made).toBe(2)
})

test('a null equals nothing, not even a null, and 1 is not the text of 1', () => {
  const run = new Run(
    start
      .from(items('a'))
      .join(start.from(items('b')), { on: a => a.note, to: b => b.box }, a => ({ id: a.id }))
      .to('out', { key: ['id'] }),
  )
  run.put('a', 1)
  run.put('a', 2, { note: '1' })
  expect(run.put('b', 1)).toEqual([])
  expect(run.put('b', 2, { box: 1 })).toEqual([])
})

test('rows may have several columns in common', () => {
  const run = new Run(
    start
      .from(items('a'))
      .join(start.from(items('b')), { on: a => [a.box, a.note], to: b => [b.box, b.note] }, (a, b) => ({
        a: a.id,
        b: b.id,
      }))
      .to('out', { key: ['a', 'b'] }),
  )
  run.put('a', 1, { box: 1, note: 'x' })
  run.put('a', 2, { box: 1 })
  expect(run.put('b', 1, { box: 1, note: 'y' })).toEqual([])
  expect(run.put('b', 1, { box: 1, note: 'x' })).toEqual(['{"a":1,"b":1} {"a":1,"b":1}'])
})

test('a side without its key function and rows of something else are refused', () => {
  const rows = start.from(items('a'))
  expect(() => rows.join(rows, { on: (row: Item) => row.id } as never, row => row as object)).toThrow(
    'has no keys',
  )
  expect(() => rows.join(items('b') as never, { on: r => r.id, to: () => 1 }, row => row)).toThrow(
    "Expected rows of a pipeline, such as pipeline('…').from(topic); found an object.",
  )
  expect(() => rows.join(rows, { on: r => r.id, to: r => r.id, kind: 'outer' as 'left' }, r => r)).toThrow(
    "A join is 'inner' or 'left'; found 'outer'.",
  )
})

test('a key that is no value sets its row aside', () => {
  const run = new Run(
    start
      .from(items('a'))
      .join(start.from(items('b')), { on: a => new Date(a.id) as never, to: b => b.id }, a => ({ id: a.id }))
      .to('out', { key: ['id'] }),
  )
  run.put('a', 1)
  expect(run.engine.setAside).toMatchObject([{ step: '.join(…)', error: 'an object' }])
  run.drop('a', 1)
  expect(run.engine.setAside).toEqual([])
})
