import { expect, test } from 'vitest'
import { nearest } from '../../src/source/nearest.js'

test.each([
  ['sll', ['ssl', 'sasl', 'ca'], ['ssl', 'sasl']],
  ['encounters', ['obs', 'encounter', 'order'], ['encounter']],
  ['obs', ['dbserver1.openmrs.obs', 'dbserver1.openmrs.orders'], ['dbserver1.openmrs.obs']],
  ['Person', ['person', 'patient'], ['person']],
  ['weather', ['obs', 'encounter'], []],
])('%s is taken for a slip of the names that are near it', (name, known, expected) => {
  expect(nearest(name, known)).toEqual(expected)
})
