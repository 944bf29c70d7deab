import { expect, test } from 'vitest'
import { mask, maskRow, maskText, sensitiveColumns } from '../../src/change/masking.js'

test('a masked value says nothing of the value, not even its length; null stays null', () => {
  expect(['Mary', '', 1, 1n, true, Uint8Array.of(1)].map(mask)).toEqual(Array(6).fill(maskText))
  expect(mask(null)).toBeNull()
})

test('a row is masked in its sensitive columns, and the row given stays as it is', () => {
  const row = { id: 1, given_name: 'Mary', middle_name: null }
  expect(maskRow(row, ['given_name', 'middle_name', 'absent'])).toEqual({
    id: 1,
    given_name: maskText,
    middle_name: null,
  })
  expect(row.given_name).toBe('Mary')
})

test('a definition decides what is sensitive; without one OpenMRS’s names do', () => {
  const columns = ['person_id', 'uuid', 'GIVEN_NAME', 'birthdate', 'value_text', 'address7', 'value_numeric']
  expect(sensitiveColumns(columns, null)).toEqual(['GIVEN_NAME', 'birthdate', 'value_text', 'address7'])
  expect(sensitiveColumns(columns, { sensitive: ['uuid'] })).toEqual(['uuid'])
  expect(sensitiveColumns(columns, { sensitive: [] })).toEqual([])
})
