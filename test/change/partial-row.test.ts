import { describe, expect, test } from 'vitest'
import type { ColumnType } from '../../src/change/column-type.js'
import { partialRow } from '../../src/change/partial-row.js'

const columns: readonly ColumnType[] = ['id', 'title', 'body'].map(name => ({
  name,
  kind: 'text',
  encoding: 'text',
  nullable: true,
  origin: 'connect-schema',
}))
const whole = { id: 1, title: 'Mary', body: null }
const placeholder = '__debezium_unavailable_value'

describe('a partial row (constructed: Debezium’s MySQL connector stops at one)', () => {
  test.each<[string, Parameters<typeof partialRow>, string]>([
    ['a placeholder in after', [null, { ...whole, body: placeholder }, null], 'column body'],
    ['a placeholder in before', [{ ...whole, title: placeholder }, whole, null], 'column title'],
    [
      'a placeholder in a binary column',
      [null, { ...whole, body: Buffer.from(placeholder).toString('base64') }, null],
      'column body',
    ],
    ['a before of the key alone', [{ id: 1 }, whole, null], 'found 1 and 3'],
    ['fewer columns than the schema has', [null, { id: 1, title: 'Mary' }, columns], 'the 3 columns'],
  ])('%s is refused with the setting to change, and quotes nothing', (_, given, told) => {
    const reason = partialRow(...given)
    expect(reason).toContain(told)
    expect(reason).toContain('binlog_row_image=FULL')
    expect(reason).not.toContain('Mary')
  })
})

test.each<[string, Parameters<typeof partialRow>]>([
  ['a create', [null, whole, columns]],
  ['an update', [whole, whole, columns]],
  ['a delete', [whole, null, columns]],
  ['text that speaks of the placeholder', [null, { ...whole, title: `not ${placeholder}` }, null]],
  ['a row without a schema to compare', [null, { id: 1 }, null]],
])('%s is whole', (_, given) => {
  expect(partialRow(...given)).toBeNull()
})
