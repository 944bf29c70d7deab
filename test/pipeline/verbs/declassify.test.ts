import { expect, test } from 'vitest'
import { z } from 'zod'
import { topic } from '../../../src/change/topic.js'
import { pipeline, type Rows } from '../../../src/pipeline/pipeline.js'
import { sensitiveColumns } from '../../../src/pipeline/sensitivity.js'

interface Person {
  id: number
  given_name: string
  birthdate: string
}
const persons = topic<Person>('person', z.custom<Person>(), { key: ['id'] })

test('a declassified column is not sensitive from then on, and its neighbours are', () => {
  const rows: Rows<Person> = pipeline('p').from(persons)
  const { plan } = rows.declassify('birthdate').to('out')
  expect([...sensitiveColumns(plan.root, ['id', 'given_name', 'birthdate'])]).toEqual(['given_name'])
  const derived = rows
    .derive({ year: row => row.birthdate.slice(0, 4), initial: row => row.given_name[0] })
    .declassify('year')
    .to('out')
  expect([...sensitiveColumns(derived.plan.root, ['id', 'year', 'initial', 'birthdate'])]).toEqual([
    'initial',
    'birthdate',
  ])
})
