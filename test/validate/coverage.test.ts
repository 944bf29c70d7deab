import { expect, test } from 'vitest'
import { count } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { coverage } from '../../src/validate/coverage.js'
import { reading, readings } from './log.js'

const start = pipeline('p')
const rows = start.from(readings)
const changes = [1, 2, 3, 4].map(id => reading('c', { id, box: id % 2, value: id }, id))

const told = ({
  plan,
}: {
  plan: typeof rows extends never ? never : Parameters<typeof coverage>[0]
}): string[] => coverage(plan, changes).findings.map(({ sentence }) => sentence)

test('a pipeline all of whose branches are taken has no finding, and they are counted', () => {
  const all = rows
    .filter(row => row.id > 1)
    .groupBy(row => ({ box: row.box }))
    .aggregate({ high: count({ where: row => row.value > 2 }) })
    .to('all')
  expect(coverage(all.plan, changes)).toEqual({ branches: 3, findings: [] })
})

test('a filter that keeps every row, or none, is told with its expression', () => {
  expect(told(rows.filter(row => row.id > 0).to('x'))).toEqual([
    expect.stringMatching(/has no row that \.filter\(…\) leaves out, `.*row\.id > 0`/),
  ])
  expect(told(rows.filter(row => row.id > 9).to('x'))).toEqual([
    expect.stringMatching(/has no row that \.filter\(…\) keeps, `.*row\.id > 9`/),
  ])
})

test('a where that no row fits and a column that no row fills are told', () => {
  const groups = rows.groupBy(row => ({ box: row.box }))
  expect(told(groups.aggregate({ none: count({ where: row => row.value > 99 }) }).to('x'))).toEqual([
    expect.stringContaining('no row for none of .aggregate(…)'),
  ])
  const pivoted = groups.pivot(
    row => row.id,
    { one: 1, nine: 9 },
    { value: row => row.value, by: row => row.at },
  )
  expect(told(pivoted.to('x'))).toEqual([
    expect.stringContaining('no row for nine of .pivot(…), which stands for 9'),
  ])
})

test('sides of a join that never meet, and rows that never lack the other, are told', () => {
  const joined = (kind: 'inner' | 'left', shift: number): ReturnType<typeof told> =>
    told(
      rows
        .join(start.from(readings), { on: row => row.id, to: row => row.id + shift, kind }, row => ({
          id: row.id,
        }))
        .to('x', { key: ['id'] }),
    )
  expect(joined('inner', 100)).toEqual([expect.stringContaining('no two rows that .join(…) puts together')])
  expect(joined('left', 0)).toEqual([expect.stringContaining('no row without another in the left .join(…)')])
  expect(joined('left', 1)).toEqual([])
})

test('a branch that a row took and left again is exercised', () => {
  const all = rows.filter(row => row.value < 5).to('x')
  const passing = [...changes, reading('u', { id: 1, value: 7 }, 8), reading('u', { id: 1, value: 1 }, 9)]
  expect(coverage(all.plan, passing).findings).toEqual([])
})
