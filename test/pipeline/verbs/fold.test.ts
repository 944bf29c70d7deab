import { expect, test } from 'vitest'
import type { Cell } from '../../../src/pipeline/cell.js'
import {
  MemoryStore,
  type OperatorState,
  type StateCodec,
  type StateName,
} from '../../../src/pipeline/operator-state.js'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import type { RowId } from '../../../src/pipeline/row-identity.js'
import { rowChange } from '../legal-changes.js'
import { items, Run } from '../running.js'

let steps = 0
const totals = pipeline('p')
  .from(items('a'))
  .groupBy(row => ({ box: row.box }))
  .fold({
    by: row => row.at,
    start: { total: 0, note: null as string | null },
    step(state, row) {
      steps++
      if (row.value === -1) throw new RangeError('a value')
      return { total: row.value === null ? 0 : state.total + row.value, note: row.note ?? state.note }
    },
    emit: (state, row) => ({ id: row.id, total: state.total, note: state.note }),
  })
  .to('out')

test('each row has what follows from those before it, and a late one changes those after it', () => {
  const run = new Run(totals)
  expect(run.put('a', 1, { box: 1, at: 1, value: 5, note: 'x' })).toEqual([
    '{"id":1} {"id":1,"total":5,"note":"x"}',
  ])
  expect(run.put('a', 2, { box: 1, at: 3, value: 2 })).toEqual(['{"id":2} {"id":2,"total":7,"note":"x"}'])
  expect(run.put('a', 3, { box: 1, at: 2, value: 1, note: 'y' })).toEqual([
    '{"id":3} {"id":3,"total":6,"note":"y"}',
    '{"id":2} {"id":2,"total":8,"note":"y"}',
  ])
  expect(run.drop('a', 1)).toEqual([
    '{"id":1} gone',
    '{"id":3} {"id":3,"total":1,"note":"y"}',
    '{"id":2} {"id":2,"total":3,"note":"y"}',
  ])
  expect(run.put('a', 3, { box: 2, at: 2, value: 1 })).toEqual([
    '{"id":3} {"id":3,"total":1,"note":null}',
    '{"id":2} {"id":2,"total":2,"note":null}',
  ])
})

test('rows after the one whose state is what it was are not computed again', () => {
  const run = new Run(totals)
  const rows = Array.from({ length: 1000 }, (_, id) => ({
    id,
    box: 1,
    at: id,
    value: 1,
    note: 'x',
    voided: 0,
  }))
  const changed = { ...rows[500]!, value: null }
  run.apply([...rows, changed].map(row => rowChange({ topic: 'a', key: { id: row.id }, after: row })))
  steps = 0
  run.engine.apply([rowChange({ topic: 'a', key: { id: 499 }, after: { ...rows[499]!, value: 7 } })])
  expect(run.engine.flush()).toHaveLength(1)
  expect(steps).toBe(2)
})

test('a row that fails leaves the state as it was, is set aside, and counts when it succeeds', () => {
  const run = new Run(totals)
  run.put('a', 1, { box: 1, at: 1, value: 5 })
  run.put('a', 2, { box: 1, at: 2, value: -1 })
  expect(run.put('a', 3, { box: 1, at: 3, value: 1 })).toEqual(['{"id":3} {"id":3,"total":6,"note":null}'])
  expect(run.engine.setAside).toMatchObject([{ step: '.fold(…)', error: 'RangeError', offset: 1 }])
  expect(run.put('a', 2, { box: 1, at: 2, value: 2 })).toHaveLength(2)
  expect(run.engine.setAside).toEqual([])
})

test('a state that a function changes in place is refused', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .groupBy(row => ({ box: row.box }))
      .fold({
        by: row => row.at,
        start: [] as number[],
        step(state, row) {
          state.push(row.id)
          return state
        },
        emit: state => ({ ids: state }),
      })
      .to('out'),
  )
  expect(run.put('a', 1, { box: 1 })).toEqual([])
  expect(run.engine.setAside).toMatchObject([{ step: '.fold(…)', error: 'TypeError' }])
})

/** Tells what an engine remembers. */
class ToldStore extends MemoryStore {
  readonly #told: (() => [string, Cell[]])[] = []

  override open<V>(name?: StateName, codec?: StateCodec<V>): OperatorState<V> {
    const memory = super.open<V>()
    this.#told.push(() => [
      name!.operator,
      Array.from(memory.entries(), ([, value]: [RowId, V]) => codec!.encode(value)),
    ])
    return memory
  }

  of(operator: string): Cell[] {
    return this.#told.map(tell => tell()).find(([name]) => name === operator)![1]
  }
}

test('of a row only the columns are remembered that are folded', () => {
  const state = new ToldStore()
  const run = new Run(totals, { state })
  run.put('a', 1, { box: 1, at: 2, value: 5, note: 'x' })
  const at = ['a', 0, 0]
  expect(state.of('1:fold/rows')).toEqual([[{ box: 1 }, [2, { value: 5, note: 'x', id: 1 }, at]]])
})
