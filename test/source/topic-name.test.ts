import { describe, expect, test } from 'vitest'
import { nearestNames, resolveTopic, unknownTopic } from '../../src/source/topic-name.js'

const names = [
  'dbserver1',
  'dbserver1.openmrs.concept',
  'dbserver1.openmrs.encounter',
  'dbserver1.openmrs.obs',
  'dbserver1.openmrs.obs_relationship',
  'dbserver1.openmrs.orders',
  'other.openmrs.orders',
]

describe('a topic may be given by', () => {
  test.each([
    ['dbserver1.openmrs.obs', 'dbserver1.openmrs.obs'],
    ['openmrs.obs', 'dbserver1.openmrs.obs'],
    ['obs', 'dbserver1.openmrs.obs'],
    ['encounter', 'dbserver1.openmrs.encounter'],
    ['dbserver1', 'dbserver1'],
    ['other.openmrs.orders', 'other.openmrs.orders'],
  ])('%s', (short, topic) => {
    expect(resolveTopic(names, short)).toBe(topic)
  })
})

test('an end that fits several topics is an error that lists them', () => {
  expect(() => resolveTopic(names, 'orders')).toThrow(expect.objectContaining({ code: 'topic-ambiguous' }))
  expect(() => resolveTopic(names, 'orders')).toThrow('dbserver1.openmrs.orders, other.openmrs.orders')
})

test('an unknown name is an error that lists the nearest', () => {
  expect(() => resolveTopic(names, 'obz')).toThrow(expect.objectContaining({ code: 'topic-unknown' }))
  expect(() => resolveTopic(names, 'obz')).toThrow('Did you mean dbserver1.openmrs.obs?')
  expect(() => resolveTopic(names, 'bs')).toThrow(expect.objectContaining({ code: 'topic-unknown' }))
})

test.each([
  ['encuonter', ['dbserver1.openmrs.encounter']],
  ['dbserver1.openmrs.ob', ['dbserver1.openmrs.obs', 'dbserver1.openmrs.obs_relationship']],
  ['dbserver1.openmrs.concpet', ['dbserver1.openmrs.concept']],
  ['OBS', ['dbserver1.openmrs.obs', 'dbserver1.openmrs.obs_relationship']],
  ['medication_dispense', []],
])('near %s are %j', (name, expected) => {
  expect(nearestNames(name, names).slice(0, Math.max(1, expected.length))).toEqual(expected)
})

test('without a name nearby the error lists what is there, or says that nothing is', () => {
  expect(unknownTopic('medication_dispense', names).message).toContain(
    'There are dbserver1, dbserver1.openmrs.concept',
  )
  expect(unknownTopic('obs', []).message).toContain('There is no topic at all.')
})
