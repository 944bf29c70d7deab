import { expect, test } from 'vitest'
import { Running, SetAside, SetAsideRecords } from '../../src/pipeline/set-aside.js'
import { StepFailure } from '../../src/pipeline/step-failure.js'

const failure = (error: string): StepFailure =>
  StepFailure.gave('.filter(…)', null, error === 'text' ? 'text' : 1, 'Give a boolean.')

/** A step whose rows are set aside, at a record. */
function begin(): { at: (offset: number) => SetAside; records: SetAsideRecords; step: SetAside } {
  const running = new Running('p', 'set-aside')
  const records = new SetAsideRecords()
  const step = new SetAside(running, new Map(), records)
  const at = (offset: number): SetAside => {
    running.at = { topic: 't', partition: 0, offset }
    return step
  }
  return { at, records, step }
}

const offsetsOf = ({ added, healed }: ReturnType<SetAsideRecords['take']>): unknown => ({
  added: added.map(({ offset }) => offset),
  healed: healed.map(({ offset }) => offset),
})

test('a record is told once when a row of it is set aside, and once when none is any more', () => {
  const { at, records } = begin()
  at(1).failed('a', failure('text'))
  at(1).failed('b', failure('text'))
  expect(offsetsOf(records.take())).toEqual({ added: [1], healed: [] })
  at(2).passed('a')
  expect(offsetsOf(records.take())).toEqual({ added: [], healed: [] })
  at(3).passed('b')
  expect(offsetsOf(records.take())).toEqual({ added: [], healed: [1] })
  expect(offsetsOf(records.take())).toEqual({ added: [], healed: [] })
})

test('a later version that fails too takes the place of the one before', () => {
  const { at, records } = begin()
  at(1).failed('a', failure('text'))
  records.take()
  at(5).failed('a', failure('text'))
  expect(offsetsOf(records.take())).toEqual({ added: [5], healed: [1] })
})

test('what fails and succeeds between two calls is not told', () => {
  const { at, records } = begin()
  at(1).failed('a', failure('text'))
  at(2).passed('a')
  expect(offsetsOf(records.take())).toEqual({ added: [], healed: [] })
})

test('a row that fails again as it did is not told again, one that fails in another way is', () => {
  const { at, records, step } = begin()
  at(1).failed('a', failure('text'))
  records.take()
  step.failed('a', failure('text'))
  expect(offsetsOf(records.take())).toEqual({ added: [], healed: [] })
  step.failed('a', StepFailure.gave('.filter(…)', null, 1, 'Give text.'))
  expect(offsetsOf(records.take())).toEqual({ added: [1], healed: [] })
})

test('rows that were set aside before count as told, and are told when they heal or are cleared', () => {
  const before = begin()
  const rows = new Map()
  const filled = new SetAside(new Running('p', 'set-aside'), rows)
  filled.failed('x|1', failure('text'))
  expect(before.records.take()).toEqual({ added: [], healed: [] })
  const records = new SetAsideRecords()
  const step = new SetAside(new Running('p', 'set-aside'), rows, records)
  expect(records.take()).toEqual({ added: [], healed: [] })
  step.clear('x|')
  expect(records.take()).toEqual({ added: [], healed: [{ topic: '', partition: 0, offset: 0 }] })
})
