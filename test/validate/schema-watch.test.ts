import { expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
import type { Value } from '../../src/change/column-type.js'
import { SchemaWatch } from '../../src/validate/schema-watch.js'
import { reading } from './log.js'

const columns = new Map([['readings', new Set(['id', 'value'])]])

function watched(...rows: (Value | undefined)[]): string[][] {
  const watch = new SchemaWatch('p', columns)
  rows.forEach((value, i) => {
    const change = reading('c', { id: i }, i + 1) as Extract<Change, { kind: 'row' }>
    const { value: _, ...rest } = change.after!
    watch.add({ ...change, after: value === undefined ? rest : { ...rest, value } })
  })
  return watch.findings().map(({ code, severity, sentence }) => [code, severity, sentence])
}

test('columns that are in every row and of one type are no finding, nulls or not', () => {
  expect(watched(1, null, 2.5)).toEqual([])
})

test('a column that rows have no longer is an error that says from where on', () => {
  expect(watched(1, 2, undefined, undefined)).toEqual([
    ['column-gone', 'error', expect.stringContaining('rows have no longer, from readings:0:3 on')],
  ])
})

test('a column that older rows lack is a warning', () => {
  expect(watched(undefined, undefined, 3)).toEqual([
    ['column-lacking', 'warning', expect.stringContaining('rows up to readings:0:2 do not have')],
  ])
})

test('a column that became another type is a warning that says where', () => {
  expect(watched(1, null, '7.90')).toEqual([
    [
      'column-type-changed',
      'warning',
      expect.stringContaining('was number and is string from readings:0:3 on'),
    ],
  ])
})

test('a column of which the kind became another is told, though its values look the same', () => {
  const watch = new SchemaWatch('p', columns)
  const change = reading('c', { id: 1 }, 5)
  watch.add(change as never)
  const type = { name: 'value', encoding: 'number', nullable: true, origin: 'inferred' } as const
  watch.types('readings', [{ ...type, kind: 'int' }], change)
  watch.types('readings', [{ ...type, kind: 'datetime' }], change)
  expect(watch.findings()[0]?.sentence).toContain('was int and is datetime from readings:0:5 on')
})
