import { expect, test } from 'vitest'
import { jsonLog } from '../../src/job/log.js'

test('a line is one JSON object with level, time, message and fields', () => {
  const lines: string[] = []
  const clock = { now: () => Date.UTC(2026, 2, 1, 10), sleep: async () => {} }
  const log = jsonLog({ write: line => lines.push(line), clock })
  log.info('starting', { job: 'vitals', topics: ['obs'] })
  log.warn('two\nlines')
  log.error('ended', { offset: 7 })
  expect(lines).toEqual([
    '{"level":"info","time":"2026-03-01T10:00:00.000Z","message":"starting","job":"vitals","topics":["obs"]}\n',
    '{"level":"warn","time":"2026-03-01T10:00:00.000Z","message":"two\\nlines"}\n',
    '{"level":"error","time":"2026-03-01T10:00:00.000Z","message":"ended","offset":7}\n',
  ])
})
