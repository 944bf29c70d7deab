import { expect, test } from 'vitest'
import { count } from '../../../src/pipeline/aggregate.js'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { items, Run } from '../running.js'

const hour = 3_600_000

test.each([
  [0, {}, 0],
  [hour - 0.001, {}, 0],
  [hour, {}, hour],
  [-1, {}, -hour],
  [hour, { offset: '15min' as const }, hour / 4],
])('a time of %d ms with %o falls into the window that begins at %d', (at, options, begin) => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .window(row => row.at, { size: '1h', ...options })
      .select('window_start', 'window_end')
      .to('out'),
  )
  expect(run.put('a', 1, { at })).toEqual([`{"id":1} {"window_start":${begin},"window_end":${begin + hour}}`])
})

test('a late change corrects the window that its row belonged to and the one it belongs to', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .window(row => row.at, { size: hour })
      .groupBy(row => ({ window_start: row.window_start }))
      .aggregate({ rows: count() })
      .to('out'),
  )
  run.put('a', 1, { at: 0 })
  run.put('a', 2, { at: hour })
  expect(run.put('a', 1, { at: hour })).toEqual([
    '{"window_start":0} gone',
    `{"window_start":${hour}} {"window_start":${hour},"rows":2}`,
  ])
  expect(run.put('a', 1)).toEqual([`{"window_start":${hour}} {"window_start":${hour},"rows":1}`])
})

test('what is no time is set aside', () => {
  const run = new Run(
    pipeline('p')
      .from(items('a'))
      .window(() => '2026-01-01' as unknown as number, { size: '1d' })
      .to('out'),
  )
  run.put('a', 1)
  expect(run.engine.setAside).toMatchObject([{ step: '.window(…)', error: 'a string' }])
})

test.each([0, -1, '1 day', 'd', undefined, Number.NaN])('a window of the size %s is refused', size => {
  const rows = pipeline('p').from(items('a'))
  expect(() => rows.window(row => row.at, { size: size as number })).toThrow(/window/)
})
