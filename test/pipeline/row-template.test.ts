import { expect, test } from 'vitest'
import { RowTemplate } from '../../src/pipeline/row-template.js'

test('a row has the columns of its key, then the others as null, also when keys have other columns', () => {
  const template = new RowTemplate(['x', 'y'])
  const first = template.row({ a: 1 })
  first.x = 5
  expect(JSON.stringify(template.row({ a: 2 }))).toBe('{"a":2,"x":null,"y":null}')
  expect(JSON.stringify(template.row({ b: 3 }))).toBe('{"b":3,"x":null,"y":null}')
  expect(JSON.stringify(first)).toBe('{"a":1,"x":5,"y":null}')
})
