import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { propertyName, quoted, topicIdentifiers } from '../../src/commands/identifier.js'

describe('topicIdentifiers', () => {
  test.each<[string[], string[]]>([
    [
      ['p.openmrs.obs', 'p.openmrs.patient_identifier'],
      ['obs', 'patientIdentifier'],
    ],
    [
      ['p.db.OBS_ARCHIVE', 'p.db.PatientName', 'p.db.a__b-c'],
      ['obsArchive', 'patientName', 'aBC'],
    ],
    [
      ['p.db.class', 'p.db.topic', 'p.db.new'],
      ['classTopic', 'topicTopic', 'newTopic'],
    ],
    [
      ['p.db.2024_visits', 'p.db.données'],
      ['_2024Visits', 'données'],
    ],
    [
      ['p.eid.sample', 'p.lab.sample', 'p.lab.result'],
      ['eidSample', 'labSample', 'result'],
    ],
    [
      ['p.lab.sample', 'q.lab.sample', 'p.eid.sample'],
      ['pLabSample', 'qLabSample', 'eidSample'],
    ],
    [
      ['p.db.obs', 'p.db.Obs'],
      ['pDbObs2', 'pDbObs'],
    ],
    [
      ['p.db.obs', 'obs'],
      ['dbObs', 'obs'],
    ],
  ])('%j are %j', (topics, names) => {
    const identifiers = topicIdentifiers(topics)
    expect(topics.map(topic => identifiers.get(topic))).toEqual(names)
  })

  test('names are identifiers, one for each topic, and the same whatever the order of the topics', () => {
    const part = fc.string({
      unit: fc.constantFrom('a', 'B', '_', '1', 'é', '-'),
      minLength: 1,
      maxLength: 4,
    })
    const topics = fc.uniqueArray(
      fc.tuple(fc.constantFrom('p', 'q'), part, part).map(parts => parts.join('.')),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(topics, topics => {
        const names = topicIdentifiers(topics)
        expect(new Set(names.values()).size).toBe(topics.length)
        for (const name of names.values()) expect(name).toMatch(/^[\p{L}_][\p{L}\p{N}]*$/u)
        expect(topicIdentifiers(topics.toReversed())).toEqual(names)
      }),
      { numRuns: 300 },
    )
  })
})

test('a quoted text is that text again, in the quotes that need fewer backslashes', () => {
  expect(["it's", 'say "hi"', `both '"`].map(quoted)).toEqual([`"it's"`, `'say "hi"'`, `'both \\'"'`])
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("'", '"', '\\', 'a', '\n', '`', '\u2028') }), text => {
      expect(new Function(`return ${quoted(text)}`)()).toBe(text)
    }),
  )
})

test('a property is quoted where it is no identifier', () => {
  expect(['obs_id', '$x', 'naïve', 'class', '2nd', 'with space', ''].map(propertyName)).toEqual([
    'obs_id',
    '$x',
    'naïve',
    'class',
    "'2nd'",
    "'with space'",
    "''",
  ])
})
