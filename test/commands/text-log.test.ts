import { expect, test } from 'vitest'
import { textLog } from '../../src/commands/text-log.js'
import { FakeClock } from '../fake-clock.js'

test('on a terminal a line is time, message and what there is to know', () => {
  const lines: string[] = []
  const log = textLog({ write: line => lines.push(line), clock: new FakeClock(Date.UTC(2026, 2, 1, 10)) })
  log.info('starting', { job: 'vitals', topics: ['obs', 'person'], sink: null })
  log.info('stopped')
  log.warn('left out', { offset: 1_234_567 })
  log.error('ended', { ms: 0.5 })
  expect(lines).toEqual([
    '10:00:00  starting  job vitals, topics obs person, sink null\n',
    '10:00:00  stopped\n',
    '10:00:00  warning: left out  offset 1,234,567\n',
    '10:00:00  error: ended  ms 0.5\n',
  ])
})
