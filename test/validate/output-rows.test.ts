import { expect, test } from 'vitest'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { last } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { OutputRows } from '../../src/validate/output-rows.js'

const { plan } = pipeline('comments')
  .from(openmrs.obs)
  .groupBy(obs => ({ person_id: obs.person_id }))
  .aggregate({ comment: last(obs => obs.comments, { by: obs => obs.obs_datetime }) })
  .to('comments')

test('the last row of each key stays, tombstones take rows away, and rows are ordered by key', () => {
  const rows = new OutputRows()
  const put = (person_id: number, comment: string) => ({ key: { person_id }, row: { person_id, comment } })
  rows.add([put(10, 'a'), put(9, 'b'), put(8, 'c')])
  rows.add([put(10, 'd'), { key: { person_id: 8 }, row: null }])
  const frame = rows.frame(plan, new Map())
  expect(frame.rows()).toEqual([
    { person_id: 9, comment: 'b' },
    { person_id: 10, comment: 'd' },
  ])
  expect(frame.columns.map(({ sensitive }) => sensitive)).toEqual([false, true])
})
