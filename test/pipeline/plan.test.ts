import { expect, test } from 'vitest'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { planTopics, renameTopics, stepsOf } from '../../src/pipeline/plan.js'
import { items } from './running.js'

const p = pipeline('p')
const shared = p.from(items('a')).filter(row => row.id > 1)
const { plan } = shared
  .join(p.from(items('b')), { on: row => row.box, to: row => row.id }, row => row)
  .union(shared)
  .to('out', { key: ['id'] })

test('every step has a name of its own, also one that is used twice, after those that give it its rows', () => {
  expect(stepsOf(plan.root).map(({ name }) => name)).toEqual([
    '0:from',
    '1:filter',
    '2:from',
    '3:join',
    '4:from',
    '5:filter',
    '6:union',
  ])
})

test('a topic is read once, and every place that names it is renamed', () => {
  const renamed = renameTopics(plan, topic => `clinic.${topic}`)
  expect(planTopics(renamed.root).map(({ topic }) => topic)).toEqual(['clinic.a', 'clinic.b'])
  expect(stepsOf(renamed.root).filter(({ node }) => node.verb === 'from')).toHaveLength(3)
})
