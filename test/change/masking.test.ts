import { expect, test } from 'vitest'
import type { ColumnKind } from '../../src/change/column-type.js'
import { isSensitive, type Masking, mask, maskText } from '../../src/change/masking.js'

test('a masked value says nothing of the value, not even its length; null stays null', () => {
  expect(['Mary', '', 1, 1n, true, Uint8Array.of(1)].map(mask)).toEqual(Array(6).fill(maskText))
  expect(mask(null)).toBeNull()
})

const sensitiveOf = (
  names: readonly string[],
  definition: Masking | null,
  { topic = 'db.openmrs.any', kind = 'text' }: { topic?: string; kind?: ColumnKind | undefined } = {},
): readonly string[] => names.filter(name => isSensitive({ name, kind }, topic, definition))

test.each([null, { sensitive: [] }])(
  'what OpenMRS names as a person’s is sensitive, defined (%j) or not',
  definition => {
    const people =
      'given_name GIVEN_NAME givenName FamilyName2 birthdate address7 value_text phone_number void_reason username ' +
      'password salt secret_question secret_answer non_coded_allergen condition_non_coded diagnosis_non_coded ' +
      'clinical_history dosing_instructions hl7_data value value_reference comment text reason message note notes'
    expect(sensitiveOf(people.split(' '), definition).join(' ')).toBe(people)
    expect(sensitiveOf(['uuid', 'gender', 'locale'], definition)).toEqual([])
  },
)

test('a name is sensitive whatever it holds; a value or a note is shown where it holds a number', () => {
  const names = ['birthdate', 'latitude', 'value', 'notes', 'patients']
  for (const kind of ['int', 'bigint', 'double', 'decimal', 'boolean'] as const)
    expect(sensitiveOf(names, null, { kind })).toEqual(['birthdate', 'latitude'])
})

test('free text of a topic without a definition is sensitive unless it is a code or of the dictionary', () => {
  for (const kind of ['text', 'json', 'bytes', undefined] as const)
    expect(isSensitive({ name: 'remembered_as', kind }, 'db.openmrs.any', null)).toBe(true)
  for (const kind of ['int', 'double', 'datetime', 'date'] as const)
    expect(isSensitive({ name: 'remembered_as', kind }, 'db.openmrs.any', null)).toBe(false)
  expect(sensitiveOf(['name', 'gender'], null)).toEqual(['name'])
  expect(sensitiveOf(['name', 'city_village'], null, { topic: 'db.openmrs.location' })).toEqual([
    'city_village',
  ])
})

test('a definition adds to what is sensitive in any case, and shows only what it declassifies', () => {
  const columns = ['nickName', 'given_name', 'city_village', 'Other']
  expect(sensitiveOf(columns, { sensitive: ['nickName'] })).toEqual([
    'nickName',
    'given_name',
    'city_village',
  ])
  expect(sensitiveOf(columns, { sensitive: ['other'], declassified: ['cityVillage'] })).toEqual([
    'given_name',
    'Other',
  ])
  expect(sensitiveOf(['uuid'], { sensitive: ['uuid'], declassified: ['uuid'] })).toEqual(['uuid'])
})
