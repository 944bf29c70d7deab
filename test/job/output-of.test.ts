import { expect, test } from 'vitest'
import { outputOf } from '../../src/job/output-of.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { count } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'

const visits = pipeline('visits')
  .from(openmrs.visit)
  .groupBy(visit => ({ location_id: visit.location_id as number }))
  .aggregate({ visits: count() })
  .to('visits')

const change = (offset: number, op: string, visit_id: number, location_id: number): string =>
  JSON.stringify({
    ...{ topic: 'visit', partition: 0, offset, op },
    key: { visit_id },
    after: op === 'd' ? null : { visit_id, location_id, voided: 0 },
  })

test('the output is what the changes leave, in the order of the keys', () => {
  const changes = [
    change(0, 'c', 1, 9),
    change(1, 'c', 2, 10),
    change(2, 'u', 2, 9),
    change(3, 'c', 3, 8),
    change(4, 'd', 3, 8),
  ]
  expect(outputOf(visits, `${changes.slice(0, 2).join('\n')}\n`)).toBe(
    '{"key":{"location_id":10},"row":{"location_id":10,"visits":1}}\n' +
      '{"key":{"location_id":9},"row":{"location_id":9,"visits":1}}\n',
  )
  expect(outputOf(visits, changes.join('\n'))).toBe(
    '{"key":{"location_id":9},"row":{"location_id":9,"visits":2}}\n',
  )
  expect(outputOf(visits, '')).toBe('')
})

test.each([
  ['{"secret', 'Line 2'],
  ['{"topic":"obs","op":"c"}', 'visits reads'],
  ['[1]', 'expected a change'],
])('a line that is no change of its topics, %s, is told by its number and not repeated', (line, told) => {
  const run = (): string => outputOf(visits, `${change(0, 'c', 1, 9)}\n${line}\n`)
  expect(run).toThrow(told)
  expect(run).not.toThrow('secret')
})

test('a row that a function fails on is an error', () => {
  const failing = pipeline('failing')
    .from(openmrs.visit)
    .derive({
      uuid: visit => visit.uuid!.toUpperCase(),
    })
    .to('failing')
  expect(() => outputOf(failing, change(0, 'c', 1, 9))).toThrow(
    expect.objectContaining({ code: 'pipeline-failed' }),
  )
})
