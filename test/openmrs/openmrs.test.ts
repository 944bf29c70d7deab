import { describe, expect, test } from 'vitest'
import { ChangeReader } from '../../src/change/change-reader.js'
import { isSensitive } from '../../src/change/masking.js'
import { isDeleted } from '../../src/change/topic.js'
import { openmrs } from '../../src/openmrs/openmrs.js'

describe('the topics of OpenMRS', () => {
  test.each(Object.entries(openmrs))(
    '%s has a key, says what counts as deleted, and never hides its key',
    (name, topic) => {
      const columns = topic.columns.map(column => column.name)
      expect(topic.name).toBe(name)
      expect(topic.key).toHaveLength(1)
      expect(topic.columns[0]).toMatchObject({ name: topic.key[0], kind: 'int', nullable: false })
      expect(topic.deleted).toEqual([columns.includes('retired') ? 'retired' : 'voided'])
      expect(topic.sensitive.filter(column => topic.key.includes(column))).toEqual([])
      expect(new Set(columns).size).toBe(columns.length)
    },
  )

  test('obs has its 30 columns, and who may be told by them is masked', () => {
    expect(openmrs.obs.columns).toHaveLength(30)
    expect(openmrs.obs.sensitive).toEqual([
      'accession_number',
      'value_text',
      'value_complex',
      'comments',
      'void_reason',
    ])
    expect(openmrs.person.sensitive).toContain('birthdate')
    expect(openmrs.patient_identifier.sensitive).toContain('identifier')
  })

  test('show no column that is masked without a definition, save three that hold codes and a country', () => {
    const shown = Object.values(openmrs).flatMap(topic =>
      topic.columns
        .filter(column => isSensitive(column, topic.name, null) && !isSensitive(column, topic.name, topic))
        .map(({ name }) => `${topic.name}.${name}`),
    )
    expect(shown).toEqual(['orders.fulfiller_status', 'patient.allergy_status', 'person_address.country'])
  })

  test('give a row its types where neither a schema nor the DDL is there (constructed)', () => {
    const value = {
      op: 'c',
      before: null,
      after: {
        person_id: 7,
        gender: 'F',
        birthdate: -7273,
        death_date: 1772368496000,
        birthtime: 26962000000,
        voided: 1,
      },
      source: {
        connector: 'mysql',
        db: 'openmrs',
        table: 'person',
        file: 'bin.1',
        pos: 4,
        ts_ms: 1,
        server_id: 1,
      },
    }
    const reader = new ChangeReader('dbserver1.openmrs.person', { definition: openmrs.person })
    const { change } = reader.read({
      topic: 'dbserver1.openmrs.person',
      partition: 0,
      offset: 0,
      timestamp: 0,
      key: Buffer.from('{"person_id":7}'),
      value: Buffer.from(JSON.stringify(value)),
      headers: [],
    })
    if (change.kind !== 'row' || change.after === null) throw new Error('Expected a row.')
    expect(change.key).toEqual({ person_id: 7 })
    expect(change.after).toEqual({
      person_id: 7,
      gender: 'F',
      birthdate: '1950-02-02',
      death_date: 1772368496000,
      birthtime: '07:29:22',
      voided: 1,
      cause_of_death: null,
      cause_of_death_non_coded: null,
      changed_by: null,
      creator: null,
      date_changed: null,
      date_voided: null,
      void_reason: null,
      voided_by: null,
    })
    expect(isDeleted(openmrs.person, change.after)).toBe(true)
  })
})
